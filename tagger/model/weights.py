"""Weights in safetensors: half precision, tables of words in 4 bits. PyTorch is not imported."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.model.cells import cell_key
from tagger.model.reading import damaged, read_bytes
from tagger.model.shapes import VECTORS, WORDS

TABLES = (WORDS, VECTORS)
"""The large tables, of which a model reads a few rows per sentence."""
SCALES = ":scales"
LARGEST = float(np.finfo(np.float16).max)
LARGEST_NIBBLE = 7
"""Of a table in 4 bits: values are -7 to 7."""
ZERO_NIBBLE = 8
"""The four bits that mean 0."""

_OLD_NAME = re.compile(r"(?<=\.)(ahead|back)(?=\.)")
_NEW_KEYS = {"ahead": cell_key("forward"), "back": cell_key("backward")}

Weights = dict[str, NDArray[Any]]


class StoredWeights(Mapping[str, NDArray[np.float32]]):
    """Weights as they are stored; each is expanded to single precision on access.

    Args:
        stored: By name; a table of words is accompanied by its scales.
        path: The file that errors name.

    Raises:
        ModelError: A table and its scales do not match.
    """

    def __init__(self, stored: Mapping[str, NDArray[Any]], path: Path = Path()) -> None:
        self._stored = {n: w for n, w in stored.items() if not n.endswith(SCALES)}
        self._scales = {n.removesuffix(SCALES): w for n, w in stored.items() if n.endswith(SCALES)}
        for name, scales in self._scales.items():
            if name not in self._stored or scales.shape != self._stored[name].shape[:1]:
                raise damaged(path, f"the scales of {name} do not match it")

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        return self.rows(name, slice(None))

    def __contains__(self, name: object) -> bool:
        return name in self._stored  # that of `Mapping` would expand the weight

    def __iter__(self) -> Iterator[str]:
        return iter(self._stored)

    def __len__(self) -> int:
        return len(self._stored)

    def rows(self, name: str, ids: NDArray[np.int64] | slice) -> NDArray[np.float32]:
        """Return some rows of a weight."""
        stored = self._stored[name][ids]
        rows = _unpacked(stored) if self._is_packed(name) else stored.astype(np.float32)
        if name in self._scales:
            rows *= self._scales[name][ids].astype(np.float32)[..., None]
        return rows

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of a weight."""
        shape = self._stored[name].shape
        return (*shape[:-1], 2 * shape[-1]) if self._is_packed(name) else shape

    def problem(self, name: str) -> str:
        """Describe what no stored weight may be; empty if all is right.

        Half precision bounds all values, so that nothing computed from them overflows.
        """
        stored, scales = self._stored[name], self._scales.get(name)
        kinds = (np.float16, np.float32) if scales is None else (np.int8, np.uint8)
        if stored.dtype not in kinds:
            return f"has values of the type {stored.dtype}"
        floats = stored if scales is None else scales
        if floats.dtype not in (np.float16, np.float32):
            return f"has scales of the type {floats.dtype}"
        largest = np.abs(floats).max(initial=0)
        if not np.isfinite(largest):
            return "has NaN or infinite values"
        return "" if largest <= LARGEST else "has values that half precision cannot hold"

    def _is_packed(self, name: str) -> bool:
        """Return whether each byte holds two values, as in the tables of format version 5."""
        return name in self._scales and self._stored[name].dtype == np.uint8


def read_tensors(path: Path) -> Weights:
    """Read a safetensors file of a model or a checkpoint, of any version.

    Raises:
        ModelError: It is truncated or damaged.
    """
    return parse_tensors(read_bytes(path), path)


def parse_tensors(content: bytes, path: Path) -> Weights:
    """Parse the content of a safetensors file, of any version.

    Raises:
        ModelError: It is truncated or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensors: Weights = load(content)
    except (SafetensorError, ValueError, KeyError) as error:
        raise damaged(path, str(error)) from None
    return {_current_name(name): tensor for name, tensor in tensors.items()}


def compressed(weights: Mapping[str, NDArray[Any]]) -> Weights:
    """Return weights in the precision in which they are stored."""
    stored: Weights = {}
    for name, weight in weights.items():
        if name in TABLES:
            is_packed = weight.shape[1] % 2 == 0
            largest = LARGEST_NIBBLE if is_packed else 127
            # One scale per row: short vectors of rare words must not drown in long ones.
            scales = (np.abs(weight).max(axis=1) / largest).astype(np.float16)
            divisors = np.where(scales > 0, scales, 1).astype(np.float32)
            whole = np.rint(weight / divisors[:, None]).clip(-largest, largest).astype(np.int8)
            stored[name] = _packed(whole) if is_packed else whole
            stored[name + SCALES] = scales
        else:
            stored[name] = weight.astype(np.float16)
    return stored


def _packed(values: NDArray[np.int8]) -> NDArray[np.uint8]:
    """Put two values of 4 bits into each byte, the first half of a row in the lower bits.

    >>> _packed(np.array([[0, -7, 1, 7]], np.int8)).tolist()
    [[152, 241]]
    """
    low, high = np.split((values + ZERO_NIBBLE).astype(np.uint8), 2, axis=-1)
    return low | (high << np.uint8(4))


def _unpacked(packed: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the values of `_packed`.

    >>> _unpacked(np.array([[152, 241]], np.uint8)).tolist()
    [[0.0, -7.0, 1.0, 7.0]]
    """
    halves = np.concatenate([packed & 0xF, packed >> 4], axis=-1).astype(np.float32)
    halves -= ZERO_NIBBLE
    return halves


def _current_name(name: str) -> str:
    """Rename the weights of format versions 1 and 2, which called directions ahead and back.

    >>> _current_name("encoder.layers.0.ahead.weight_ih_l0")
    'encoder.layers.0.forward_cell.weight_ih_l0'
    """
    return _OLD_NAME.sub(lambda found: _NEW_KEYS[found[1]], name)
