"""Weights as they are stored, of this version and of older ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from tagger.errors import ModelError
from tagger.model.weights import SCALES, TABLES, StoredWeights, compressed, read_tensors


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("encoder.layers.1.ahead.weight_ih_l0", "encoder.layers.1.forward_cell.weight_ih_l0"),
        ("average.encoder.layers.0.back.bias", "average.encoder.layers.0.backward_cell.bias"),
        ("optimizer.projections.ahead.bias:step", "optimizer.projections.forward_cell.bias:step"),
        ("head_back.linear.weight", "head_back.linear.weight"),
    ],
)
def test_names_of_older_versions_are_read_as_todays(tmp_path: Path, old: str, new: str) -> None:
    save_file({old: np.zeros(2, np.float16)}, tmp_path / "w.safetensors")
    assert list(read_tensors(tmp_path / "w.safetensors")) == [new]


@pytest.mark.parametrize(("width", "kind", "error"), [(4, np.uint8, 0.08), (3, np.int8, 0.005)])
def test_tables_are_stored_in_4_bits_and_in_8_where_two_values_do_not_fill_a_byte(
    width: int, kind: type, error: float
) -> None:
    table = np.random.default_rng(0).normal(size=(50, width)).astype(np.float32)
    table[3] = 0
    table[4] *= 1e-3
    stored = compressed({TABLES[0]: table})
    assert stored[TABLES[0]].dtype == kind
    assert stored[TABLES[0] + SCALES].shape == (50,)
    expanded = StoredWeights(stored)
    assert list(expanded) == [TABLES[0]]
    assert expanded.shape(TABLES[0]) == table.shape
    largest = np.abs(table).max(axis=1, keepdims=True)
    assert (np.abs(expanded[TABLES[0]] - table) <= error * largest).all()
    ids = np.array([[3, 4], [0, 49]])
    np.testing.assert_array_equal(expanded.rows(TABLES[0], ids), expanded[TABLES[0]][ids])
    again = compressed(dict(expanded))
    np.testing.assert_array_equal(again[TABLES[0]], stored[TABLES[0]])


def test_scales_that_do_not_match_are_damage(tmp_path: Path) -> None:
    stored = {"a": np.zeros((3, 2), np.int8), f"a{SCALES}": np.zeros(2, np.float16)}
    with pytest.raises(ModelError) as caught:
        StoredWeights(stored, tmp_path)
    assert caught.value.path == str(tmp_path)
