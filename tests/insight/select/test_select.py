"""The sentences that are most worth annotating."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tagger
from tagger.errors import UsageError
from tagger.insight.select.ranking import REPEATED, Unsure, choose, doubts, most_unsure
from tests.helpers.commands import assert_one_line

FORMS = st.sampled_from("abcdef")
POOLS = st.lists(st.dictionaries(FORMS, st.floats(0.01, 1)), max_size=8).map(
    lambda pool: [Unsure(i, one, None) for i, one in enumerate(pool)]
)


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    path = tmp_path / "texts.txt"
    path.write_text(
        "Mary lives in Paris .\nMary lives in Paris .\nBoth of them went home today .\n"
        "Zyx Quorl visited Blarg and Frobnitz .\nYes .\n"
    )
    return path


def test_doubt_counts_a_span_once() -> None:
    probs = np.array([0.9, 0.6, 0.6, 0.999])
    found = doubts(["In", "New", "York", "."], probs, [(1, 3)])
    assert found == {"in": pytest.approx(0.1), "new": pytest.approx(0.4)}


@given(POOLS, st.integers(1, 8))
def test_choice_is_greedy(pool: list[Unsure], n: int) -> None:
    n_chosen: Counter[str] = Counter()
    left = [one for one in pool if one.doubts]
    for one in choose(pool, n):
        best = max(other.score(n_chosen) for other in left)
        assert one.score(n_chosen) == pytest.approx(best)
        left.remove(one)
        n_chosen.update(one.doubts.keys())
    assert len(left) == max(sum(bool(one.doubts) for one in pool) - n, 0)


def test_what_was_chosen_counts_less() -> None:
    pool = [Unsure(0, {"a": 0.5}, None), Unsure(1, {"a": 0.4}, None), Unsure(2, {"b": 0.3}, None)]
    assert [one.number for one in choose(pool, 3)] == [0, 2, 1]
    assert pool[1].score(Counter("a")) == 0.4 * REPEATED
    assert [one.number for one in most_unsure(pool, 2)] == [0, 1]


def test_files_hold_the_suggestions(model: Path, texts: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    selected = tagger.select(texts, output, model=model, n=2, target_format="prodigy")
    assert selected.n_sentences == 5
    records = [json.loads(line) for line in output.read_text().splitlines()]
    assert [record["text"] for record in records] == [one.text for one in selected.sentences]
    assert all("spans" in record for record in records)
    assert selected.sentences[0].score >= selected.sentences[-1].score / 2
    again = tagger.read(output)
    assert len(again) == len(selected.sentences)


def test_every_format_of_spans_is_written(model: Path, texts: Path, tmp_path: Path) -> None:
    for name in ("text", "conll", "doccano", "labelstudio", "spacy", "brat"):
        selected = tagger.select(texts, tmp_path / name, model=model, n=1, target_format=name)
        assert (tmp_path / name).exists()
        assert len(selected.sentences) == 1


def test_command(run, model: Path, texts: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    command = ("select", texts, "-m", model, "-o", output, "--to", "prodigy")
    result = run(*command, "-n", "1")
    assert result.code == 0, result
    assert f"1 of 5 sentences written to {output}" in result.out
    assert_one_line(run(*command), 2, str(output), "--force")
    assert "leave no doubt" in run(*command, "--force", "-n", "100").out
    found = json.loads(run(*command, "--force", "--json").out)
    assert found["head"] == "ner"


def test_bad_input(run, model: Path, texts: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.txt"
    empty.write_text("\n")
    output = tmp_path / "o.conll"
    for arguments, code, word in (
        ((texts, "-n", "0"), 2, "0 sentences"),
        ((texts, "--head", "upos"), 2, "upos"),
        ((texts, "--to", "none"), 2, "none"),
        ((tmp_path / "nosuch.txt",), 1, "nosuch.txt"),
        ((empty,), 2, "empty.txt"),
    ):
        assert_one_line(run("select", *arguments, "-m", model, "-o", output), code, word)
        assert not output.exists()
    with pytest.raises(UsageError):
        tagger.select([], output)


def test_a_sentence_that_is_too_long_is_not_called_sure(
    run, model: Path, texts: Path, tmp_path: Path
) -> None:
    texts.write_text("word " * 100)
    found = run("select", texts, "-m", model, "-o", tmp_path / "x.jsonl", "--to", "prodigy")
    assert_one_line(found, 2, "no sentence of 4 to 80 tokens")
