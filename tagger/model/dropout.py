"""Dropout over sequences."""

from __future__ import annotations

from torch import Tensor, nn


class SequenceDropout(nn.Module):
    """Dropout on (batch, tokens, dim).

    Args:
        prob: Probability of zeroing a value.
        shared: One mask for all tokens of a sentence (Gal & Ghahramani 2016) instead of one each.
    """

    def __init__(self, prob: float, *, shared: bool) -> None:
        super().__init__()
        self.prob = prob
        self.shared = shared

    def forward(self, states: Tensor) -> Tensor:
        """Drop in training, pass through otherwise; the shape stays."""
        if not self.training or self.prob == 0.0:
            return states
        if not self.shared:
            return nn.functional.dropout(states, self.prob)
        keep = states.new_ones(states.shape[0], 1, states.shape[2])
        return states * nn.functional.dropout(keep, self.prob)
