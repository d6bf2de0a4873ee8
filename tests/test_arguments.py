"""Wrong arguments are named with their index."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tagger
from tagger.errors import UsageError
from tagger.runtime.tagger import Tagger


@pytest.fixture(scope="module")
def tiny(model: Path) -> Tagger:
    return tagger.load(model)


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["a", "b", "c", None], r"texts\[3\] is None"),
        (["a", 1.5], r"texts\[1\] is a float"),
        (["a", b"b"], r"texts\[1\] is bytes"),
        (["a", ["b"]], r"texts\[1\] is a list"),
        (["a"] * 1500 + [7], r"texts\[1500\] is an int"),
        (["fine", "half \ud800"], r"texts\[1\].*UTF-8.*5"),
        ("one text", "texts is a string"),
        (b"bytes", "texts is a string"),
        (None, "texts is None"),
        (3, "texts is an int"),
        ({"a": "b"}, "texts is a dict"),
    ],
)
def test_texts(tiny: Tagger, texts: object, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        tiny.batch(texts)
    with pytest.raises(UsageError, match=words):
        list(tiny.stream(texts))


@pytest.mark.parametrize("text", [None, 1, b"x", ["x"], "half \udfff"])
def test_one_text(tiny: Tagger, text: object) -> None:
    with pytest.raises(UsageError, match="the text is"):
        tiny(text)


@pytest.mark.parametrize(
    ("sentences", "words"),
    [
        ([["John"], ["works", None]], r"sentences\[1\]\[1\] is None"),
        ([["John"], ["works", 3]], r"sentences\[1\]\[1\] is an int"),
        ([["John"], "works"], r"sentences\[1\] is a string"),
        ([["John"], None], r"sentences\[1\] is None"),
        ("John works", "sentences is a string"),
        (None, "sentences is None"),
    ],
)
def test_sentences(tiny: Tagger, sentences: object, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        tiny.tag(sentences)


@pytest.mark.parametrize("heads", ["ner", "", ["nre"], [1], [["ner"]], [None], 5, []])
def test_heads(tiny: Tagger, heads: object) -> None:
    for call in (tiny.batch, tiny.stream, tiny.tag):
        with pytest.raises(UsageError, match="head") as raised:
            call([], heads)
        assert raised.value.expected == ("ner", "upos")


def test_other_sequences_are_taken(tiny: Tagger) -> None:
    texts = ["John left", "Kim works"]
    expected = tiny.batch(texts)
    assert tiny.batch(np.array(texts)) == expected
    assert tiny.batch(text for text in texts) == expected
    assert tiny.tag([np.array(["John", "left"])]) == tiny.tag([("John", "left")])
    assert tiny.tag([["half \ud800", "left"]])[0]["ner"]


def test_the_model_is_a_name_or_a_path() -> None:
    for wrong in (None, 3, ["en"]):
        with pytest.raises(UsageError, match="model is"):
            tagger.load(wrong)
    with pytest.raises(tagger.TaggerError) as raised:
        tagger.load("eng")
    assert "en" in raised.value.expected
    assert "'en'" in raised.value.hint


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: tagger.load(None), "model is None"),
        (lambda: tagger.read(None), "corpus is None"),
        (lambda: tagger.evaluate("en", 3), "corpus is an int"),
        (lambda: tagger.convert(None, "a.conll"), "source is None"),
        (lambda: tagger.train(None), "corpora is None"),
        (lambda: tagger.train(["sample", 3]), r"corpora\[1\] is an int"),
        (lambda: tagger.train("sample", settings="x"), "settings is a str"),
        (lambda: tagger.compare("sample", vary=["cell"]), "vary is a list"),
        (lambda: tagger.load("en", threads=-1), "threads is -1"),
    ],
)
def test_other_arguments(call, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        call()
