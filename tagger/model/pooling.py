"""Labels of whole texts: the states of a text become one vector, and that scores of labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from tagger.config import Pooling
from tagger.model.heads import PADDED
from tagger.model.losses import SummedLoss


class Encoded(NamedTuple):
    """A batch as the heads read it."""

    states: Tensor
    """(batch, tokens, output_dim), meaningless past a sentence's end."""
    last: Tensor | None
    """(batch, directions * hidden_dim), see `last_states`; None where no head reads it."""
    lengths: Tensor
    """(batch,) int64, each at least 1."""


def last_states(outputs: Mapping[str, Tensor], lengths: Tensor) -> Tensor:
    """Return the state of each direction after it has read all of a sentence, side by side.

    Args:
        outputs: The last layer's states (batch, tokens, hidden_dim) by direction.
        lengths: (batch,) int64, each at least 1.

    Returns:
        (batch, directions * hidden_dim)
    """
    rows = torch.arange(len(lengths), device=lengths.device)
    ends = {"forward": lengths - 1, "backward": torch.zeros_like(lengths)}
    return torch.cat([states[rows, ends[each]] for each, states in outputs.items()], dim=1)


class TextHead(nn.Module):
    """Pools the states of a text and scores its labels with a linear layer.

    Args:
        input_dim: Size of the pooled vector.
        n_labels: Number of labels.
        pooling: ``final`` for `Encoded.last`; the mean or the maximum of the states; or
            ``attention``, their mean weighted by a softmax over a learned score of each.
        multi_label: Whether each label is independent of the others.
    """

    def __init__(
        self, *, input_dim: int, n_labels: int, pooling: Pooling, multi_label: bool
    ) -> None:
        super().__init__()
        self.pooling = pooling
        self.multi_label = multi_label
        self.linear = nn.Linear(input_dim, n_labels)
        if pooling == "attention":
            self.attention = nn.Linear(input_dim, 1, bias=False)

    def forward(self, encoded: Encoded) -> Tensor:
        """Compute scores (batch, labels)."""
        scores: Tensor = self.linear(self._pooled(encoded))
        return scores

    def _pooled(self, encoded: Encoded) -> Tensor:
        """Return one vector for each text, (batch, input_dim)."""
        if self.pooling == "final":
            assert encoded.last is not None
            return encoded.last
        states, lengths = encoded.states, encoded.lengths
        positions = torch.arange(states.shape[1], device=lengths.device)
        padding = (positions >= lengths[:, None])[:, :, None]  # (batch, tokens, 1)
        if self.pooling == "mean":
            mean: Tensor = states.masked_fill(padding, 0.0).sum(1) / lengths[:, None]
            return mean
        if self.pooling == "max":
            return states.masked_fill(padding, PADDED).amax(1)
        scores: Tensor = self.attention(states)
        weights = scores.masked_fill(padding, PADDED).softmax(1)
        return (states.masked_fill(padding, 0.0) * weights).sum(1)

    def loss(self, scores: Tensor, targets: Tensor) -> SummedLoss:
        """Compute the negative log-likelihood of labelled texts.

        Args:
            scores: (batch, labels).
            targets: (batch, labels), the probability of each label; a row below 0 is of a text
                whose label is missing.
        """
        is_labelled = targets[:, 0] >= 0
        scores, targets = scores[is_labelled], targets[is_labelled]
        if self.multi_label:
            per_label = nn.functional.binary_cross_entropy_with_logits(
                scores, targets, reduction="none"
            )
            loss = per_label.sum()
        else:
            loss = -(targets * scores.log_softmax(1)).sum()
        return SummedLoss(loss, is_labelled.sum())
