"""Encoders of a form's characters: a convolution or a bidirectional LSTM."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tagger.features.vocabulary import PADDING_CHAR
from tagger.model.shapes import KERNEL_SIZE


class CharCNN(nn.Module):
    """A convolution over three characters, the largest value of each filter (Ma & Hovy 2016).

    Args:
        n_chars: Rows of the character table, padding and unknown included.
        char_dim: Size of a character's vector.
        out_dim: Filters, the size of what comes out.
    """

    def __init__(self, *, n_chars: int, char_dim: int, out_dim: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(n_chars, char_dim, padding_idx=PADDING_CHAR)
        # A matrix product over windows of three: the same sums as Conv1d, faster on a CPU for
        # inputs this narrow, and one operator for every engine.
        self.filters = nn.Linear(KERNEL_SIZE * char_dim, out_dim)

    def forward(self, char_ids: Tensor) -> Tensor:
        """Encode forms.

        Args:
            char_ids: (forms, chars) int64, 0 past a form's end.

        Returns:
            (forms, out_dim), independent of how wide the padding is.
        """
        chars = self.embedding(char_ids)  # (forms, chars, char_dim)
        padded = nn.functional.pad(chars, (0, 0, 1, 1))
        windows = torch.cat([padded[:, :-2], padded[:, 1:-1], padded[:, 2:]], dim=2)
        filtered: Tensor = self.filters(windows)  # (forms, chars, out_dim)
        filtered = filtered.masked_fill((char_ids == PADDING_CHAR)[:, :, None], -torch.inf)
        # A form has at least one character; the ReLU bounds what an empty one would give.
        return filtered.amax(1).relu()


class CharLSTM(nn.Module):
    """The last states of a forward and a backward LSTM over the characters (Lample et al. 2016).

    Args:
        n_chars: Rows of the character table, padding and unknown included.
        char_dim: Size of a character's vector.
        out_dim: Size of what comes out, half of it from each direction.
    """

    def __init__(self, *, n_chars: int, char_dim: int, out_dim: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(n_chars, char_dim, padding_idx=PADDING_CHAR)
        self.forward_cell = nn.LSTM(char_dim, out_dim // 2, batch_first=True)
        self.backward_cell = nn.LSTM(char_dim, out_dim // 2, batch_first=True)

    def forward(self, char_ids: Tensor) -> Tensor:
        """Encode forms; shapes as `CharCNN.forward`."""
        lengths = (char_ids != PADDING_CHAR).sum(1).clamp(min=1)  # (forms,)
        rows = torch.arange(len(char_ids), device=char_ids.device)
        chars = self.embedding(char_ids)
        forward = self.forward_cell(chars)[0][rows, lengths - 1]
        backward = self.backward_cell(reverse_within(chars, lengths))[0][rows, lengths - 1]
        return torch.cat([forward, backward], dim=1)


def reverse_within(sequences: Tensor, lengths: Tensor) -> Tensor:
    """Reverse each sequence within its own length, padding stays at the end.

    Args:
        sequences: (batch, tokens, dim).
        lengths: (batch,) int64.
    """
    positions = torch.arange(sequences.shape[1], device=sequences.device)
    index = lengths[:, None] - 1 - positions  # (batch, tokens)
    index = torch.where(index < 0, positions, index)
    return sequences.gather(1, index[:, :, None].expand_as(sequences))
