"""Thresholds of a tagger: which spans are shown, and what is no threshold."""

from __future__ import annotations

from pathlib import Path

import pytest

import tagger
from tagger.errors import UsageError
from tagger.runtime.tagger import Tagger

TEXT = "Dr Lindqvist met Tom of Northfield Homes at the Leeds clinic."


@pytest.fixture(scope="module")
def en() -> Tagger:
    return tagger.load("en", precision="fp32")


def shown(model: Tagger, **options: object) -> dict[str, float]:
    (document,) = model.batch([TEXT], ["ner"], confidence=True, **options)
    return {repr(e): e.confidence for e in document.entities}


def test_spans_reach_the_threshold_and_a_low_one_finds_more(en: Tagger) -> None:
    many, best, few = shown(en, threshold=0.001), shown(en), shown(en, threshold=0.9)
    assert len(few) < len(best) <= len(many)
    assert all(prob >= 0.9 for prob in few.values())
    assert few.items() <= best.items()
    certain = {entity for entity, prob in best.items() if prob > 0.5}
    assert certain <= many.keys()


def test_a_label_without_a_threshold_keeps_its_best_spans(en: Tagger) -> None:
    best = shown(en)
    found = shown(en, threshold={"LOC": 1.0})
    assert found == {e: p for e, p in best.items() if not e.endswith("(LOC)")}


def test_a_tagger_has_its_own_threshold_and_calls_theirs(en: Tagger) -> None:
    strict = en.with_threshold({"*": 0.9, "PER": 1})
    assert shown(strict) == shown(en, threshold={"*": 0.9, "PER": 1})
    assert shown(strict, threshold=0.001) == shown(en, threshold=0.001)
    assert strict(TEXT).entities == strict.batch([TEXT], threshold={"*": 0.9, "PER": 1})[0].entities
    assert en.threshold is None


def test_tags_of_tokens_are_those_of_the_spans(en: Tagger) -> None:
    tokens = ["Dr", "Lindqvist", "met", "Tom", "in", "Leeds", "."]
    (tagged,) = en.tag([tokens], ["ner"], confidence=True, threshold={"*": 1.0, "LOC": 0.01})
    assert set(tagged.tags["ner"]) == {"O", "B-LOC"}
    assert len(tagged.confidence["ner"]) == len(tokens)


@pytest.mark.parametrize("texts", [[], [""], ["  "], ["x"], ["a " * 10_000]])
def test_texts_of_any_length(en: Tagger, texts: list[str]) -> None:
    documents = en.batch(texts, threshold=0.01)
    assert [document.text for document in documents] == texts


@pytest.mark.parametrize(
    ("threshold", "words"),
    [
        (0, "above 0"),
        (1.5, "1.5"),
        (float("nan"), "nan"),
        (-1, "-1"),
        ("0.5", "'0.5'"),
        (True, "True"),
        ({"PRE": 0.5}, "PER"),
        ({"PER": 2}, "PER"),
    ],
)
def test_what_is_no_threshold(en: Tagger, threshold: object, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        en.batch([TEXT], threshold=threshold)
    with pytest.raises(UsageError, match=words):
        tagger.load("en", threshold=threshold)


def test_options(run, corpus: Path, model: Path) -> None:
    tag = "predict", "Kim lives in Ohio", "-m", model, "--format", "json"
    assert '"entities":[]' in run(*tag, "--threshold", "1").out
    assert '"label":"LOC"' in run(*tag, "--threshold", "1", "--threshold", "LOC=0.01").out
    for given in ("2", "x", "PRE=0.5", "=", "PER="):
        result = run(*tag, "--threshold", given)
        assert (result.code, len(result.err.splitlines())) == (2, 1)
    assert "two thresholds" in run(*tag, "--threshold", "1", "--threshold", "0.5").err
    assert "no label" in run(*tag, "--threshold", "=0.5").err
    assert "upos" in run(*tag, "--threshold", "0.5", "--heads", "upos").err


def test_scores_by_threshold(run, corpus: Path, model: Path) -> None:
    scores = tagger.evaluate(model, corpus, "train", by_threshold=True)
    points = scores.by_threshold["ner"]
    assert [at.threshold for at in points] == sorted({at.threshold for at in points})
    assert points[0].missed == pytest.approx(1 - points[0].score.recall)
    at_half = next(at for at in points if at.threshold == 0.5)
    same = tagger.evaluate(model, corpus, "train", threshold=0.5)
    assert same.spans["ner"].micro == at_half.score
    raw = tagger.evaluate(model, corpus, "train", raw=True, by_threshold=True)
    assert len(raw.by_threshold["ner"]) == len(points)
    shown = run("evaluate", model, corpus, "--split", "train", "--by-threshold")
    assert "too many" in shown.out
    with pytest.raises(UsageError, match="upos"):
        tagger.evaluate(model, corpus, "train", heads=["upos"], by_threshold=True)
