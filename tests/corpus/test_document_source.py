"""Exports of annotation tools as corpora."""

from __future__ import annotations

import pytest

from tagger.corpus import load_corpus
from tagger.corpus.alignment import Aligner
from tagger.errors import FormatError, UsageError
from tests.helpers.formats import COLUMNS, OFF_BOUNDS, OVERLAP, PRODIGY


def test_what_became_of_spans_is_found_and_kept(write):
    path = write("my.jsonl", OFF_BOUNDS + OVERLAP)
    for _ in range(2):  # read, and then from the cache
        corpus = load_corpus(str(path))
        assert corpus.layout.describe() == "Prodigy's JSON lines: token, ner (BIO)"
        assert [(one.kind, one.where(), one.count, one.action) for one in corpus.findings] == [
            ("span off token bounds", f"{path}:2", 1, "expanded"),
            ("overlapping span", f"{path}:3", 2, "dropped"),
        ]
    rows = list(corpus.splits["train"])
    assert [(row["document"], row["line"]) for row in rows] == [(0, 1), (0, 1), (1, 2), (2, 3)]
    assert rows[2]["ner"] == ["B-PER", "O", "O"]
    with pytest.raises(FormatError, match="'John' 0–4 PER") as caught:
        load_corpus(str(path), strict=True)
    assert caught.value.line == 2
    assert "{strict=True}" in caught.value.hint


def test_documents_are_aligned_once_a_pass(write, monkeypatch):
    aligned = []
    original = Aligner.align
    monkeypatch.setattr(Aligner, "align", lambda *of: aligned.append(1) or original(*of))
    path = write("my.jsonl", PRODIGY)
    for n in (3, 0):  # heads and spans, schemes and counts, sentences; then the cache
        load_corpus(str(path), strict=True)
        assert len(aligned) == n
        aligned.clear()
    assert load_corpus(str(path)).layout.format == "documents"
    again = write("elsewhere/my.jsonl", PRODIGY)
    load_corpus(str(again))  # what is said of its spans names the path
    assert len(aligned) == 1


def test_strict_names_overlaps(write):
    with pytest.raises(FormatError, match=r"my.jsonl:1: overlapping span"):
        load_corpus(str(write("my.jsonl", OVERLAP)), strict=True)


def test_splits_of_documents(write, tmp_path, run_convert):
    folder = write("c/train.jsonl", PRODIGY).parent
    write("c/dev.jsonl", PRODIGY)
    assert set(load_corpus(str(folder)).splits) == {"train", "dev"}
    (tmp_path / "s").mkdir()
    for split in ("train", "test"):
        assert run_convert(folder / "train.jsonl", tmp_path / "s" / f"{split}.spacy").code == 0
        (tmp_path / "b").mkdir(exist_ok=True)
        assert run_convert(folder / "train.jsonl", tmp_path / "b" / split, "--to", "brat").code == 0
    for name in "sb":
        splits = load_corpus(str(tmp_path / name)).splits
        assert {split: len(rows) for split, rows in splits.items()} == {"train": 2, "test": 2}
    corpus = load_corpus(str(tmp_path / "b" / "train"))
    assert corpus.name == "train"
    assert len(corpus.splits["train"]) == 2
    both = f"train={folder / 'train.jsonl'},dev={tmp_path / 's' / 'test.spacy'}"
    assert load_corpus(both).layout.describe() == (
        "Prodigy's JSON lines and spaCy's DocBin: token, ner (BIO)"
    )


def test_a_head_that_only_one_file_has(write, tmp_path, run_convert):
    train = write("train.conll", "a\tNOUN\tB-X\nb\tVERB\tO\n\n")
    assert run_convert(train, tmp_path / "train.spacy").code == 0
    dev = write("dev.jsonl", PRODIGY)
    corpus = load_corpus(f"{tmp_path / 'train.spacy'},{dev}")
    assert corpus.splits["train"][0]["upos"] == ["NOUN", "VERB"]
    assert corpus.splits["dev"][0]["upos"] == [None] * 5


def test_options_that_documents_do_not_have(write):
    path = str(write("my.jsonl", PRODIGY))
    with pytest.raises(UsageError, match="columns cannot be named for documents"):
        load_corpus(path, columns="token,ner")
    mixed = f"train={path},dev={write('a.conll', COLUMNS)}"
    with pytest.raises(UsageError, match=r"a.conll: holds sentences"):
        load_corpus(mixed)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (PRODIGY + PRODIGY[:40], ":2: not a JSON object a line"),
        ('{"text": "a", "label": [[0, 5, "X"]]}', ":1: document 1"),
        ('{"text": "", "spans": []}', ": the file has no sentences"),
    ],
)
def test_errors_in_a_corpus_have_path_and_line(write, content, message):
    path = write("train.jsonl", content)
    with pytest.raises(FormatError, match="^" + str(path) + message):
        load_corpus(str(path))
