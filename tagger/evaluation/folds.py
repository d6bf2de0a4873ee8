"""The parts of a corpus for cross-validation."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

SEED = 1
"""Of the parts, which do not depend on the seed of a training."""


def balanced(units: Sequence[T], n: int, *, size: Callable[[T], int]) -> list[list[T]]:
    """Divide units at random, always alike, into ``n`` parts of about the same size."""
    shuffled = list(units)
    random.Random(SEED).shuffle(shuffled)
    parts: list[list[T]] = [[] for _ in range(n)]
    sizes = [0] * n
    for unit in shuffled:
        smallest = sizes.index(min(sizes))
        parts[smallest].append(unit)
        sizes[smallest] += size(unit)
    return parts
