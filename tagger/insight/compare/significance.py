"""Whether a difference between two rows of a comparison may be chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tagger.insight.compare.trials import Counts

N_SHUFFLES = 2000
SEED = 1
PIECE = 100


def paired_test(one: Sequence[Counts], other: Sequence[Counts]) -> float:
    """The approximate randomisation test (Noreen 1989; Yeh 2000, for F1).

    Were both systems alike, it would not matter which of them an answer is from: the answers of
    both to each sentence are swapped at random, and the share of `N_SHUFFLES` swaps is counted in
    which the scores differ by as much as they do. It compares answers to these sentences; how
    much another seed would change them is for the standard deviation to say.

    Args:
        one: The counts of each sentence, summed over seeds.
        other: Of the same sentences.

    Returns:
        The probability (two-sided) of such a difference by chance, at least
        ``1 / (N_SHUFFLES + 1)``.
    """
    a, b = _array(one), _array(other)
    observed = abs(_score(a.sum(axis=0)) - _score(b.sum(axis=0)))
    difference = b - a
    unlike = difference[np.any(difference != 0, axis=1)]  # swapping equals changes nothing
    generator = np.random.default_rng(SEED)
    as_far = 0
    for _ in range(0, N_SHUFFLES, PIECE):
        moved = generator.integers(2, size=(PIECE, len(unlike))).astype(np.float64) @ unlike
        shuffled = np.abs(_score(a.sum(axis=0) + moved) - _score(b.sum(axis=0) - moved))
        as_far += int((shuffled >= observed - 1e-12).sum())
    return (as_far + 1) / (N_SHUFFLES + 1)


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct for there being several tests (Holm 1979): of many rows alike, one in twenty
    would else be told apart.

    Args:
        p_values: Each test's own.

    Returns:
        In the same order, the level at which all of them together would tell this one apart.
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
