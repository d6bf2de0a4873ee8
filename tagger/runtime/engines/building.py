"""The engines of a stored model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tagger.config import EmbedderConfig
from tagger.errors import ModelError
from tagger.features.forms import FormEncoder
from tagger.features.vocabulary import Vocabulary
from tagger.model.cells import CELLS
from tagger.model.directory import SavedModel
from tagger.model.meta import GRAPHS, WEIGHTS
from tagger.model.shapes import VECTORS
from tagger.runtime.engines.form_engine import FormEngine
from tagger.runtime.engines.graph import PRECISIONS
from tagger.runtime.engines.protocol import Engine, Precision

if TYPE_CHECKING:
    from tagger.model.network import TaggingNetwork

N_TYPICAL = 100
"""Number of a model's most frequent words that its 8 bits are fitted to."""


def form_encoder(
    config: EmbedderConfig, vocabulary: Vocabulary, vector_keys: Sequence[str]
) -> FormEncoder:
    """Build the form encoder of a model."""
    return FormEncoder(
        vocabulary,
        max_chars=config.max_chars,
        n_affix_buckets=config.n_affix_buckets,
        vector_ids={key: i for i, key in enumerate(vector_keys, start=1)},
    )


def chosen_graph(saved: SavedModel, directory: Path, precision: Precision | None) -> Precision:
    """Choose the graph of a model to run.

    Args:
        saved: The model.
        directory: Its directory.
        precision: The wanted one; None for the smallest available.

    Raises:
        ModelError: There is no such graph.
    """
    there = available_graphs(directory)
    if precision is None and there:
        return there[-1]
    if precision is not None and precision in there:
        return precision
    single: str = "{precision=fp32}"
    if precision == "int8" and not CELLS[saved.config.encoder.cell].int8_operator:
        why = f"there is no 8-bit operator for {saved.config.encoder.cell} cells"
        raise ModelError(f"no graph in int8: {why}", path=directory, hint=f"use {single}")
    if precision == "int8" and there:
        why = "its tags differed too much when it was written"
        raise ModelError(f"no graph in int8: {why}", path=directory, hint=f"use {single}")
    raise ModelError(
        f"no graph {f'in {precision} ' if precision else ''}for ONNX Runtime",
        path=directory,
        hint=f"write one with `tagger export {directory}`, or use {{engine=torch}}",
    )


def available_graphs(directory: Path) -> list[Precision]:
    """List the precisions of a model's graphs, the smallest last."""
    return [p for p in PRECISIONS if (directory / GRAPHS[p]).is_file()]


def onnx_engine(
    saved: SavedModel, graph: bytes, path: Path, precision: Precision, threads: int = 1
) -> Engine:
    """Build the engine that runs a graph, whose file is or will be at ``path``.

    Raises:
        ModelError: It is damaged.
    """
    from tagger.runtime.engines.embedding import FormEmbedder
    from tagger.runtime.engines.onnx_runtime import OnnxBackend

    words = saved.vocabulary.words[:N_TYPICAL]
    encode = form_encoder(saved.config.embedder, saved.vocabulary, saved.vector_keys)
    backend = OnnxBackend(
        graph,
        path=path,
        encoder=saved.config.encoder,
        heads=saved.heads,
        weights=saved.weights,
        embedder=FormEmbedder(saved.config.embedder, saved.weights),
        precision=precision,
        typical=encode([(word, word.title(), word.upper())[i % 3] for i, word in enumerate(words)]),
    )
    return FormEngine(backend, encode, threads=threads)


def torch_engine(saved: SavedModel, directory: Path, device: str = "cpu") -> Engine:
    """Build the engine on PyTorch.

    Raises:
        ModelError: The weights do not fit the model's configuration.
    """
    from tagger.runtime.engines.pytorch import TorchBackend

    return FormEngine(
        TorchBackend(torch_network(saved, directory).to(device)),
        form_encoder(saved.config.embedder, saved.vocabulary, saved.vector_keys),
    )


def torch_network(saved: SavedModel, directory: Path) -> TaggingNetwork:
    """Build the network in PyTorch, with its weights.

    Raises:
        ModelError: The weights do not fit the model's configuration.
    """
    import torch

    from tagger.model.network import build_network

    weights = {name: torch.from_numpy(weight) for name, weight in saved.weights.items()}
    vectors = weights.get(VECTORS)
    network = build_network(saved.config, saved.vocabulary, saved.heads, vectors)
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        detail = str(error).splitlines()[1].strip()
        raise ModelError(
            f"does not fit the model's configuration ({detail})", path=directory / WEIGHTS
        ) from None
    return network
