"""Splits, heads and labels that a model is scored on."""

from __future__ import annotations

from pathlib import Path

import pytest

import tagger
from tagger.corpus import load_corpus
from tagger.errors import UsageError
from tagger.evaluation.selection import select_split


def test_a_single_file_is_what_is_scored(model: Path, corpus: Path) -> None:
    loaded = tagger.load(model)
    path = corpus / "train.txt"
    data, _, split, *_ = select_split(model, loaded, str(path), columns="token,upos,ner")
    assert (len(data), split) == (5, "train")


def test_splits_and_heads_that_are_not_there(model: Path, corpus: Path, tmp_path: Path) -> None:
    loaded = tagger.load(model)
    with pytest.raises(UsageError, match="'tset'") as caught:
        select_split(model, loaded, str(corpus), "tset")
    assert caught.value.expected == ("train", "dev", "test")
    (tmp_path / "train.txt").write_text("a\tX1\n\nb\tX2\n")
    with pytest.raises(UsageError, match="no test split") as caught:
        select_split(model, loaded, str(tmp_path), "test")
    assert caught.value.expected == ("train",)
    with pytest.raises(UsageError, match="no gold tags") as caught:
        select_split(model, loaded, str(tmp_path), None)
    assert caught.value.expected == ("pos",)
    assert load_corpus(str(corpus)).splits.keys() == {"train", "dev", "test"}
