"""The progress of tasks in other processes: numbers in memory that all see, without locks.

A killed process may hold a lock for ever, so no locks are used: each task has a slot that only its
process writes and only this one reads.
"""

from __future__ import annotations

from collections.abc import Iterable
from ctypes import Array, c_double
from multiprocessing.sharedctypes import RawArray

from tagger.executors.protocol import Measures

_N = 3  # measures


class Board:
    """Slots of measures, which is passed to processes as they start.

    Args:
        n_slots: How many tasks may be running.
    """

    def __init__(self, n_slots: int) -> None:
        self._numbers: Array[c_double] = RawArray(c_double, n_slots * _N)

    def write(self, slot: int, measures: Measures) -> None:
        """Replace the measures of a slot."""
        self._numbers[slot * _N : (slot + 1) * _N] = list(measures)

    def total(self, slots: Iterable[int]) -> Measures:
        """Sum slots."""
        found = [self._numbers[slot * _N : (slot + 1) * _N] for slot in slots]
        a, b, c = (sum(numbers) for numbers in zip(*found, strict=True)) if found else (0.0,) * _N
        return a, b, c
