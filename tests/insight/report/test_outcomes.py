"""Pairs of gold and predicted spans, and four ways to match them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.insight.report.matching import MATCHINGS, matching_scores
from tagger.insight.report.outcomes import LabelledSpan, pair, spans_of

LABELS = ("PER", "LOC")


@st.composite
def sentences(draw: st.DrawFn) -> list[LabelledSpan]:
    """Spans that do not overlap."""
    bounds = sorted(draw(st.sets(st.integers(0, 12), max_size=8)))
    found = [
        LabelledSpan(start, end, draw(st.sampled_from(LABELS))) for start, end in pairwise(bounds)
    ]
    return [span for span in found if draw(st.booleans())]


def test_kinds() -> None:
    gold = spans_of(["B-PER", "I-PER", "O", "B-LOC", "O", "B-ORG", "B-PER", "I-PER", "O", "B-PER"])
    predicted = spans_of(["B-PER", "I-PER", "O", "B-ORG", "B-LOC", "O", "O", "B-PER", "O", "B-LOC"])
    found = [
        (outcome.kind, outcome.gold, outcome.predicted) for outcome in pair(3, gold, predicted)
    ]
    assert [kind for kind, *_ in found] == [
        *("correct", "label", "spurious", "missed", "bounds", "label")
    ]


def test_equal_spans_are_paired_before_those_that_overlap_more() -> None:
    gold = [LabelledSpan(0, 4, "PER"), LabelledSpan(4, 5, "PER")]
    found = pair(0, gold, [LabelledSpan(1, 5, "PER")])
    assert [outcome.kind for outcome in found] == ["bounds", "missed"]
    found = pair(0, gold, [LabelledSpan(0, 4, "LOC"), LabelledSpan(4, 5, "PER")])
    assert [outcome.kind for outcome in found] == ["label", "correct"]


@given(sentences(), sentences())
def test_each_span_is_in_one_pair(gold: list[LabelledSpan], predicted: list[LabelledSpan]) -> None:
    outcomes = pair(0, gold, predicted)
    assert sorted(o.gold.start for o in outcomes if o.gold) == [s.start for s in gold]
    assert sorted(o.predicted.start for o in outcomes if o.predicted) == [
        span.start for span in predicted
    ]
    equal = {(s.bounds, s.label) for s in gold} & {(s.bounds, s.label) for s in predicted}
    assert sum(outcome.kind == "correct" for outcome in outcomes) == len(equal)
    for outcome in outcomes:
        if outcome.gold and outcome.predicted:
            assert outcome.gold.start < outcome.predicted.end
            assert outcome.predicted.start < outcome.gold.end


@settings(max_examples=200)
@given(st.lists(st.tuples(sentences(), sentences()), min_size=1, max_size=4))
def test_matching_is_that_of_nervaluate(
    corpus: list[tuple[list[LabelledSpan], list[LabelledSpan]]],
) -> None:
    nervaluate = pytest.importorskip("nervaluate", reason="nervaluate is not installed")

    def entities(part: int) -> list[list[dict[str, object]]]:
        # Its ends are inclusive.
        return [
            [{"label": s.label, "start": s.start, "end": s.end - 1} for s in sentence[part]]
            for sentence in corpus
        ]

    theirs = nervaluate.Evaluator(
        entities(0), entities(1), tags=list(LABELS), loader="dict"
    ).evaluate()
    names = {"strict": "strict", "exact": "exact", "partial": "partial", "type": "ent_type"}
    for matching, ours in matching_scores(corpus).items():
        expected = theirs["overall"][names[matching]]
        for field in ("correct", "incorrect", "partial", "missed", "spurious"):
            assert getattr(ours, field) == getattr(expected, field), (matching, field)
        assert ours.precision == pytest.approx(expected.precision)
        assert ours.recall == pytest.approx(expected.recall)
    assert tuple(matching_scores(corpus)) == MATCHINGS
