"""Sentences of like length together, by a budget of tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def batches_by_length(
    lengths: Sequence[int] | NDArray[np.integer[Any]], budget: int
) -> list[list[int]]:
    """Group sentences so that little is padding.

    Args:
        lengths: Tokens of each sentence.
        budget: The most tokens of a batch, padding included; a longer sentence is one by itself.

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
