"""How well probabilities agree with what is right: ECE, Brier score and a reliability diagram."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

N_BINS = 15


class Bin(msgspec.Struct, frozen=True):
    """Those of similar confidence."""

    confidence: float
    """Their mean."""
    right: float
    """The share of them that is right."""
    n: int


class Reliability(msgspec.Struct, frozen=True, kw_only=True):
    """How well the confidence of spans or tags agrees with the share that is right."""

    ece: float
    """The expected calibration error (Naeini et al. 2015): the mean over `N_BINS` bins of equal
    width, by their size, of the difference between confidence and share."""
    brier: float
    """The mean square of the difference between confidence and 1 or 0 (Brier 1950)."""
    n: int
    bins: tuple[Bin, ...]
    """The bins that are not empty, the least confident first."""


def reliability(
    probs: NDArray[np.float64] | Sequence[float], right: NDArray[np.bool_] | Sequence[bool]
) -> Reliability:
    """Compare probabilities with what is right.

    >>> round(reliability([0.9, 0.9, 0.6, 0.6], [True, True, True, False]).ece, 3)
    0.1
    """
    confidence, is_right = np.asarray(probs, dtype=np.float64), np.asarray(right, dtype=np.float64)
    n = len(confidence)
    places = np.minimum((confidence * N_BINS).astype(np.int64), N_BINS - 1)
    sizes = np.bincount(places, minlength=N_BINS)
    sums = np.bincount(places, confidence, N_BINS), np.bincount(places, is_right, N_BINS)
    bins = tuple(
        Bin(float(sums[0][i] / sizes[i]), float(sums[1][i] / sizes[i]), int(sizes[i]))
        for i in np.flatnonzero(sizes).tolist()
    )
    return Reliability(
        ece=sum(one.n * abs(one.confidence - one.right) for one in bins) / max(n, 1),
        brier=float(np.square(confidence - is_right).sum() / max(n, 1)),
        n=n,
        bins=bins,
    )
