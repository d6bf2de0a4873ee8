"""A model directory to a `Tagger`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from tagger.config import EmbedderConfig
from tagger.errors import ModelError, UsageError, first_line, unknown_name
from tagger.features.forms import FormEncoder
from tagger.features.vocabulary import Vocabulary
from tagger.model.cells import CELLS
from tagger.model.directory import SavedModel, read_model
from tagger.model.heads import HeadSpec, head_key
from tagger.model.meta import GRAPHS, WEIGHTS
from tagger.model.shapes import VECTORS
from tagger.runtime.decoding import Transitions, constrained
from tagger.runtime.engines.graph import PRECISIONS
from tagger.runtime.engines.processor import n_cores
from tagger.runtime.engines.protocol import Engine
from tagger.runtime.tagger import Tagger
from tagger.text import Tokenizer, TokenizerRules

if TYPE_CHECKING:
    from tagger.model.network import TaggingNetwork

ENGINES = ("onnx", "torch")
N_TYPICAL = 100
"""So many of a model's most frequent words are what its 8 bits are fitted to."""


def load(
    model: str | Path = "en",
    *,
    device: str = "cpu",
    engine: str | None = None,
    precision: str | None = None,
    threads: int = 0,
) -> Tagger:
    """Load a trained model.

    Args:
        model: A model directory, or the name of one under ``models/`` or of a shipped one.
        device: Where it runs: ``cpu``, ``cuda``, ``cuda:1``, ...
        engine: ``onnx`` or ``torch``; if not given, ``onnx`` on a CPU where the model has a graph.
        precision: ``fp32`` or ``int8``; if not given, the best that was found to agree with what
            was trained when the graph was written.
        threads: Threads on a CPU; 0 for one a core.

    Raises:
        ModelError: It is missing, incomplete, damaged or of a newer format, or has no such graph.
        UsageError: There is no such device, engine or precision.
    """
    from tagger.sharing.finding import find_model

    directory = find_model(str(model))
    saved = read_model(directory)
    return from_saved(
        saved, directory, device=device, engine=engine, precision=precision, threads=threads
    )


def from_saved(
    saved: SavedModel,
    directory: Path,
    *,
    device: str = "cpu",
    engine: str | None = None,
    precision: str | None = None,
    threads: int = 0,
) -> Tagger:
    """Make a tagger of a model that is read already; see `load`.

    Raises:
        ModelError: It is a base without heads, does not fit together, or has no such graph.
        UsageError: There is no such device, engine or precision.
    """
    _check_names(device, engine, precision)
    if not saved.heads:
        raise ModelError(
            f"{directory}: a base without heads, which cannot tag; train a tagger from it with "
            f"`tagger train CORPUS --from {directory}`"
        )
    threads = threads or n_cores()
    if device == "auto" and engine != "onnx":
        device = pick_device(device)
    runs: Engine | None = None
    if device in ("cpu", "auto") and engine != "torch":
        required = engine is not None or precision == "int8"
        runs = onnx_engine(saved, directory, precision, required=required)
    return assemble(
        engine=runs or torch_engine(saved, directory, pick_device(device), threads),
        heads=saved.heads,
        weights=saved.weights,
        form_encoder=form_encoder(saved.config.embedder, saved.vocabulary, saved.vector_keys),
        rules=saved.rules,
        threads=threads if runs else 1,
    )


def onnx_engine(
    saved: SavedModel, directory: Path, precision: str | None, *, required: bool = True
) -> Engine | None:
    """The engine on ONNX Runtime; None where there is no graph and none is required.

    Raises:
        ModelError: There is no such graph, or it is damaged.
    """
    there = [p for p in PRECISIONS if (directory / GRAPHS[p]).is_file()]
    chosen = precision or (there[-1] if there else None)
    if chosen not in there and not required:
        return None
    if chosen not in there:
        what = f"in {chosen} " if chosen else ""
        cell = saved.config.encoder.cell
        if chosen == "int8" and not CELLS[saved.config.encoder.cell].int8_operator:
            why = f"there is no 8-bit operator for {cell} cells; use --precision fp32"
        elif chosen == "int8" and there:
            why = "its tags differed too much when it was written; use --precision fp32"
        else:
            why = f"write one with `tagger export {directory}`, or use --engine torch"
        raise ModelError(f"{directory}: no graph {what}for ONNX Runtime; {why}")
    path = directory / GRAPHS[chosen]
    try:
        graph = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from None
    return graph_engine(saved, graph, path, chosen)


