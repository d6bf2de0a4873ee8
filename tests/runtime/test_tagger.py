"""Raw text to entities: offsets, order, any Unicode, any length, streams."""

from __future__ import annotations

import io
import json
import threading
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tagger
from tagger.errors import FormatError, UsageError
from tagger.formats import bracketed
from tagger.lines import decode_lines
from tagger.prediction.input import as_available
from tagger.prediction.output_formats import as_conll, as_text
from tagger.runtime.cutting import GivenTokens
from tagger.runtime.tagger import Tagger


@pytest.fixture(scope="module")
def tiny(model: Path) -> Tagger:
    return tagger.load(model)


def test_a_sentence(tiny: Tagger) -> None:
    document = tiny("John works at Apple in California")
    assert [(e.text, e.label, e.start, e.end) for e in document.entities] == [
        ("John", "PER", 0, 4),
        ("Apple", "ORG", 14, 19),
        ("California", "LOC", 23, 33),
    ]
    assert document.tokens[0].tags == {"ner": "B-PER", "upos": "PROPN"}
    assert repr(document) == (
        "Document('John works at Apple in California', 6 tokens, "
        "entities=[[John](PER), [Apple](ORG), [California](LOC)])"
    )
    assert repr(tiny) == "Tagger(ner (3 labels), upos (6 labels))"


def test_json_has_the_promised_keys(tiny: Tagger) -> None:
    data = json.loads(tiny("Mary Jones lives in Ohio.").to_json())
    assert set(data) == {"text", "tokens", "entities", "sentences"}
    tags = {"ner": "B-PER", "upos": "PROPN"}
    assert data["tokens"][0] == {"text": "Mary", "start": 0, "end": 4, **tags}
    assert data["entities"][0] == {"text": "Mary Jones", "label": "PER", "start": 0, "end": 10}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=80), max_size=4))
def test_offsets_are_true_for_any_text(tiny: Tagger, texts: list[str]) -> None:
    for text, document in zip(texts, tiny.batch(texts), strict=True):
        assert document.text == text
        for item in [*document.tokens, *document.entities]:
            assert text[item.start : item.end] == item.text
            assert item.text
        gaps = [0, *(x for token in document.tokens for x in (token.start, token.end)), len(text)]
        assert gaps == sorted(gaps)
        for start, end in zip(gaps[::2], gaps[1::2], strict=True):
            assert not text[start:end].strip()


def test_batch_equals_one_by_one_and_stream(tiny: Tagger) -> None:
    texts = ["John works at Apple.", "", "Kim left. Mary Jones lives here!", "  ", "Ohio"] * 30
    single = [tiny(text) for text in texts]
    assert tiny.batch(texts) == single
    assert list(tiny.stream(iter(texts))) == single


def test_ten_thousand_tokens_come_back_whole(tiny: Tagger) -> None:
    text = " ".join(["John", "works", "at", "Apple"] * 2500)
    document = tiny(text)
    assert len(document.tokens) == 10_000
    assert document.tokens[-1].end == len(text)
    one_token = tiny("x" * 10_000)
    assert [token.text for token in one_token.tokens] == ["x" * 10_000]


def test_empty_inputs(tiny: Tagger) -> None:
    assert tiny("").tokens == []
    assert tiny.batch([]) == []
    assert tiny.tag([[""]]) == [{"ner": ["O"], "upos": tiny.tag([[""]])[0]["upos"]}]
    assert tiny.tag([[], ["John"]])[0] == {"ner": [], "upos": []}
    assert json.loads(tiny("").to_json()) == {
        "text": "", "tokens": [], "entities": [], "sentences": []
    }  # fmt: skip


def test_heads_can_be_chosen_and_unknown_ones_are_named(tiny: Tagger) -> None:
    assert set(tiny.tag([["John"]], ["upos"])[0]) == {"upos"}
    with pytest.raises(UsageError, match="unknown head 'upso': did you mean 'upos'"):
        tiny.batch(["John"], ["upso"])
    with pytest.raises(UsageError, match="no head is named; the model has: ner, upos"):
        tiny.batch(["John"], [])


