"""Bootstrap intervals of scores."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

N_SAMPLES = 1000
LEVEL = 0.95
SEED = 1
PIECE = 50
"""Samples that are drawn together."""


def f1_interval(counts: NDArray[np.float64]) -> tuple[float, float]:
    """Estimate where the F1 of other sentences of the same kind lies.

    The percentile bootstrap (Efron & Tibshirani 1993, chapter 13): as many sentences are drawn with
    replacement, `N_SAMPLES` times.

    Args:
        counts: (sentences, 3): correct, gold and predicted spans.

    Returns:
        The bounds that hold `LEVEL` of the samples.
    """
    if not counts.any():
        return 0.0, 0.0
    generator = np.random.default_rng(SEED)
    drawn = [
        generator.multinomial(len(counts), np.full(len(counts), 1 / len(counts)), size=PIECE)
        @ counts
        for _ in range(N_SAMPLES // PIECE)
    ]
    right, gold, predicted = np.concatenate(drawn).T
    scores = 2 * right / np.maximum(gold + predicted, 1)
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(scores, [tail, 100 - tail])
    return float(low), float(high)
