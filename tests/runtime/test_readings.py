"""Several readings of a text, and what else an entity may be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import tagger
from tagger.errors import UsageError
from tagger.runtime.tagger import Tagger
from tests.helpers.commands import assert_one_line

TEXTS = ["Mary Jones lives in Ohio. Kim left Apple.", "", "  ", "Kim"]


@pytest.fixture(scope="module")
def tiny(model: Path) -> Tagger:
    return tagger.load(model, precision="fp32")


def test_the_first_reading_is_the_one_that_is_shown(tiny: Tagger) -> None:
    found = tiny.readings(TEXTS, 3)
    documents = tiny.batch(TEXTS, ["ner"], confidence=True)
    for readings, document in zip(found, documents, strict=True):
        assert readings.document == document
        assert len(readings.sentences) == len(document.sentences)
        best = [e for sentence in readings.sentences for e in sentence[0].entities]
        assert list(map(repr, best)) == list(map(repr, document.entities))
        for sentence in readings.sentences:
            probs = [reading.probability for reading in sentence]
            assert probs == sorted(probs, reverse=True)
            assert 0 < sum(probs) <= 1 + 1e-9
            assert len({repr(reading.entities) for reading in sentence}) == len(sentence)
            for entity in [e for reading in sentence for e in reading.entities]:
                assert document.text[entity.start : entity.end] == entity.text


def test_all_readings_of_a_short_sentence_add_up_to_one(tiny: Tagger) -> None:
    (found,) = tiny.readings(["Kim"], 100)
    assert len(found.sentences[0]) == 4  # nothing, or one of three labels
    assert sum(reading.probability for reading in found.sentences[0]) == pytest.approx(1)


def test_alternatives_overlap_their_entity(tiny: Tagger) -> None:
    (found,) = tagger.load("en", precision="fp32").readings(["Dr Lindqvist is in Leeds."])
    assert any(found.alternatives)
    for entity, others in zip(found.document.entities, found.alternatives, strict=True):
        probs = [entity.confidence, *(other.confidence for other in others)]
        assert sum(probs) < 1
        assert probs[1:] == sorted(probs[1:], reverse=True)
        for other in others:
            assert repr(other) != repr(entity)
            assert other.start < entity.end
            assert entity.start < other.end


def test_wrong_numbers_and_heads(tiny: Tagger) -> None:
    for k in (0, 101, -1, 2.5, True):
        with pytest.raises(UsageError, match="1 to 100"):
            tiny.readings(TEXTS, k)
    with pytest.raises(UsageError, match="upos"):
        tiny.readings(TEXTS, head="upos")


def test_the_option(run, model: Path) -> None:
    tag = "predict", "Kim left Ohio", "-m", model
    data = json.loads(run(*tag, "--nbest", "2", "--format", "json").out)
    assert len(data["readings"][0]) == 2
    assert all("alternatives" in entity for entity in data["entities"])
    for options in (["--format", "text"], ["--format", "json", "--heads", "upos"]):
        result = run(*tag, "--nbest", "2", *options)
        assert (result.code, len(result.err.splitlines())) == (2, 1)
    for number in ("-1", "101"):
        assert_one_line(run(*tag, "--nbest", number, "--format", "json"), 2, "--nbest")
    assert "readings" not in json.loads(run(*tag, "--nbest", "0", "--format", "json").out)
