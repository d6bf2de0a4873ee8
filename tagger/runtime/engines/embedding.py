"""The embedder in NumPy, without PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np

from tagger.config import EmbedderConfig
from tagger.features.forms import FormFeatures, Ids
from tagger.features.vocabulary import PADDING_CHAR
from tagger.model.shapes import KERNEL_SIZE
from tagger.model.weights import StoredWeights
from tagger.runtime.decoding import Floats

PART = "embedder.parts."
PIECE = 256


class FormEmbedder:
    """Computes what `tagger.model.embedder.Embedder` does, to the last digits of single precision.

    Args:
        config: The model's embedder.
        weights: Its weights; of the tables only the requested rows are expanded.
    """

    def __init__(self, config: EmbedderConfig, weights: StoredWeights) -> None:
        self._weights = weights
        encode_chars = {"cnn": self._convolved, "lstm": self._read}.get(config.char_encoder)
        self._encode_chars: Callable[[Ids], Floats] | None = encode_chars
        names = ("word_ids", "affix_ids", "shape_ids", "case_ids", "vector_ids")
        self._tables = [name for name in names if f"{PART}{name}.weight" in weights]
        self.dim = sum(weights.shape(f"{PART}{name}.weight")[1] for name in self._tables)
        if encode_chars is not None:
            self.dim += config.char_out_dim

    def __call__(self, features: FormFeatures[Ids]) -> Floats:
        """Embed distinct forms: (forms, dim)."""
        n_forms = len(features.word_ids)
        vectors = np.empty((n_forms, self.dim), dtype=np.float32)
        for first in range(0, n_forms, PIECE):  # what fits the caches is computed at once
            piece = FormFeatures(*(ids[first : first + PIECE] for ids in features))
            vectors[first : first + PIECE] = self._embed(piece)
        return vectors

    def _embed(self, features: FormFeatures[Ids]) -> Floats:
        parts = []
        for name in self._tables:
            rows = self._weights.rows(f"{PART}{name}.weight", getattr(features, name))
            parts.append(rows.sum(axis=1) if name == "affix_ids" else rows)
        if self._encode_chars is not None:
            parts.append(self._encode_chars(features.char_ids))
        vectors: Floats = np.concatenate(parts, axis=1)
        return vectors

    def _convolved(self, char_ids: Ids) -> Floats:
        """Compute the largest value of each filter over windows of three characters; see `CharCNN`.

        What a character adds to a window depends on its place there alone, so it is looked up.
        """
        inside = char_ids != PADDING_CHAR
        inside[:, 0] = True  # of an empty form
        padded = np.pad(char_ids, ((0, 0), (1, 1)))
        filtered = self._filters[0][padded[:, :-2][inside]]  # (characters of all forms, out_dim)
        filtered += self._filters[1][char_ids[inside]]
        filtered += self._filters[2][padded[:, 2:][inside]]
        lengths = inside.sum(axis=1)
        largest = np.maximum.reduceat(filtered, np.cumsum(lengths) - lengths)
        largest += self._weights[f"{PART}char_ids.filters.bias"]
        np.maximum(largest, 0, out=largest)
        largest[char_ids[:, 0] == PADDING_CHAR] = 0
        return largest

    @cached_property
    def _filters(self) -> Floats:
        """(places, characters, out_dim): what each character adds at each place of a window."""
        chars = self._weights[f"{PART}char_ids.embedding.weight"]
        filters = self._weights[f"{PART}char_ids.filters.weight"]  # (out_dim, places × char_dim)
        of_place = np.split(filters, KERNEL_SIZE, axis=1)
        return np.stack([chars @ place.T for place in of_place])

    def _read(self, char_ids: Ids) -> Floats:
        """Compute the last states of two LSTMs over the characters; see `CharLSTM`."""
        lengths = np.maximum((char_ids != PADDING_CHAR).sum(axis=1), 1)
        positions = np.arange(char_ids.shape[1])
        index = lengths[:, None] - 1 - positions
        index = np.where(index < 0, positions, index)
        chars = self._chars(char_ids)
        reversed_chars = np.take_along_axis(chars, index[:, :, None], axis=1)
        forward = self._last_states("forward_cell", chars, lengths)
        backward = self._last_states("backward_cell", reversed_chars, lengths)
        return np.concatenate([forward, backward], axis=1)

    def _chars(self, char_ids: Ids) -> Floats:
        return self._weights.rows(f"{PART}char_ids.embedding.weight", char_ids)

    def _last_states(self, cell: str, inputs: Floats, lengths: Ids) -> Floats:
        w_ih, w_hh, b_ih, b_hh = (
            self._weights[f"{PART}char_ids.{cell}.{name}_l0"]
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        hidden = np.zeros((len(inputs), w_hh.shape[1]), dtype=np.float32)
        memory = np.zeros_like(hidden)
        projected = inputs @ w_ih.T + (b_ih + b_hh)
        for t in range(inputs.shape[1]):
            gates = projected[:, t] + hidden @ w_hh.T
            enter, forget, new, out = np.split(gates, 4, axis=1)
            step = sigmoid(forget) * memory + sigmoid(enter) * np.tanh(new)
            inside = (t < lengths)[:, None]
            memory = np.where(inside, step, memory)
            hidden = np.where(inside, sigmoid(out) * np.tanh(step), hidden)
        return hidden


def sigmoid(values: Floats) -> Floats:
    """Compute the logistic function by tanh, which does not overflow."""
    result: Floats = 0.5 * (1 + np.tanh(0.5 * values))
    return result
