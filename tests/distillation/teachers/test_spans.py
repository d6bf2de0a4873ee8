"""Spans of characters as probabilities of tokens' tags."""

from __future__ import annotations

import numpy as np

from tagger.distillation.teachers.spans import ScoredSpan, span_opinion
from tagger.runtime.cutting import cut_texts
from tagger.text import Tokenizer

TAGS = ("O", "B-LOC", "I-LOC", "B-PER", "I-PER")


def test_spans_of_whole_tokens_are_known() -> None:
    cut = cut_texts(["Mary Jones lives in Ohio.", "Nothing."], Tokenizer())
    spans = [[ScoredSpan(0, 10, "PER"), ScoredSpan(20, 24, "LOC", 0.75)], []]
    probs, known = span_opinion(cut, spans, TAGS)
    assert known.all()
    best = [TAGS[i] for i in probs.argmax(axis=1)]
    assert best == ["B-PER", "I-PER", "O", "O", "B-LOC", "O", "O", "O"]
    np.testing.assert_allclose(probs.sum(axis=1), 1)
    assert probs[4].tolist() == [0.25, 0.75, 0, 0, 0]


def test_what_does_not_fit_is_not_known() -> None:
    text = "Mary Jones lives. In Ohio it rains."
    cut = cut_texts([text], Tokenizer())
    assert len(cut.lengths) == 2
    for span in (
        ScoredSpan(0, 7, "PER"),  # half a token
        ScoredSpan(0, 10, "ANIMAL"),  # no such label
    ):
        known = span_opinion(cut, [[span]], TAGS).known
        assert known.tolist() == [False, False] + [True] * (len(known) - 2)
    across = span_opinion(cut, [[ScoredSpan(11, 24, "PER")]], TAGS).known  # "lives. In Ohio"
    assert across.tolist() == [True, True, False, False, False, False, True, True, True]
    assert not span_opinion(cut, [None], TAGS).known.any()
