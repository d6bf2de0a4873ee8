"""Labels of whole texts in the graph, and in NumPy for texts that are read in pieces.

See `tagger.model.pooling` for what is computed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.model.heads import PADDED, HeadSpec, head_key
from tagger.runtime.decoding import Floats, Ids
from tagger.runtime.engines.onnx_format import node

LEAST_SCORE = np.array(PADDED, dtype=np.float32)

FLOAT, INT32 = 1, 6
"""Types of values in ONNX."""


def reads_states(heads: Sequence[HeadSpec]) -> bool:
    """Return whether a head pools all the states of a text."""
    return any(head.pooling not in ("", "final") for head in heads)


def pooling_nodes(heads: Sequence[HeadSpec], states: str, last: str) -> list[bytes]:
    """Build the nodes that make one vector ``{head}.pooled`` (batch, dim) for each text head.

    Args:
        heads: The model's heads.
        states: The name of the states (tokens, batch, dim).
        last: The name of the last states (directions, batch, units) of the last layer.
    """
    nodes = _mask() if reads_states(heads) else []
    for head in heads:
        key = head_key(head.name)
        if head.pooling == "final":
            nodes += [
                node("Transpose", [last], [f"{key}.t"], perm=[1, 0, 2]),
                node("Constant", [], [f"{key}.shape"], value_ints=[0, -1]),
                node("Reshape", [f"{key}.t", f"{key}.shape"], [f"{key}.pooled"]),
            ]
        elif head.pooling == "max":
            nodes += [
                node("Where", ["inside", states, "least"], [f"{key}.inside"]),
                node("ReduceMax", [f"{key}.inside"], [f"{key}.pooled"], axes=[0], keepdims=0),
            ]
        elif head.pooling == "mean":
            nodes += [
                node("Cast", ["inside"], [f"{key}.inside"], to=FLOAT),
                node("Cast", ["lengths"], [f"{key}.lengths"], to=FLOAT),
                node("Unsqueeze", [f"{key}.lengths", "axis_1"], [f"{key}.n"]),
                node("Div", [f"{key}.inside", f"{key}.n"], [f"{key}.weights"]),
                *_weighted_sum(key, states),
            ]
        elif head.pooling == "attention":
            nodes += [
                node("MatMul", [states, f"{key}.a"], [f"{key}.all"]),
                node("Where", ["inside", f"{key}.all", "least"], [f"{key}.inside"]),
                node("Softmax", [f"{key}.inside"], [f"{key}.weights"], axis=0),
                *_weighted_sum(key, states),
            ]
    return nodes


def _mask() -> list[bytes]:
    """Build the nodes of ``inside`` (tokens, batch, 1), whether a state is of a token."""
    return [
        *(node("Constant", [], [f"axis_{i}"], value_ints=[i]) for i in range(3)),
        node("Constant", [], ["number_0"], value_int=0),
        node("Constant", [], ["number_1"], value_int=1),
        node("Shape", ["rows"], ["shape_of_rows"]),
        node("Gather", ["shape_of_rows", "number_0"], ["n_tokens"]),
        node("Range", ["number_0", "n_tokens", "number_1"], ["numbers"]),
        node("Cast", ["numbers"], ["positions"], to=INT32),
        node("Unsqueeze", ["positions", "axis_1"], ["column"]),
        node("Less", ["column", "lengths"], ["is_inside"]),
        node("Unsqueeze", ["is_inside", "axis_2"], ["inside"]),
    ]


def _weighted_sum(key: str, states: str) -> list[bytes]:
    return [
        node("Mul", [states, f"{key}.weights"], [f"{key}.weighted"]),
        node("ReduceSum", [f"{key}.weighted", "axis_0"], [f"{key}.pooled"], keepdims=0),
    ]


def pooling_tensors(
    heads: Sequence[HeadSpec], weights: Mapping[str, NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    """Return the values that `pooling_nodes` refer to."""
    tensors: dict[str, NDArray[Any]] = {}
    for head in heads:
        if head.pooling in ("max", "attention"):
            tensors["least"] = LEAST_SCORE
        if head.pooling == "attention":
            key = head_key(head.name)
            tensors[f"{key}.a"] = np.ascontiguousarray(weights[f"{key}.attention.weight"].T)
    return tensors


class PooledPieces:
    """Scores the labels of texts that are read in pieces, in the memory of one piece.

    Args:
        heads: Text heads.
        tensors: What the graph's names stand for.
        lengths: (batch,), the tokens of each text.
        directions: Those of the encoder.
    """

    def __init__(
        self,
        heads: Sequence[HeadSpec],
        tensors: Mapping[str, NDArray[Any]],
        lengths: Ids,
        directions: Sequence[str],
    ) -> None:
        self._heads, self._tensors, self._lengths = heads, tensors, lengths
        self._directions = directions
        self._pooled: dict[str, Floats] = {}
        self._totals: dict[str, Floats] = {}  # of weights, (batch, 1)
        self._largest: dict[str, Floats] = {}  # scores of attention, (batch, 1)

    def add(self, first: int, last: Floats, states: Floats | None) -> None:
        """Add a piece; pieces come in order.

        Args:
            first: The number of its first token in the text.
            last: (directions, batch, units), the states at its ends.
            states: (tokens, batch, dim); None where no head reads them.
        """
        begun = self._lengths > first
        for head in self._heads:
            if head.pooling == "final":
                pooled = self._pooled.setdefault(head.name, last.copy())
                for i, direction in enumerate(self._directions):
                    if direction == "forward":
                        pooled[i, begun] = last[i, begun]
            else:
                assert states is not None
                inside = (first + np.arange(len(states)))[:, None] < self._lengths
                self._add_states(head, states, inside[:, :, None])

    def _add_states(self, head: HeadSpec, states: Floats, inside: NDArray[np.bool_]) -> None:
        name = head.name
        if head.pooling == "max":
            of_piece = np.where(inside, states, LEAST_SCORE).max(axis=0)
            self._pooled[name] = np.maximum(self._pooled.get(name, of_piece), of_piece)
            return
        weights = inside.astype(np.float32)
        if head.pooling == "attention":
            scores = states @ self._tensors[f"{head_key(name)}.a"]
            scores = np.where(inside, scores, LEAST_SCORE)
            before = self._largest.get(name, LEAST_SCORE)
            largest = np.maximum(before, scores.max(axis=0))
            self._largest[name] = largest
            weights = np.exp(scores - largest)
            if name in self._pooled:  # what was added before is relative to a smaller score
                self._pooled[name] *= np.exp(before - largest)
                self._totals[name] *= np.exp(before - largest)
        self._pooled[name] = self._pooled.get(name, 0) + (states * weights).sum(axis=0)
        self._totals[name] = self._totals.get(name, 0) + weights.sum(axis=0)

    def scores(self) -> dict[str, Floats]:
        """Return (batch, labels) by head, once all pieces are added."""
        found: dict[str, Floats] = {}
        for head in self._heads:
            pooled, key = self._pooled[head.name], head_key(head.name)
            if head.pooling == "final":
                pooled = pooled.transpose(1, 0, 2).reshape(len(self._lengths), -1)
            elif head.name in self._totals:
                pooled = pooled / self._totals[head.name]
            scores: Floats = pooled @ self._tensors[f"{key}.w"] + self._tensors[f"{key}.b"]
            found[head.name] = scores
        return found