def test_given_tokens_are_kept(tiny: Tagger) -> None:
    given_tokens = tiny.with_splitter(GivenTokens())
    spaced = given_tokens("don't  split.me , please")
    assert [t.text for t in spaced.tokens] == ["don't", "split.me", ",", "please"]
    with pytest.raises(UsageError, match="empty token"):
        given_tokens("a\t\tb")
    assert [t.text for t in given_tokens("a\u00a0b c").tokens] == ["a\u00a0b", "c"]
    tabbed = given_tokens("New York\tis big")
    assert [(t.text, t.start) for t in tabbed.tokens] == [("New York", 0), ("is big", 9)]


def test_formats(tiny: Tagger) -> None:
    document = tiny("John works at Apple in California. Mary works at Siemens.")
    assert as_text(document, tiny.heads) == (
        "[John](PER) works at [Apple](ORG) in [California](LOC). "
        "[Mary](PER) works at [Siemens](ORG)."
    )
    upos = tiny.predictor.choose(["upos"])
    assert as_text(tiny.batch(["John works."], ["upos"])[0], upos) == "John/PROPN works/VERB./PUNCT"
    lines = as_conll(document, tiny.heads).split("\n")
    assert lines[0] == "John\tB-PER\tPROPN"
    assert lines.count("") == 2


def test_pieces_answer_a_slow_stream_at_once() -> None:
    go_on = threading.Event()

    def slow():
        yield "first"
        go_on.wait(10)
        yield "second"

    stream = as_available(slow())
    assert next(stream) == ["first"]
    go_on.set()
    assert next(stream) == ["second"]
    assert list(stream) == []


def test_pieces_give_what_came_before_an_error() -> None:
    stream = as_available(decode_lines(io.BytesIO(b"good\n\xff\n"), "input"))
    assert next(stream) == [(1, "good")]
    with pytest.raises(FormatError, match="input:2: not UTF-8"):
        next(stream)


def test_importing_tagger_imports_nothing_heavy() -> None:
    import subprocess
    import sys

    code = "import sys, tagger, tagger.cli; print([m for m in sys.modules if '.' not in m])"
    command = [sys.executable, "-c", code]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True)
    heavy = {"torch", "spacy", "datasets", "numpy", "pyarrow", "seqeval", "sklearn"}
    assert not heavy & set(eval(loaded.stdout))


def test_confidence(model: Path) -> None:
    loaded = tagger.load(model, precision="fp32")
    texts = ["Mary Jones left New York.", "", "Kim works at Apple in Ohio"]
    plain = loaded.batch(texts)
    sure = loaded.batch(texts, confidence=True)
    for one, other in zip(plain, sure, strict=True):
        assert [e.confidence for e in one.entities] == [None] * len(one.entities)
        assert [(e.start, e.end, e.label) for e in one.entities] == [
            (e.start, e.end, e.label) for e in other.entities
        ]
        assert all(0 < entity.confidence <= 1 for entity in other.entities)
    assert any(document.entities for document in sure)
    assert list(loaded.stream(texts, confidence=True)) == sure
    assert "confidence" not in plain[0].to_json()
    assert '"confidence":' in sure[0].to_json()
    sentences = [["Mary", "Jones", "left"], [], ["Kim"]]
    found = loaded.tag(sentences, confidence=True)
    assert [one.tags for one in found] == loaded.tag(sentences)
    tags, probs = found[0].tags, found[0].confidence
    assert tags["ner"][:2] == ["B-PER", "I-PER"]
    assert probs["ner"][0] == probs["ner"][1]  # that of the whole span
    alone = loaded.tag(sentences[:1], confidence=True)[0][1]
    assert alone["ner"] == pytest.approx(probs["ner"], abs=1e-6)
    assert all(0 < p <= 1 for head in probs.values() for p in head)


def test_text_with_brackets_can_be_read_again(tiny: Tagger, tmp_path: Path) -> None:
    texts = ["[a](b) John works\\", "see [John] or [x](PER) at \\[Apple", "Mary ]( left"]
    documents = tiny.batch(texts, ["ner"])
    assert any(document.entities for document in documents)
    path = tmp_path / "out.txt"
    path.write_text("".join(as_text(d, tiny.heads) + "\n" for d in documents), encoding="utf-8")
    read = list(bracketed.read(path, Counter()))
    assert [document.text for document in read] == texts
    assert [[tuple(span)[:3] for span in document.chars] for document in read] == [
        [(entity.start, entity.end, entity.label) for entity in document.entities]
        for document in documents
    ]
