"""``tagger evaluate`` and ``tagger score``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.commands import assert_one_line
from tests.helpers.corpora import write_corpus

Patch = pytest.MonkeyPatch


def test_markup_in_labels_is_shown_as_it_is(run, tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out[b].txt").write_text("a\tB-[/b]\tB-[/b]\nb\tO\tO\n")
    assert "[/b]" in run("score", "out[b].txt").out


def test_a_mixed_column_is_not_scored_by_another_measure(run, tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("a B-PER B-PER\n" * 30 + "b O o\n")
    assert_one_line(run("score", path), 1, "'o' is neither O nor a tag of a span")


def test_evaluate_reports_findings(run, model: Path, tmp_path: Path) -> None:
    path = tmp_path / "my.jsonl"
    path.write_text('{"text": "Johnny sang.", "spans": [{"start":0,"end":4,"label":"PER"}]}\n')
    result = run("evaluate", model, path)
    assert result.code == 0, result
    assert f"{path}:1: span off token bounds" in result.err, result
    odd = ["Kim/PROPN/B-PER left/VERB/O Apple/PROPN/I-ORG", "Mary/PROPN/B-PER Jones/PROPN/I-PER"]
    folder = write_corpus(tmp_path / "odd", {"test": odd})
    result = run("evaluate", model, folder, "--columns", "token,upos,ner")
    assert "ner tag outside its scheme" in result.err, result
