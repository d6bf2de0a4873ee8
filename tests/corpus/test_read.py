"""`tagger.read`: a corpus as sentences."""

from __future__ import annotations

from pathlib import Path

import pytest

import tagger
from tagger.errors import UsageError
from tests.helpers.corpora import TOKENS


def test_sentences_are_those_of_the_files(corpus: Path) -> None:
    sentences = tagger.read(corpus)
    assert repr(sentences) == "<5 sentences of tiny train: upos, ner>"
    assert [repr(sentence) for sentence in sentences] == TOKENS["train"]
    assert sentences[-1].tokens == ["nothing", "happened", "here", "."]
    assert sentences[1:3] == [sentences[1], sentences[2]]
    with pytest.raises(IndexError):
        sentences[5]


def test_a_single_file_is_its_only_split(corpus: Path) -> None:
    assert tagger.read(corpus / "dev.txt", columns="token,-,ner").heads == ("ner",)


def test_a_split_that_is_missing_is_an_error(corpus: Path) -> None:
    with pytest.raises(UsageError) as caught:
        tagger.read(corpus / "dev.txt", "test")
    assert caught.value.expected == ("dev",)


def test_a_token_without_a_tag_has_none(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"tokens": ["a", "b"], "upos": ["X", null]}\n')
    (sentence,) = tagger.read(tmp_path / "a.jsonl")
    assert sentence.heads == {"upos": ["X", None]}
    assert repr(sentence) == "a/X b/_"
