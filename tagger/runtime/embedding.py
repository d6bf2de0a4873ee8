"""The embedder in NumPy: what a form says, without PyTorch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tagger.config import EmbedderConfig
from tagger.features.forms import FormFeatures, Ids
from tagger.features.vocabulary import PADDING_CHAR
from tagger.model.directory import StoredWeights
from tagger.runtime.decoding import Floats

PART = "embedder.parts."


class FormEmbedder:
    """Computes what `tagger.model.embedder.Embedder` does, to the last digits of single precision.

    Args:
        config: The model's embedder.
        weights: Its weights; of the tables only the rows that are asked for are expanded.
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
        parts = []
        for name in self._tables:
            rows = self._weights.rows(f"{PART}{name}.weight", getattr(features, name))
            parts.append(rows.sum(axis=1) if name == "affix_ids" else rows)
        if self._encode_chars is not None:
            parts.append(self._encode_chars(features.char_ids))
        vectors: Floats = np.concatenate(parts, axis=1)
        return vectors

    def _convolved(self, char_ids: Ids) -> Floats:
        """The largest value of each filter over windows of three characters; see `CharCNN`."""
        chars = self._chars(char_ids)  # (forms, chars, char_dim)
        padded = np.pad(chars, ((0, 0), (1, 1), (0, 0)))
        windows = np.concatenate([padded[:, :-2], padded[:, 1:-1], padded[:, 2:]], axis=2)
        filtered = windows @ self._weights[f"{PART}char_ids.filters.weight"].T
        filtered += self._weights[f"{PART}char_ids.filters.bias"]
        filtered[char_ids == PADDING_CHAR] = -np.inf
        largest: Floats = np.maximum(filtered.max(axis=1), 0)
        return largest

    def _read(self, char_ids: Ids) -> Floats:
        """The last states of two LSTMs over the characters; see `CharLSTM`."""
        lengths = np.maximum((char_ids != PADDING_CHAR).sum(axis=1), 1)
        positions = np.arange(char_ids.shape[1])
        index = lengths[:, None] - 1 - positions
        index = np.where(index < 0, positions, index)
        chars = self._chars(char_ids)
        reversed_chars = np.take_along_axis(chars, index[:, :, None], axis=1)
        ahead = self._last_states("forward_cell", chars, lengths)
        back = self._last_states("backward_cell", reversed_chars, lengths)
        return np.concatenate([ahead, back], axis=1)

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
            step = _sigmoid(forget) * memory + _sigmoid(enter) * np.tanh(new)
            inside = (t < lengths)[:, None]
            memory = np.where(inside, step, memory)
            hidden = np.where(inside, _sigmoid(out) * np.tanh(step), hidden)
        return hidden


def _sigmoid(values: Floats) -> Floats:
    result: Floats = 0.5 * (1 + np.tanh(0.5 * values))  # without overflow
    return result
