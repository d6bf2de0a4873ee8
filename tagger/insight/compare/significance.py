"""Significance of the differences between rows of a comparison."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tagger.insight.compare.trials import Counts

N_SHUFFLES = 2000
SEED = 1
PIECE = 100


def paired_test(one: Sequence[Counts], other: Sequence[Counts]) -> float:
    """Compute the p-value of the approximate randomisation test (Noreen 1989; Yeh 2000, for F1).

    If both systems were equal, it would not matter which one returned a result: the results of both
    for each sentence are swapped at random, and the p-value is the share of `N_SHUFFLES` swaps
    whose scores differ by at least as much as the real ones. The test concerns other sentences;
    the standard deviation shows what another seed changes.

    Args:
        one: The counts of each sentence, summed over seeds.
        other: The counts of the same sentences by the other system.

    Returns:
        The probability (two-sided) of such a difference by chance, at least
        ``1 / (N_SHUFFLES + 1)``.
    """
    a, b = _array(one), _array(other)
    observed = abs(_score(a.sum(axis=0)) - _score(b.sum(axis=0)))
    difference = b - a
    differing = difference[np.any(difference != 0, axis=1)]  # swapping equal counts changes nothing
    generator = np.random.default_rng(SEED)
    as_far = 0
    for _ in range(0, N_SHUFFLES, PIECE):
        moved = generator.integers(2, size=(PIECE, len(differing))).astype(np.float64) @ differing
        shuffled = np.abs(_score(a.sum(axis=0) + moved) - _score(b.sum(axis=0) - moved))
        as_far += int((shuffled >= observed - 1e-12).sum())
    return (as_far + 1) / (N_SHUFFLES + 1)


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct p-values for multiple tests (Holm 1979): among many equal rows, one in twenty would
    otherwise appear to differ.

    Args:
        p_values: The p-value of each test alone.

    Returns:
        The corrected p-values, in the same order.
    """
    corrected = [0.0] * len(p_values)
    highest = 0.0
    for rank, i in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        highest = max(highest, min((len(p_values) - rank) * p_values[i], 1.0))
        corrected[i] = highest
    return corrected


def _array(counts: Sequence[Counts]) -> NDArray[np.float64]:
    return np.array([(c.right, c.gold, c.predicted) for c in counts], dtype=np.float64)


def _score(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    score: NDArray[np.float64] = (
        2 * counts[..., 0] / np.maximum(counts[..., 1] + counts[..., 2], 1.0)
    )
    return score
