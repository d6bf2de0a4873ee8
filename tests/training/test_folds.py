"""Cross-validation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import tagger
from tagger.errors import CorpusError, Interrupted, UsageError
from tagger.evaluation.predictions import score_file
from tagger.training.folds import cross_validate
from tests.helpers.commands import assert_one_line
from tests.helpers.corpora import small_config
from tests.helpers.interrupts import Stop


@pytest.fixture
def sentences(tmp_path: Path) -> Path:
    """Eight sentences, of which two are equal."""
    names = ["Mary", "John", "Anna", "Paul", "Lisa", "Tom", "Tom"]
    lines = [f"{name}\tB-PER\nlives\tO\nin\tO\nParis\tB-LOC\n.\tO\n\n" for name in names]
    path = tmp_path / "people.tsv"
    path.write_text("".join(lines) + "Yes\tO\n")
    return path


def test_each_sentence_is_tagged_once_by_a_model_that_has_not_seen_it(
    sentences: Path, tmp_path: Path
) -> None:
    config = small_config(epochs=1)
    found = cross_validate(sentences, tmp_path / "f", folds=3, heads=["ner"], config=config)
    gold = list(tagger.read(sentences))
    assert found.pooled.n_sentences == len(gold)
    lines = found.predictions.read_text().split("\n\n")[:-1]
    assert [part.splitlines()[0].split("\t")[0] for part in lines] == [g.tokens[0] for g in gold]
    assert score_file(found.predictions).spans["tags"] == found.pooled.spans["ner"]
    assert len(found.folds) == 3
    assert found.mean("ner") == pytest.approx(sum(fold["ner"] for fold in found.folds) / 3)
    for number in (1, 2, 3):
        folder = tmp_path / "f" / f"fold-{number}"
        held_out = {tuple(one.tokens) for one in tagger.read(folder / "test.jsonl")}
        learned = {tuple(one.tokens) for one in tagger.read(folder / "train.jsonl")}
        assert held_out
        assert not held_out & learned
    scores = json.loads((tmp_path / "f" / "folds.json").read_text())
    assert scores["folds"] == list(found.folds)


def test_a_stopped_one_resumes(sentences: Path, tmp_path: Path) -> None:
    config = small_config(epochs=2)
    whole = cross_validate(sentences, tmp_path / "a", folds=2, heads=["ner"], config=config)
    with pytest.raises(Interrupted) as caught:
        cross_validate(
            sentences, tmp_path / "b", folds=2, heads=["ner"], config=config, reporter=Stop(1)
        )
    assert "{resume=True}" in str(caught.value.hint)
    again = cross_validate(
        sentences, tmp_path / "b", folds=2, heads=["ner"], config=config, resume=True
    )
    assert again.folds == whole.folds
    assert again.predictions.read_bytes() == whole.predictions.read_bytes()


def test_bad_requests(run, sentences: Path, tmp_path: Path) -> None:
    output = tmp_path / "o"
    for folds, word in (("1", "folds"), ("40", "--folds")):
        result = run("train", sentences, "--folds", folds, "-o", output)
        assert_one_line(result, 2, word)
    assert_one_line(run("train", sentences, sentences, "--folds", "2"), 2, "one corpus")
    with pytest.raises(UsageError):
        cross_validate(sentences, output, folds=0)
    lonely = tmp_path / "lonely.tsv"
    lonely.write_text("Mary\tB-PER\nsleeps\tO\n\nIt\tO\nrains\tO\n\nIt\tO\nsnows\tO\n")
    with pytest.raises(CorpusError, match="no entity"):
        cross_validate(lonely, output, folds=3)
    assert not output.exists()
