"""The table of cells has every cell that a configuration may name, and all else follows it."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest
import torch

from tagger.cli.options import one_of
from tagger.config import Cell, Config, Direction, EncoderConfig, Merge
from tagger.errors import UsageError
from tagger.insight.compare.grid import GRID
from tagger.insight.explain import cells as in_numpy
from tagger.model import encoder as in_torch
from tagger.model.cells import CELLS, cell_key
from tagger.model.encoder import RecurrentEncoder
from tagger.model.shapes import encoder_shapes
from tagger.runtime.engines.graph import initializers

NAMES: tuple[Cell, ...] = get_args(Cell)


def build(cell: Cell) -> RecurrentEncoder:
    return RecurrentEncoder(
        input_dim=3,
        cell=cell,
        direction="bi",
        hidden_dim=5,
        n_layers=2,
        merge="concat",
        layer_dropout=0.0,
    )


def test_every_table_has_every_cell() -> None:
    for table in (CELLS, in_torch.LAYERS, in_numpy.LAYERS):
        assert tuple(table) == NAMES
    assert GRID["encoder.cell"] == NAMES
    assert all(name in one_of(Cell) for name in NAMES)
    assert GRID["encoder.direction"] == get_args(Direction)
    assert GRID["encoder.merge"] == get_args(Merge)


@pytest.mark.parametrize("cell", NAMES)
def test_the_table_fits_the_layers_of_torch(cell: Cell) -> None:
    spec = CELLS[cell]
    layer = in_torch.LAYERS[cell](3, 5)
    assert layer.weight_hh_l0.shape == (len(spec.gates) * 5, 5)
    state = layer(torch.zeros(1, 1, 3))[1]
    assert len(spec.states) == (len(state) if isinstance(state, tuple) else 1)
    assert sorted(spec.gate_order) == list(range(len(spec.gates)))


@pytest.mark.parametrize("cell", NAMES)
def test_shapes_are_those_of_the_network(cell: Cell) -> None:
    built = {f"encoder.{name}": tuple(p.shape) for name, p in build(cell).named_parameters()}
    config = EncoderConfig(cell=cell, hidden_dim=5, n_layers=2)
    assert encoder_shapes(config, 3) == built


@pytest.mark.parametrize("cell", NAMES)
def test_gates_are_in_the_order_of_the_operator(cell: Cell) -> None:
    encoder = build(cell)
    weights = {f"encoder.{name}": p.detach().numpy() for name, p in encoder.named_parameters()}
    config = EncoderConfig(cell=cell, hidden_dim=5, n_layers=2)
    tensors = initializers(config, [], weights, "fp32")
    spec = CELLS[cell]
    stored = weights[f"encoder.layers.0.{cell_key('backward')}.weight_hh_l0"]
    for i, gate in enumerate(spec.operator_gates):
        first = spec.gates.index(gate) * 5
        assert (tensors["r0"][1, i * 5 : i * 5 + 5] == stored[first : first + 5]).all()


def test_only_the_biases_of_forget_gates_start_at_one() -> None:
    for cell, spec in CELLS.items():
        for name, bias in build(cell).layers.named_parameters():
            if "bias" in name:
                ones = [gate == "forget" and "bias_ih" in name for gate in spec.gates]
                assert bias.view(-1, 5).tolist() == [[float(one)] * 5 for one in ones]


def test_an_unknown_cell_lists_the_valid_ones() -> None:
    with pytest.raises(UsageError, match="ltsm") as caught:
        build("ltsm")  # type: ignore[arg-type]
    assert caught.value.expected == NAMES


def test_the_configuration_checks_the_cell() -> None:
    for name in NAMES:
        assert msgspec.convert({"encoder": {"cell": name}}, Config).encoder.cell == name
