"""Explanations of labels of whole texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagger.errors import UsageError
from tagger.insight.explain.explanation import explain
from tagger.insight.explain.page import explanation_html
from tagger.runtime.loading import load
from tagger.runtime.tagger import Tagger

TEXT = "is it sunny in Boston? Will it rain?"


@pytest.fixture(scope="module")
def tagger(intent_model: Path) -> Tagger:
    return load(intent_model, precision="fp32")


def prob(tagger: Tagger, text: str, label: str) -> float:
    """The probability of a label of a text, its sentences cut as in `TEXT`."""
    (head,) = tagger.predictor.choose(["intent"])
    sentences = [part.split() for part in text.split("|") if part.strip()]
    found = tagger.annotate(sentences)
    n = [len(sentence) for sentence in sentences]
    place = head.labels.index(label)
    total = sum(one.label_probs["intent"][place] * k for one, k in zip(found, n, strict=True))
    return float(total / sum(n))


def test_words_are_left_out_and_texts_are_read_from_both_ends(tagger: Tagger) -> None:
    explained = explain(tagger, TEXT, head="intent")
    label, both = next(iter(explained.labels.items()))
    assert label == "weather"
    assert both == pytest.approx(prob(tagger, "is it sunny in Boston ?|Will it rain ?", label))
    rain = next(word for word in explained.words if word.text == "rain")
    without = prob(tagger, "is it sunny in Boston ?|Will it ?", label)
    assert rain.change == pytest.approx(both - without, abs=1e-5)
    sides = explained.tokens[rain.position - 1].tags[label]
    left = prob(tagger, "is it sunny in Boston ?|Will it rain", label)
    assert sides.left == pytest.approx(left, abs=1e-5)
    assert sides.right == pytest.approx(prob(tagger, "rain ?", label), abs=1e-5)
    assert [token.text for token in explained.tokens][:3] == ["is", "it", "sunny"]


def test_a_single_word_has_nothing_left_out(tagger: Tagger) -> None:
    explained = explain(tagger, "hello", head="intent")
    assert (explained.words, len(explained.tokens)) == ((), 1)


def test_a_token_cannot_be_asked_for(tagger: Tagger) -> None:
    with pytest.raises(UsageError, match="whole texts"):
        explain(tagger, TEXT, token="rain", head="intent")


def test_it_is_shown_in_a_terminal_and_on_a_page(
    tagger: Tagger, intent_model: Path, run, tmp_path: Path
) -> None:
    page = tmp_path / "p.html"
    shown = run("explain", "-m", intent_model, "--head", "intent", TEXT, "--html", page)
    assert "intent: weather" in shown.out
    assert "it adds to weather" in page.read_text()
    assert "rain" in explanation_html(explain(tagger, TEXT, head="intent"), layout="snippet")
