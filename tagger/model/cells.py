"""The recurrent cells in one table; what trains, explains or exports a cell reads it here.

A new cell is a name in `tagger.config.Cell`, a row here, a layer in `tagger.model.encoder` and a
function in `tagger.insight.explain.cells`. PyTorch is not imported.
"""

from __future__ import annotations

from typing import NamedTuple

from tagger.config import Cell


class CellSpec(NamedTuple):
    """A recurrent cell: its gates and states, and its operators in ONNX."""

    gates: tuple[str, ...]
    """Blocks of rows in the stored weights, in PyTorch's order; ``new`` is the candidate state."""
    states: tuple[str, ...]
    """The values that the cell carries from token to token."""
    operator: str
    """The operator in ONNX."""
    operator_gates: tuple[str, ...]
    """The gates in the operator's order."""
    activations: tuple[str, ...] = ()
    """The operator's activations for one direction; empty for its defaults."""
    linear_before_reset: bool = False
    """Whether the operator must apply the reset gate after the recurrent product, as PyTorch."""
    int8_operator: str = ""
    """The operator of ONNX Runtime with 8-bit weights; empty if it has none."""

    @property
    def gate_order(self) -> tuple[int, ...]:
        """The operator's gates as their positions in PyTorch's order.

        >>> CELLS["lstm"].gate_order
        (0, 3, 1, 2)
        """
        return tuple(self.gates.index(gate) for gate in self.operator_gates)


CELLS: dict[Cell, CellSpec] = {
    "rnn": CellSpec(
        gates=("new",),
        states=("h",),
        operator="RNN",
        operator_gates=("new",),
        activations=("Tanh",),
    ),
    "gru": CellSpec(
        gates=("reset", "update", "new"),
        states=("h",),
        operator="GRU",
        operator_gates=("update", "reset", "new"),
        linear_before_reset=True,
    ),
    "lstm": CellSpec(
        gates=("input", "forget", "new", "output"),
        states=("h", "c"),
        operator="LSTM",
        operator_gates=("input", "output", "forget", "new"),
        int8_operator="DynamicQuantizeLSTM",
    ),
}


def cell_key(direction: str) -> str:
    """Return the name of a direction's cell in the weights: ``encoder.layers.0.forward_cell``."""
    return f"{direction}_cell"
