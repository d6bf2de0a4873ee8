"""Corpora and configurations for ``spacy train``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import spacy
from spacy.tokens import DocBin

from tagger.errors import UsageError
from tagger.integrations.spacy.project import annotated, init_spacy
from tagger.model.heads import HeadSpec
from tests.helpers.commands import assert_one_line
from tests.helpers.pipelines import (
    TEXT,
    entities,
)


def test_init_spacy_writes_what_spacy_trains_on(run, corpus: Path, tmp_path: Path) -> None:
    result = run("init-spacy", corpus, "-o", tmp_path / "p", "--heads", "ner,upos")
    assert result.code == 0, result.err
    assert "python -m spacy train" in result.out
    docs = list(
        DocBin().from_disk(tmp_path / "p" / "train.spacy").get_docs(spacy.blank("en").vocab)
    )
    assert entities(docs[0]) == [("John", "PER"), ("Apple", "ORG"), ("California", "LOC")]
    assert docs[0][0].pos_ == "PROPN"
    assert all(len(list(doc.sents)) == 1 for doc in docs)


def test_existing_files_and_those_that_are_read_are_kept(run, corpus: Path, tmp_path: Path) -> None:
    run("init-spacy", corpus, "-o", tmp_path / "p")
    again = run("init-spacy", corpus, "-o", tmp_path / "p")
    assert_one_line(again, 2, "config.cfg: exists", "--force")
    mine = tmp_path / "p" / "train.spacy"
    before = mine.read_bytes()
    (tmp_path / "p" / "config.cfg").unlink()
    assert_one_line(run("init-spacy", corpus, "-o", tmp_path / "p"), 2, "train.spacy: exists")
    for source in (mine, tmp_path / "p"):
        same = run("init-spacy", source, "-o", tmp_path / "p", "--force")
        assert_one_line(same, 2, "is also read")
    assert mine.read_bytes() == before


def test_tags_that_spacy_does_not_know_are_refused(tmp_path: Path) -> None:
    odd = tmp_path / "odd.jsonl"
    odd.write_text('{"tokens": ["Ann", "left"], "upos": ["EIGEN", "VERB"]}\n' * 3)
    with pytest.raises(UsageError, match="EIGEN") as caught:
        init_spacy(str(odd), tmp_path / "q", heads=["upos"])
    assert caught.value.path == str(odd)
    assert "PROPN" in caught.value.expected


def test_a_language_that_spacy_does_not_know_is_refused(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="klingon") as caught:
        init_spacy(str(corpus), tmp_path / "q", language="klingon")
    assert caught.value.hint


def test_unknown_tags_stay_unknown() -> None:
    row = {
        "tokens": ["Ann", "left", "Rome"],
        "ner": ["B-PER", "O", None],
        "upos": ["PROPN", None, "PROPN"],
    }
    heads = [
        HeadSpec(
            name="ner", kind="span", decoder="crf", tags=("O", "B-PER", "I-PER"), scheme="BIO"
        ),
        HeadSpec(name="upos", kind="token", decoder="softmax", tags=("PROPN", "VERB")),
    ]
    [doc] = annotated(spacy.blank("en").vocab, [row], heads)
    assert [token.ent_iob_ for token in doc] == ["B", "O", ""]
    assert [token.pos_ for token in doc] == ["PROPN", "", "PROPN"]


@pytest.mark.slow
def test_spacy_train(run, corpus: Path, tmp_path: Path) -> None:
    run("init-spacy", corpus, "-o", tmp_path, "--heads", "ner,upos")
    command = [sys.executable, "-m", "spacy", "train", str(tmp_path / "config.cfg"), "-o"]
    options = ["--training.max_steps", "60", "--training.eval_frequency", "30"]
    subprocess.run([*command, str(tmp_path / "out"), *options], check=True, capture_output=True)
    assert spacy.load(tmp_path / "out" / "model-best")(TEXT).has_annotation("ENT_IOB")
