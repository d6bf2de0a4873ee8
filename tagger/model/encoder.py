"""The recurrent encoder: cell × direction × layers × merge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import get_args

import torch
from torch import Tensor, nn

from tagger.config import DIRECTIONS, Cell, Direction, Merge
from tagger.errors import UsageError, unknown_name
from tagger.model.cells import CELLS, cell_key
from tagger.model.characters import reverse_within

LAYERS: dict[Cell, Callable[..., nn.RNNBase]] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


class RecurrentEncoder(nn.Module):
    """Reads each sentence in one direction or both.

    Each direction is a separate dense pass; the backward one reads the sentences reversed within
    their own length. So padding never reaches a state, and a sentence's output does not depend on
    the batch that it is in.

    Args:
        input_dim: Size of a token's vector.
        cell: A key of `tagger.model.cells.CELLS`.
        direction: A key of `tagger.config.DIRECTIONS`.
        hidden_dim: Units of each direction.
        n_layers: Recurrent layers, each over the merged output of the one before.
        merge: How the directions are combined; ignored with one direction.
        layer_dropout: Dropout between layers.

    Raises:
        UsageError: An unknown name.
    """

    def __init__(
        self,
        *,
        input_dim: int,
        cell: Cell,
        direction: Direction,
        hidden_dim: int,
        n_layers: int,
        merge: Merge,
        layer_dropout: float,
    ) -> None:
        super().__init__()
        for kind, name, valid in (
            ("cell", cell, LAYERS),
            ("direction", direction, DIRECTIONS),
            ("merge", merge, get_args(Merge)),
        ):
            if name not in valid:
                raise UsageError(unknown_name(kind, name, valid), expected=valid)
        self.directions = DIRECTIONS[direction]
        is_bidirectional = len(self.directions) == 2
        self.output_dim = hidden_dim * (2 if is_bidirectional and merge == "concat" else 1)
        self.hidden_dim = hidden_dim
        self._gates = CELLS[cell].gates
        self.merge = merge
        self.layers = nn.ModuleList()
        self.projections = nn.ModuleList()
        for i in range(n_layers):
            dim = input_dim if i == 0 else self.output_dim
            cells = {
                cell_key(each): LAYERS[cell](dim, hidden_dim, batch_first=True)
                for each in self.directions
            }
            self.layers.append(nn.ModuleDict(cells))
            if is_bidirectional and merge == "projection":
                self.projections.append(nn.Linear(2 * hidden_dim, hidden_dim))
        self.dropout = nn.Dropout(layer_dropout)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw orthogonal recurrent and Xavier input weights; set biases of forget gates to 1."""
        for name, parameter in self.layers.named_parameters():
            if "weight_hh" in name:
                for gate in parameter.data.view(-1, parameter.shape[1], parameter.shape[1]):
                    nn.init.orthogonal_(gate)
            elif "weight_ih" in name:
                nn.init.xavier_uniform_(parameter)
            else:
                nn.init.zeros_(parameter)
        if "forget" in self._gates:
            first = self._gates.index("forget") * self.hidden_dim
            for name, parameter in self.layers.named_parameters():
                if "bias_ih" in name:  # Jozefowicz et al. 2015 on the bias of 1
                    nn.init.ones_(parameter.data[first : first + self.hidden_dim])

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Encode sentences.

        Args:
            inputs: (batch, tokens, input_dim).
            lengths: (batch,) int64, each at least 1.

        Returns:
            (batch, tokens, output_dim); what lies past a sentence's end is meaningless.
        """
        return self.merged(self.by_direction(inputs, lengths))

    def merged(self, outputs: Mapping[str, Tensor]) -> Tensor:
        """Merge the directions of the last layer, as `by_direction` returns them."""
        return self._merged(list(outputs.values()), len(self.layers) - 1)

    def by_direction(self, inputs: Tensor, lengths: Tensor) -> dict[str, Tensor]:
        """Encode sentences up to the last merge.

        Args:
            inputs: (batch, tokens, input_dim).
            lengths: (batch,) int64, each at least 1.

        Returns:
            The last layer's states (batch, tokens, hidden_dim) of each of ``directions``.
        """
        states = inputs
        outputs: dict[str, Tensor] = {}
        for i in range(len(self.layers)):
            if i > 0:
                states = self.dropout(self._merged(list(outputs.values()), i - 1))
            outputs = {each: self._read(each, i, states, lengths) for each in self.directions}
        return outputs

    def one_sided(self, direction: str, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Encode sentences in one of the directions as if there were no other.

        Where a layer merges both, the other's part is zero: no layer sees the other side, so the
        state at a token knows nothing of what is still to be read.

        Args:
            direction: One of ``directions``.
            inputs: (batch, tokens, input_dim).
            lengths: (batch,) int64, each at least 1.

        Returns:
            (batch, tokens, hidden_dim); what lies past a sentence's end is meaningless.
        """
        states = inputs
        for i in range(len(self.layers)):
            if i > 0:
                nothing = torch.zeros_like(states)
                if self.merge != "product":
                    states = self._merged(
                        [states if each == direction else nothing for each in self.directions],
                        i - 1,
                    )
                states = self.dropout(states)
            states = self._read(direction, i, states, lengths)
        return states

    def _read(self, direction: str, layer: int, states: Tensor, lengths: Tensor) -> Tensor:
        """Run one layer in one direction."""
        cells = self.layers[layer]
        assert isinstance(cells, nn.ModuleDict)
        cell = cells[cell_key(direction)]
        if direction == "backward":
            states = reverse_within(states, lengths)
        # Half precision trains an LSTM twice as fast where the processor supports it, at no
        # measurable loss (docs/results.md); a trained model computes in single precision.
        half = self.training and isinstance(cell, nn.LSTM) and has_bfloat16(states.device)
        with torch.autocast(states.device.type, torch.bfloat16, enabled=half):
            output: Tensor = cell(states)[0]
        output = output.float()
        return reverse_within(output, lengths) if direction == "backward" else output

    def _merged(self, outputs: list[Tensor], layer: int) -> Tensor:
        if len(outputs) == 1:
            return outputs[0]
        forward, backward = outputs
        if self.merge == "sum":
            return forward + backward
        if self.merge == "product":
            return forward * backward
        both = torch.cat([forward, backward], dim=2)
        if self.merge == "projection":
            projected: Tensor = self.projections[layer](both)
            return projected.tanh()
        return both


def has_bfloat16(device: torch.device) -> bool:
    """Return whether a device multiplies in bfloat16 natively, without slower emulation."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "cpu" and bool(torch.cpu._is_avx512_bf16_supported())
