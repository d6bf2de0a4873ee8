"""Counting without seqeval gives what seqeval gives."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import sequence_labeling as seqeval

from tagger.evaluation import counting

TAGS = st.sampled_from(["O", "B-A", "I-A", "B-B", "I-B"])
PAIRS = st.lists(st.lists(st.tuples(TAGS, TAGS), min_size=1, max_size=6), min_size=1, max_size=4)


@given(PAIRS)
def test_counts_and_scores_are_those_of_seqeval(pairs: list[list[tuple[str, str]]]) -> None:
    gold = [[first for first, _ in sentence] for sentence in pairs]
    predicted = [[second for _, second in sentence] for sentence in pairs]
    assert counting.get_entities(gold) == seqeval.get_entities(gold)
    if not counting.get_entities(gold) and not counting.get_entities(predicted):
        return
    for average in (None, "micro", "macro"):
        ours = counting.precision_recall_fscore_support(gold, predicted, average=average)
        with warnings.catch_warnings(action="ignore"):
            theirs = seqeval.precision_recall_fscore_support(
                gold, predicted, average=average, zero_division=0
            )
        for mine, other in zip(ours, theirs[:3], strict=True):
            assert mine == pytest.approx(other)
