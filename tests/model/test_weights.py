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


def test_tables_are_stored_in_8_bits_with_a_scale_per_row() -> None:
    weights = {TABLES[0]: np.array([[0, 0], [1, -2], [1e-3, 5e-4]], np.float32)}
    stored = compressed(weights)
    assert stored[TABLES[0]].dtype == np.int8
    assert stored[TABLES[0] + SCALES].shape == (3,)
    expanded = StoredWeights(stored)
    assert list(expanded) == [TABLES[0]]
    np.testing.assert_allclose(expanded[TABLES[0]], weights[TABLES[0]], rtol=1e-2, atol=1e-2)
    np.testing.assert_array_equal(compressed(dict(expanded))[TABLES[0]], stored[TABLES[0]])


def test_scales_that_do_not_match_are_damage(tmp_path: Path) -> None:
    stored = {"a": np.zeros((3, 2), np.int8), f"a{SCALES}": np.zeros(2, np.float16)}
    with pytest.raises(ModelError) as caught:
        StoredWeights(stored, tmp_path)
    assert caught.value.path == str(tmp_path)
