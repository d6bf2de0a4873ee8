"""The cells in NumPy: values known beforehand, and PyTorch's layers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tagger.config import EncoderConfig
from tagger.insight.explain.cells import CellWeights, Encoder, rnn
from tagger.model.cells import CELLS
from tests.helpers.encoders import build


def n_parameters(cell: str, direction: str, input_dim: int, hidden_dim: int) -> int:
    encoder = build(cell, direction, input_dim=input_dim, hidden_dim=hidden_dim)
    return sum(p.numel() for name, p in encoder.named_parameters() if name.startswith("layers"))


@pytest.mark.parametrize(
    ("cell", "direction", "expected"),
    [
        ("lstm", "forward", 366_592),
        ("lstm", "backward", 366_592),
        ("lstm", "bi", 733_184),
        ("gru", "forward", 366_592 * 3 // 4),
        ("gru", "bi", 733_184 * 3 // 4),
        ("rnn", "forward", 366_592 // 4),
    ],
)
def test_parameters_of_a_layer(cell: str, direction: str, expected: int) -> None:
    assert n_parameters(cell, direction, input_dim=100, hidden_dim=256) == expected


@pytest.mark.parametrize(("hidden_dim", "expected"), [(1, 5), (2, 12), (8, 96), (64, 4352)])
def test_parameters_of_a_plain_cell_with_one_bias(hidden_dim: int, expected: int) -> None:
    for direction, n_ways in (("forward", 1), ("bi", 2)):
        with_two = n_parameters("rnn", direction, input_dim=3, hidden_dim=hidden_dim)
        # PyTorch's cells have a second bias, which the textbook's lack.
        assert with_two - n_ways * hidden_dim == n_ways * expected


@pytest.mark.parametrize(
    ("merge", "expected"), [("concat", 512), ("sum", 256), ("product", 256), ("projection", 256)]
)
def test_output_size(merge: str, expected: int) -> None:
    encoder = build("lstm", "bi", input_dim=4, hidden_dim=256, merge=merge)
    assert encoder.output_dim == expected
    assert encoder(torch.zeros(1, 2, 4), torch.tensor([2])).shape == (1, 2, expected)


def test_reference_values() -> None:
    random = np.random.RandomState(42)
    words = random.randn(6, 3)
    weights = CellWeights(
        random.randn(2, 3) * 0.1, random.randn(2, 2) * 0.1, np.zeros(2), np.zeros(2)
    )
    both = np.concatenate([rnn(weights, words), rnn(weights, words[::-1])[::-1]], axis=1)
    np.testing.assert_allclose(both[3], [-0.035, 0.0876, -0.0489, 0.0603], atol=5e-5)
    np.testing.assert_allclose(both[5], [0.2381, -0.0301, 0.2356, -0.0389], atol=5e-5)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("direction", ["forward", "backward", "bi"])
@pytest.mark.parametrize("merge", ["concat", "sum", "product", "projection"])
@pytest.mark.parametrize("n_layers", [1, 2])
def test_states_are_those_of_torch(cell: str, direction: str, merge: str, n_layers: int) -> None:
    encoder = build(cell, direction, merge=merge, n_layers=n_layers)
    weights = {f"encoder.{name}": p.detach().numpy() for name, p in encoder.named_parameters()}
    config = EncoderConfig(
        cell=cell, direction=direction, merge=merge, n_layers=n_layers, hidden_dim=5
    )
    inputs = torch.randn(3, 6, 7, generator=torch.Generator().manual_seed(1))
    lengths = torch.tensor([6, 1, 4])  # the others are padded
    with torch.no_grad():
        expected = encoder.by_direction(inputs, lengths)
    for i, n in enumerate(lengths.tolist()):
        found = Encoder(config, weights)(inputs[i, :n].numpy())[-1]
        assert found.keys() == expected.keys()
        for way, states in found.items():
            np.testing.assert_allclose(states, expected[way][i, :n].numpy(), atol=1e-5)
