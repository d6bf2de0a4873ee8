"""Sentences grouped by a budget of tokens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")


def batches_by_length(
    lengths: Sequence[int] | NDArray[np.integer[Any]], budget: int
) -> list[list[int]]:
    """Group sentences of similar length, so that little is padding.

    Args:
        lengths: Tokens of each sentence.
        budget: Maximum number of tokens of a batch, padding included; a longer sentence is a batch
            by itself.

    Returns:
        Indices of the sentences of each batch, the shortest sentences first.
    """
    batches: list[list[int]] = []
    batch: list[int] = []
    for index in np.argsort(np.asarray(lengths), kind="stable").tolist():
        # In ascending order the newest sentence is the longest, so it sets the width.
        if batch and (len(batch) + 1) * int(lengths[index]) > budget:
            batches.append(batch)
            batch = []
        batch.append(index)
    if batch:
        batches.append(batch)
    return batches


def slices_by_tokens(lengths: Sequence[int], budget: int) -> Iterator[slice]:
    """Cut sentences into runs of at most ``budget`` tokens; a longer one is a run by itself.

    >>> list(slices_by_tokens([2, 2, 9, 1], 4))
    [slice(0, 2, None), slice(2, 3, None), slice(3, 4, None)]
    """
    first = total = 0
    for i, length in enumerate(lengths):
        if total and total + length > budget:
            yield slice(first, i)
            first, total = i, 0
        total += length
    if first < len(lengths):
        yield slice(first, len(lengths))


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield lists of ``size`` items, the last perhaps shorter.

    >>> list(batched("abc", 2))
    [['a', 'b'], ['c']]
    """
    remaining = iter(items)
    while piece := list(islice(remaining, size)):
        yield piece
