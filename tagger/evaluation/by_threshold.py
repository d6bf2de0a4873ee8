"""Precision and recall of spans at several thresholds: what is missed, and what is too many."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from tagger.evaluation.counting import LabelScore
from tagger.evaluation.scores import SpanScores
from tagger.runtime.tagger import Tagger

THRESHOLDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9)


class AtThreshold(msgspec.Struct, frozen=True, kw_only=True):
    """The scores of all spans whose probability reaches a threshold."""

    threshold: float
    score: LabelScore
    labels: dict[str, LabelScore]

    @property
    def missed(self) -> float:
        """The share of gold spans that are not found."""
        return 1 - self.score.recall

    @property
    def too_many(self) -> float:
        """The number of spans that are found and not right, as a share of the gold spans."""
        score = self.score
        return score.n_predicted * (1 - score.precision) / max(score.n_gold, 1)


def by_threshold(
    tagger: Tagger, evaluated: Callable[[Tagger], Mapping[str, SpanScores]]
) -> dict[str, tuple[AtThreshold, ...]]:
    """Score a model at each of `THRESHOLDS`.

    Args:
        tagger: The model.
        evaluated: Returns its scores by head.

    Returns:
        By span head the scores at each threshold.

    Raises:
        UsageError: The model has no head with spans.
    """
    found: dict[str, list[AtThreshold]] = {}
    for threshold in THRESHOLDS:
        for head, scores in evaluated(tagger.with_threshold(threshold)).items():
            at = AtThreshold(threshold=threshold, score=scores.micro, labels=scores.labels)
            found.setdefault(head, []).append(at)
    return {head: tuple(points) for head, points in found.items()}
