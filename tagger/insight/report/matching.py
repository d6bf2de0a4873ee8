"""Four ways to count a span as right: strict, exact bounds, partial and type."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple, get_args

import msgspec

from tagger.insight.report.outcomes import LabelledSpan

Matching = Literal["strict", "exact", "partial", "type"]
"""``strict``: bounds and label; ``exact``: bounds, whatever the label; ``partial``: any overlap,
half a point where bounds differ; ``type``: any overlap of the same label. As nervaluate defines
them, after SemEval-2013 task 9.1 (Segura-Bedmar et al. 2013)."""
MATCHINGS: tuple[Matching, ...] = get_args(Matching)


class MatchingScore(msgspec.Struct, frozen=True, kw_only=True):
    """The counts and scores of one way to match."""

    correct: int
    incorrect: int
    partial: int
    missed: int
    spurious: int
    precision: float
    recall: float
    f1: float


class _Counts(NamedTuple):
    correct: int = 0
    incorrect: int = 0
    partial: int = 0
    missed: int = 0
    spurious: int = 0


Sentence = tuple[Sequence[LabelledSpan], Sequence[LabelledSpan]]
"""The gold and the predicted spans of a sentence."""


def matching_scores(sentences: Iterable[Sentence]) -> dict[Matching, MatchingScore]:
    """Score spans in all four ways."""
    kept = list(sentences)
    found = {}
    for matching in MATCHINGS:
        counts = [_count(matching, gold, predicted) for gold, predicted in kept]
        found[matching] = _score(_Counts(*map(sum, zip(*counts, strict=True))))
    return found


def _count(
    matching: Matching, gold: Sequence[LabelledSpan], predicted: Sequence[LabelledSpan]
) -> _Counts:
    is_right = _RIGHT[matching]
    open_gold = list(gold)
    correct = wrong = spurious = 0
    for span in predicted:
        near = [one for one in open_gold if one.start < span.end and span.start < one.end]
        right = [one for one in near if is_right(one, span)]
        if right:
            # Of several the one with the nearest bounds.
            best = min(right, key=lambda one: _distance(one, span))
            correct += 1
            open_gold.remove(best)
        elif near:
            wrong += 1
            open_gold.remove(near[0])
        else:
            spurious += 1
    incorrect, partial = (0, wrong) if matching == "partial" else (wrong, 0)
    return _Counts(correct, incorrect, partial, len(open_gold), spurious)


def _distance(one: LabelledSpan, other: LabelledSpan) -> int:
    return abs(one.start - other.start) + abs(one.end - other.end)


_RIGHT: dict[Matching, Callable[[LabelledSpan, LabelledSpan], bool]] = {
    "strict": lambda one, other: one.bounds == other.bounds and one.label == other.label,
    "exact": lambda one, other: one.bounds == other.bounds,
    "partial": lambda one, other: one.bounds == other.bounds,
    "type": lambda one, other: one.label == other.label,
}


def _score(counts: _Counts) -> MatchingScore:
    points = counts.correct + 0.5 * counts.partial
    answered = counts.correct + counts.incorrect + counts.partial
    precision = points / max(answered + counts.spurious, 1)
    recall = points / max(answered + counts.missed, 1)
    return MatchingScore(
        **counts._asdict(),
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / max(precision + recall, 1e-12),
    )