def graph_engine(saved: SavedModel, graph: bytes, path: Path, precision: str) -> Engine:
    """The engine that runs a graph, whose file is or will be at ``path``.

    Raises:
        ModelError: It is damaged.
    """
    from tagger.runtime.engines.embedding import FormEmbedder
    from tagger.runtime.engines.onnx_runtime import OnnxEngine

    words = saved.vocabulary.words[:N_TYPICAL]
    return OnnxEngine(
        graph,
        path=path,
        encoder=saved.config.encoder,
        heads=saved.heads,
        weights=saved.weights,
        embedder=FormEmbedder(saved.config.embedder, saved.weights),
        precision=precision,
        typical=form_encoder(saved.config.embedder, saved.vocabulary, saved.vector_keys)(
            [(word, word.title(), word.upper())[i % 3] for i, word in enumerate(words)]
        ),
    )


def torch_engine(saved: SavedModel, directory: Path, device: str, threads: int = 0) -> Engine:
    """The engine on PyTorch.

    Raises:
        ModelError: The weights do not fit the model's configuration.
    """
    import torch

    from tagger.runtime.engines.pytorch import TorchEngine

    if threads:
        torch.set_num_threads(threads)
    return TorchEngine(torch_network(saved, directory).to(device))


def torch_network(saved: SavedModel, directory: Path) -> TaggingNetwork:
    """The network in PyTorch, with its weights.

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
            f"{directory / WEIGHTS}: does not fit the model's configuration ({detail})"
        ) from None
    return network


def pick_device(name: str) -> str:
    """A device that is there; ``auto`` is a GPU where there is one, else the CPU.

    Raises:
        UsageError: There is no such device.
    """
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        if torch.device(name).type == "meta":
            raise RuntimeError("nothing is computed there")
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        raise UsageError(
            f"no device {name!r} here ({first_line(error)}); use cpu or auto"
        ) from None
    return name


def assemble(
    *,
    engine: Engine,
    heads: Sequence[HeadSpec],
    weights: Mapping[str, NDArray[Any]],
    form_encoder: FormEncoder,
    rules: TokenizerRules,
    threads: int = 1,
) -> Tagger:
    """Make a `Tagger` of its parts; the decoders' scores are read from the weights."""
    transitions: dict[str, Transitions] = {}
    for head in heads:
        if head.decoder == "crf":
            between, start, end = (
                weights[f"{head_key(head.name)}.crf.{part}"]
                for part in ("transitions", "start", "end")
            )
            transitions[head.name] = constrained(head.allowed(), between, start, end)
        elif head.kind == "span":
            transitions[head.name] = constrained(head.allowed())
    return Tagger(
        engine=engine,
        form_encoder=form_encoder,
        heads=heads,
        transitions=transitions,
        splitter=Tokenizer(rules),
        threads=threads,
    )


def form_encoder(
    config: EmbedderConfig, vocabulary: Vocabulary, vector_keys: Sequence[str]
) -> FormEncoder:
    """Make the form encoder of a model."""
    return FormEncoder(
        vocabulary,
        max_chars=config.max_chars,
        n_affix_buckets=config.n_affix_buckets,
        vector_ids={key: i for i, key in enumerate(vector_keys, start=1)},
    )


def _check_names(device: str, engine: str | None, precision: str | None) -> None:
    for kind, name, valid in (("engine", engine, ENGINES), ("precision", precision, PRECISIONS)):
        if name is not None and name not in valid:
            raise UsageError(unknown_name(kind, name, valid))
    if engine == "onnx" and device not in ("cpu", "auto"):
        raise UsageError(f"the engine onnx runs on the cpu, not on {device}; use --engine torch")
    if engine == "torch" and precision == "int8":
        raise UsageError("the engine torch has no precision int8; use --engine onnx")
