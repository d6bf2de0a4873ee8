"""The recurrent encoder: cell × direction × layers × merge."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from tagger.config import DIRECTIONS
from tagger.errors import UsageError, unknown_name
from tagger.model.characters import reverse_within

CELLS: dict[str, Callable[..., nn.RNNBase]] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
MERGES = ("concat", "sum", "product", "projection")


class RecurrentEncoder(nn.Module):
    """Reads each sentence in one direction or both.

    Each direction is a dense pass of its own; the backward one goes over the sentences reversed
    within their own length. So padding never reaches a state, and a sentence's output does not
    depend on the batch that it is in.

    Args:
        input_dim: Size of a token's vector.
        cell: A key of `CELLS`.
        direction: A key of `tagger.config.DIRECTIONS`.
        hidden_dim: Units of each direction.
        n_layers: Recurrent layers, each over the merged output of the one before.
        merge: One of `MERGES`: how the directions are combined; ignored with one direction.
        layer_dropout: Dropout between layers.

    Raises:
        UsageError: An unknown name.
    """

    def __init__(
        self,
        *,
        input_dim: int,
        cell: str,
        direction: str,
        hidden_dim: int,
        n_layers: int,
        merge: str,
        layer_dropout: float,
    ) -> None:
        super().__init__()
        for kind, name, valid in (
            ("cell", cell, CELLS),
            ("direction", direction, DIRECTIONS),
            ("merge", merge, MERGES),
        ):
            if name not in valid:
                raise UsageError(unknown_name(kind, name, valid))
        two_way = direction == "bi"
        self.output_dim = hidden_dim * (2 if two_way and merge == "concat" else 1)
        self.hidden_dim = hidden_dim
        self.ways = DIRECTIONS[direction]
        self.merge = merge
        self.layers = nn.ModuleList()
        self.projections = nn.ModuleList()
        for i in range(n_layers):
            dim = input_dim if i == 0 else self.output_dim
            passes = {way: CELLS[cell](dim, hidden_dim, batch_first=True) for way in self.ways}
            self.layers.append(nn.ModuleDict(passes))
            if two_way and merge == "projection":
                self.projections.append(nn.Linear(2 * hidden_dim, hidden_dim))
        self.dropout = nn.Dropout(layer_dropout)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Orthogonal recurrent weights, Xavier input weights, forget-gate bias 1."""
        for name, parameter in self.layers.named_parameters():
            if "weight_hh" in name:
                for gate in parameter.data.view(-1, parameter.shape[1], parameter.shape[1]):
                    nn.init.orthogonal_(gate)
            elif "weight_ih" in name:
                nn.init.xavier_uniform_(parameter)
            else:
                nn.init.zeros_(parameter)
        for layer in self.layers:
            assert isinstance(layer, nn.ModuleDict)
            for one_way in layer.values():
                if isinstance(one_way, nn.LSTM):
                    # torch orders the gates: input, forget, cell, output (Jozefowicz et al. 2015
                    # on the bias of 1).
                    size = one_way.hidden_size
                    nn.init.ones_(one_way.get_parameter("bias_ih_l0").data[size : 2 * size])

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Encode sentences.

        Args:
            inputs: (batch, tokens, input_dim).
            lengths: (batch,) int64, each at least 1.

        Returns:
            (batch, tokens, output_dim); what lies past a sentence's end is meaningless.
        """
        outputs = self.by_way(inputs, lengths)
        return self._merged(list(outputs.values()), len(self.layers) - 1)

    def by_way(self, inputs: Tensor, lengths: Tensor) -> dict[str, Tensor]:
        """Encode sentences up to the last merge.

        Args:
            inputs: (batch, tokens, input_dim).
            lengths: (batch,) int64, each at least 1.

        Returns:
            The last layer's states (batch, tokens, hidden_dim) of each of ``ways``.
        """
        states = inputs
        outputs: dict[str, Tensor] = {}
        for i in range(len(self.layers)):
            if i > 0:
                states = self.dropout(self._merged(list(outputs.values()), i - 1))
            outputs = {way: self._read(way, i, states, lengths) for way in self.ways}
        return outputs

    def one_sided(self, way: str, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Encode sentences in one of the directions as if there were no other.

        Where a layer merges both, the other's part is zero: no layer sees the other side, so the
        state at a token knows nothing of what is still to be read.

        Args:
            way: One of ``ways``.
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
                        [states if w == way else nothing for w in self.ways], i - 1
                    )
                states = self.dropout(states)
            states = self._read(way, i, states, lengths)
        return states

    def _read(self, way: str, layer: int, states: Tensor, lengths: Tensor) -> Tensor:
        """A layer's pass in one direction."""
        passes = self.layers[layer]
        assert isinstance(passes, nn.ModuleDict)
        if way == "back":
            states = reverse_within(states, lengths)
        one_way = passes[way]
        # Half precision trains an LSTM twice as fast where the processor has it, at no loss that
        # could be measured (docs/results.md); what a trained model computes stays in full.
        half = self.training and isinstance(one_way, nn.LSTM) and has_bfloat16(states.device)
        with torch.autocast(states.device.type, torch.bfloat16, enabled=half):
            output: Tensor = one_way(states)[0]
        output = output.float()
        return reverse_within(output, lengths) if way == "back" else output

    def _merged(self, outputs: list[Tensor], layer: int) -> Tensor:
        if len(outputs) == 1:
            return outputs[0]
        ahead, back = outputs
        if self.merge == "sum":
            return ahead + back
        if self.merge == "product":
            return ahead * back
        both = torch.cat([ahead, back], dim=2)
        if self.merge == "projection":
            projected: Tensor = self.projections[layer](both)
            return projected.tanh()
        return both


def has_bfloat16(device: torch.device) -> bool:
    """Whether a device multiplies in bfloat16, and not by way of something slower."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "cpu" and bool(torch.cpu._is_avx512_bf16_supported())
