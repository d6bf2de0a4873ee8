"""The network on ONNX Runtime: no PyTorch, quick to load."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tagger.config import EncoderConfig
from tagger.errors import ModelError
from tagger.features.forms import FormFeatures, Ids
from tagger.model.cells import CELLS
from tagger.model.heads import HeadSpec, head_key
from tagger.runtime.decoding import Floats
from tagger.runtime.engines.embedding import FormEmbedder
from tagger.runtime.engines.graph import balanced_scales, graph_for, initializers
from tagger.runtime.engines.pooling import PooledPieces, reads_states
from tagger.runtime.engines.processor import multiplies_8_bits
from tagger.runtime.engines.protocol import EngineName, Precision

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # read when ONNX Runtime is imported

import onnxruntime

MAX_TOKENS = 2048
"""Maximum number of tokens read at once; longer sentences are read in pieces."""

States = dict[str, Floats]


class OnnxBackend:
    """Runs a model's graph on a CPU.

    A call uses one thread; several threads may call at once. So what comes out, which in 8 bits
    depends on the whole batch, depends on the batch alone.

    Args:
        graph: The graph, see `tagger.runtime.engines.graph`.
        path: Its file, which errors name.
        encoder: The model's encoder.
        heads: Its heads.
        weights: Its weights.
        embedder: Its embedder.
        precision: That of the graph, ``fp32`` or ``int8``.
        typical: Some forms, which 8 bits are fitted to; the same for each load of a model.

    Raises:
        ModelError: The graph is damaged or does not fit the weights.
    """

    name: EngineName = "onnx"

    def __init__(
        self,
        graph: bytes,
        *,
        path: Path,
        encoder: EncoderConfig,
        heads: Sequence[HeadSpec],
        weights: Mapping[str, Floats],
        embedder: FormEmbedder,
        precision: Precision,
        typical: FormFeatures[Ids],
    ) -> None:
        self.precision: Precision = precision
        self._embedder = embedder
        self._encoder = encoder
        self._scales: Floats | None = None
        if precision == "int8":
            self._scales = balanced_scales(encoder, weights, embedder(typical))
        tensors = initializers(
            encoder,
            heads,
            weights,
            precision,
            n_bits=8 if multiplies_8_bits() else 7,
            input_scales=self._scales,
        )
        # What is run was built here, whoever wrote the file.
        if graph != graph_for(encoder, heads, tensors, precision):
            raise ModelError(
                "damaged, or not of this model",
                path=path,
                hint=f"rewrite it with `tagger export {path.parent}`",
            )
        self._text_heads = {head.name: head for head in heads if head.kind == "text"}
        self._tensors = tensors
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4  # errors are raised
        # Kept alive: the session reads the weights where they are.
        self._values = [onnxruntime.OrtValue.ortvalue_from_numpy(a) for a in tensors.values()]
        options.add_external_initializers(list(tensors), self._values)
        self._session = onnxruntime.InferenceSession(
            graph, options, providers=["CPUExecutionProvider"]
        )
        self._options = onnxruntime.RunOptions()
        self._options.add_run_config_entry("only_execute_path_to_fetches", "1")

    def embed(self, features: FormFeatures[Ids]) -> Floats:
        """Compute the vectors of forms; see `tagger.runtime.engines.protocol.Backend`."""
        vectors = self._embedder(features)
        return vectors if self._scales is None else vectors / self._scales

    def emissions(
        self, vectors: Floats, form_index: Ids, lengths: Ids, heads: Sequence[str]
    ) -> dict[str, Floats]:
        """Compute the emissions of some heads; see `tagger.runtime.engines.protocol.Backend`."""
        names = [head_key(head) for head in heads]
        rows = np.ascontiguousarray(form_index.T)
        feed = {"vectors": vectors, "rows": rows, "lengths": lengths.astype(np.int32)}
        if len(rows) <= MAX_TOKENS:
            feed |= self._start(len(lengths))
            found = dict(zip(heads, self._session.run(names, feed, self._options), strict=True))
        else:
            found = self._in_pieces(heads, feed)
        # Views with the batch first; in memory time stays first, which suits the decoder.
        return {
            head: array if array.ndim == 2 else array.transpose(1, 0, 2)
            for head, array in found.items()
        }

    @property
    def _first_state(self) -> str:
        """The name of the state that the heads read."""
        return CELLS[self._encoder.cell].states[0]

    def _start(self, n_sentences: int) -> States:
        """Return the states before and after a sentence: zero."""
        shape = (len(self._encoder.directions), n_sentences, self._encoder.hidden_dim)
        nothing = np.zeros(shape, dtype=np.float32)
        names = CELLS[self._encoder.cell].states
        return {f"{name}{i}": nothing for i in range(self._encoder.n_layers) for name in names}

    def _in_pieces(self, heads: Sequence[str], feed: Mapping[str, Any]) -> dict[str, Floats]:
        """Run over long sentences in pieces that pass their states on.

        A piece needs the forward states at its beginning and the backward ones at its end. One
        sweep from the end and one from the beginning settle a layer, given those below it; memory
        is that of a piece, whatever the length.
        """
        rows, lengths = feed["rows"], feed["lengths"]
        n_pieces = -(-len(rows) // MAX_TOKENS)
        directions = self._encoder.directions
        edges = [self._start(len(lengths)) for _ in range(n_pieces)]
        of_tokens = [head for head in heads if head not in self._text_heads]
        of_texts = [self._text_heads[head] for head in heads if head in self._text_heads]
        n_layers = self._encoder.n_layers
        wanted_last = [head_key(head) for head in of_tokens]
        if has_states := reads_states(of_texts):
            wanted_last.append(f"x{n_layers}")
        pooled = PooledPieces(of_texts, self._tensors, lengths, directions)
        found: list[list[Floats]] = []

        def run(piece: int, wanted: Sequence[str]) -> list[Floats]:
            first = piece * MAX_TOKENS
            # A sentence that has ended before counts as one more token, which is ignored.
            inside = np.clip(lengths - first, 1, MAX_TOKENS).astype(np.int32)
            part = {"rows": rows[first : first + MAX_TOKENS], "lengths": inside}
            outputs: list[Floats] = self._session.run(
                wanted, {**feed, **part, **edges[piece]}, self._options
            )
            return outputs

        def send(piece: int, neighbour: int, direction: str, after: Sequence[Floats]) -> None:
            place = directions.index(direction)
            begun = lengths > max(piece, neighbour) * MAX_TOKENS
            for state, values in zip(list(edges[neighbour]), after, strict=True):
                edge = edges[neighbour][state].copy()
                edge[place, begun] = values[place, begun]
                edges[neighbour][state] = edge

        states = [f"{state}_after" for state in edges[0]]
        for layer in range(n_layers):
            is_last = layer == n_layers - 1
            if "backward" in directions:
                for piece in range(n_pieces - 1, 0, -1):
                    send(piece, piece - 1, "backward", run(piece, states))
            for piece in range(n_pieces):
                if not is_last and piece == n_pieces - 1:
                    break
                outputs = run(piece, [*states, *(wanted_last if is_last else ())])
                if piece + 1 < n_pieces and "forward" in directions:
                    send(piece, piece + 1, "forward", outputs[: len(states)])
                if is_last:
                    last = outputs[states.index(f"{self._first_state}{layer}_after")]
                    pooled.add(piece * MAX_TOKENS, last, outputs[-1] if has_states else None)
                    found.append(outputs[len(states) : len(states) + len(of_tokens)])
        emissions = zip(of_tokens, zip(*found, strict=True), strict=True)
        return {head: np.concatenate(parts) for head, parts in emissions} | pooled.scores()
