"""Documents: there and back, and as HTML, columns and spaCy's documents."""

from __future__ import annotations

import json
import pickle
from itertools import accumulate, pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.errors import UsageError
from tagger.runtime.loading import load
from tagger.runtime.results import Document, Entity, Token

WORDS = st.text(st.characters(exclude_categories=("Cs", "Z", "C")), min_size=1, max_size=5)
LABELS = st.sampled_from(["PER", "ORG", "<b>&"])
PROBS = st.none() | st.floats(0, 1)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Build a document whose entities are made of whole tokens."""
    words = draw(st.lists(WORDS, max_size=8))
    gaps = draw(st.lists(st.sampled_from(["", " ", "  ", "\n"]), min_size=9, max_size=9))
    text, offsets = gaps[0], []
    for word, gap in zip(words, gaps[1:], strict=False):
        offsets.append((len(text), len(text) + len(word)))
        text += word + gap

    def entities() -> list[Entity]:
        bounds = sorted(draw(st.sets(st.integers(0, len(words)), max_size=6)))
        return [
            Entity(
                text[offsets[first][0] : offsets[past - 1][1]],
                draw(LABELS), offsets[first][0], offsets[past - 1][1], first, past, draw(PROBS),
            )
            for first, past in list(pairwise(bounds))[::2]
        ]  # fmt: skip

    found = entities()
    tags = ["O"] * len(words)
    for e in found:
        tags[e.start_token : e.end_token] = [f"B-{e.label}", *[f"I-{e.label}"] * 9][
            : e.end_token - e.start_token
        ]
    tokens = [
        Token(text[start:end], start, end, {"ner": tag, "upos": "NOUN"})
        for (start, end), tag in zip(offsets, tags, strict=True)
    ]
    sizes = [len(words)] if len(words) < 3 else [2, len(words) - 2]
    sentences = list(pairwise(accumulate(sizes, initial=0))) if words else []
    spans = {"chunk": entities()} if draw(st.booleans()) else {}
    return Document(text, tokens, found, sentences, spans)


@settings(deadline=None)
@given(documents())
def test_dict_json_and_pickle_round_trips(document: Document) -> None:
    assert Document.from_dict(document.to_dict()) == document
    assert Document.from_dict(json.loads(document.to_json())) == document
    assert pickle.loads(pickle.dumps(document)) == document


@settings(deadline=None)
@given(documents())
def test_spacy_has_the_same_text_and_entities(document: Document) -> None:
    doc = document.to_spacy()
    assert doc.text == document.text
    found = [(e.start_char, e.end_char, e.label_) for e in doc.ents]
    assert found == [(e.start, e.end, e.label) for e in document.entities]
    assert {head: len(spans) for head, spans in doc.spans.items()} == {
        head: len(spans) for head, spans in document.spans.items()
    }
    assert sum(token.pos_ == "NOUN" for token in doc) == document.n_tokens


@settings(deadline=None)
@given(documents())
def test_html_shows_all_of_the_text_and_escapes_it(document: Document) -> None:
    from xml.etree import ElementTree

    _, page = document._repr_html_().split("</style>")
    text = "".join(ElementTree.fromstring(page).itertext())
    if not document.entities:
        assert text == document.text
    for entity in document.entities:
        assert f"{entity.text} {entity.label}" in text


def apple(confidence: float | None = None) -> Document:
    tokens = [Token("Apple", 0, 5, {"ner": "B-ORG"}), Token("fell", 6, 10, {"ner": "O"})]
    entity = Entity("Apple", "ORG", 0, 5, 0, 1, confidence)
    return Document("Apple fell", tokens, [entity], [(0, 2)])


def test_html_has_confidence_and_dark_mode() -> None:
    page = apple(0.976)._repr_html_()
    assert "<b>ORG</b> <small>0.98</small>" in page
    assert "prefers-color-scheme: dark" in page


def test_html_of_tags_alone_shows_them() -> None:
    document = Document("go", [Token("go", 0, 2, {"upos": "VERB"})], [], [(0, 1)])
    assert "go<small>/VERB</small>" in document._repr_html_()


def test_columns_are_those_of_predict() -> None:
    assert apple().to_conll() == "Apple\tB-ORG\nfell\tO\n"


def test_json_places_entities_by_characters() -> None:
    assert apple().to_dict()["entities"] == [
        {"text": "Apple", "label": "ORG", "start": 0, "end": 5}
    ]
    assert "confidence" in apple(0.5).to_dict()["entities"][0]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"text": 3}, "str"),
        ({"tokens": [{"text": "x", "start": 0}]}, "end"),
        ({"tokens": [{"text": "x", "start": 0, "end": 1, "ner": 3}]}, "str"),
        ({"entities": [{"text": "pl", "label": "ORG", "start": 2, "end": 4}]}, "token"),
    ],
)
def test_what_is_not_a_document_is_an_error(change: dict[str, object], word: str) -> None:
    with pytest.raises(UsageError, match=word):
        Document.from_dict({**apple().to_dict(), **change})
    data = apple().to_dict()
    del data["text"]
    with pytest.raises(UsageError, match="text"):
        Document.from_dict(data)


def test_a_part_of_speech_that_spacy_lacks() -> None:
    document = Document("go", [Token("go", 0, 2, {"upos": "VRB"})], [], [(0, 1)])
    with pytest.raises(UsageError, match="VRB") as caught:
        document.to_spacy()
    assert "VERB" in caught.value.expected


def test_json_is_the_same_before_and_after_tokens_are_made(model: Path) -> None:
    tagger = load(model)
    for text in ("John works at Apple.\n\nMary “left”.", "", "  "):
        fresh, used = tagger.batch([text, text])
        assert used.tokens is used.tokens
        assert fresh.to_json() == used.to_json()
        assert fresh.to_json(7) == used.to_json(7)
        assert Document.from_dict(json.loads(fresh.to_json())) == used
