"""Precision and recall at every threshold of the probability of a span."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import numpy as np
from numpy.typing import NDArray

LEAST = 0.01
"""The least probability of a span that a curve includes."""
N_POINTS = 60
"""Points of a curve, at most."""


class CurvePoint(msgspec.Struct, frozen=True):
    """The scores of all spans that are at least so probable."""

    threshold: float
    precision: float
    recall: float


def curve(found: Iterable[tuple[float, bool]], n_gold: int) -> tuple[CurvePoint, ...]:
    """Compute a precision-recall curve.

    Args:
        found: The probability of each span, and whether it is right.
        n_gold: The number of gold spans.

    Returns:
        Points in order of falling thresholds; none where nothing was found.
    """
    pairs = sorted(found, reverse=True)
    if not pairs or n_gold == 0:
        return ()
    probs, right = (np.array(values, dtype=np.float64) for values in zip(*pairs, strict=True))
    n_right = right.cumsum()
    # Spans of equal probability reach a threshold together.
    last = np.flatnonzero(np.diff(probs, append=-1.0))
    chosen: NDArray[np.int64] = last[
        np.unique(np.linspace(0, len(last) - 1, min(N_POINTS, len(last))).astype(np.int64))
    ]
    return tuple(
        CurvePoint(float(probs[i]), float(n_right[i] / (i + 1)), float(n_right[i] / n_gold))
        for i in chosen.tolist()
    )
