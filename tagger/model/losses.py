"""Losses as sums, so that those of parts of a batch can be added up."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class SummedLoss(NamedTuple):
    """A sum over what is annotated, and what it is divided by."""

    total: Tensor
    """A scalar."""
    n: Tensor
    """The number of annotated tokens or labelled texts, a scalar; 0 with a total of 0."""

    @property
    def mean(self) -> Tensor:
        """The mean, a scalar."""
        return self.over(self.n)

    def over(self, n: Tensor) -> Tensor:
        """Return the share of this sum in a mean over ``n``, a scalar."""
        return (self.total / n.clamp(min=1)).float()
