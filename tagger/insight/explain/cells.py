"""Recurrent layers in NumPy that expose their states: no batches, no padding, no gradients.

They read a sentence at a time, with the weights as a model stores them, and compute the same as
PyTorch's layers (its documentation of ``RNN``, ``GRU`` and ``LSTM`` has the formulas).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from tagger.config import Cell, EncoderConfig
from tagger.model.cells import CELLS, cell_key
from tagger.runtime.decoding import Floats
from tagger.runtime.engines.embedding import sigmoid


class CellWeights(NamedTuple):
    """The weights of a cell, with gates in PyTorch's order."""

    from_input: Floats  # (gates * hidden_dim, input_dim)
    from_state: Floats  # (gates * hidden_dim, hidden_dim)
    input_bias: Floats  # (gates * hidden_dim,)
    state_bias: Floats  # (gates * hidden_dim,)


def rnn(weights: CellWeights, inputs: Floats) -> Floats:
    """Compute states (tokens, hidden_dim) of inputs (tokens, input_dim), as Elman (1990) does."""
    moved = inputs @ weights.from_input.T + weights.input_bias + weights.state_bias
    states = np.zeros((len(inputs), weights.from_state.shape[1]), dtype=moved.dtype)
    state = np.zeros_like(moved[0])
    for t, x in enumerate(moved):
        states[t] = state = np.tanh(x + weights.from_state @ state)
    return states


def gru(weights: CellWeights, inputs: Floats) -> Floats:
    """Compute states with a reset and an update gate (Cho et al. 2014); shapes as for `rnn`.

    The reset gate is applied after the recurrent product, bias included, as in cuDNN and
    PyTorch; the paper applies it to the state before the product.
    """
    moved = inputs @ weights.from_input.T + weights.input_bias
    size = weights.from_state.shape[1]
    states = np.zeros((len(inputs), size), dtype=moved.dtype)
    state = np.zeros_like(moved[0, :size])
    for t, x in enumerate(moved):
        a = _by_gate("gru", x)
        b = _by_gate("gru", weights.from_state @ state + weights.state_bias)
        reset, update = sigmoid(a["reset"] + b["reset"]), sigmoid(a["update"] + b["update"])
        new = np.tanh(a["new"] + reset * b["new"])
        states[t] = state = (1 - update) * new + update * state
    return states


def lstm(weights: CellWeights, inputs: Floats) -> Floats:
    """Compute states with three gates and a memory (Gers et al. 2000); shapes as for `rnn`."""
    moved = inputs @ weights.from_input.T + weights.input_bias + weights.state_bias
    size = weights.from_state.shape[1]
    states = np.zeros((len(inputs), size), dtype=moved.dtype)
    state = memory = np.zeros_like(moved[0, :size])
    for t, x in enumerate(moved):
        gates = _by_gate("lstm", x + weights.from_state @ state)
        new = sigmoid(gates["input"]) * np.tanh(gates["new"])
        memory = sigmoid(gates["forget"]) * memory + new
        states[t] = state = sigmoid(gates["output"]) * np.tanh(memory)
    return states


def _by_gate(cell: Cell, values: Floats) -> dict[str, Floats]:
    gates = CELLS[cell].gates
    return dict(zip(gates, np.split(values, len(gates)), strict=True))


LAYERS: dict[Cell, Callable[[CellWeights, Floats], Floats]] = {"rnn": rnn, "gru": gru, "lstm": lstm}


class Encoder:
    """The encoder of a model, which returns its states by layer and direction.

    Args:
        config: Its configuration.
        weights: The weights of the model, by name.
    """

    def __init__(self, config: EncoderConfig, weights: Mapping[str, Floats]) -> None:
        self.config = config
        self._weights = weights

    def __call__(self, inputs: Floats) -> list[dict[str, Floats]]:
        """Read a sentence.

        Args:
            inputs: (tokens, input_dim), at least one token.

        Returns:
            For each layer the states (tokens, hidden_dim) of each direction (``forward``,
            ``backward``), before they are merged.
        """
        layers = []
        for layer in range(self.config.n_layers):
            states = {each: self._read(each, layer, inputs) for each in self.config.directions}
            layers.append(states)
            inputs = self._merged(list(states.values()), layer)
        return layers

    def _read(self, direction: str, layer: int, inputs: Floats) -> Floats:
        prefix = f"encoder.layers.{layer}.{cell_key(direction)}"
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        weights = CellWeights(*(self._weights[f"{prefix}.{name}_l0"] for name in names))
        read = LAYERS[self.config.cell]
        if direction == "backward":
            return read(weights, inputs[::-1])[::-1]
        return read(weights, inputs)

    def _merged(self, states: list[Floats], layer: int) -> Floats:
        if len(states) == 1:
            return states[0]
        forward, backward = states
        if self.config.merge == "sum":
            return forward + backward
        if self.config.merge == "product":
            return forward * backward
        both = np.concatenate([forward, backward], axis=1)
        if self.config.merge == "projection":
            weight = self._weights[f"encoder.projections.{layer}.weight"]
            projected: Floats = np.tanh(
                both @ weight.T + self._weights[f"encoder.projections.{layer}.bias"]
            )
            return projected
        return both
