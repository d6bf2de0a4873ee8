"""A model directory to a `Tagger`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from tagger.errors import ModelError, UsageError, first_line
from tagger.model.directory import SavedModel, read_model
from tagger.model.heads import HeadSpec, head_key
from tagger.model.meta import GRAPHS
from tagger.runtime.decoding import Transitions, constrained
from tagger.runtime.engines.building import (
    available_graphs,
    chosen_graph,
    onnx_engine,
    torch_engine,
)
from tagger.runtime.engines.processor import n_cores
from tagger.runtime.engines.protocol import (
    Engine,
    EngineName,
    Precision,
    engine_name,
    precision_name,
)
from tagger.runtime.predictor import Predictor
from tagger.runtime.tagger import Tagger
from tagger.runtime.thresholds import Threshold
from tagger.text import Tokenizer, TokenizerRules
from tagger.text.sentences import Newline


def load(
    directory: str | Path,
    *,
    device: str = "cpu",
    engine: EngineName | None = None,
    precision: Precision | None = None,
    threads: int = 0,
    newline: Newline = "auto",
    threshold: Threshold | None = None,
) -> Tagger:
    """Load the model of a directory.

    Args:
        directory: The model directory; `tagger.load` finds it by a name, too.
        device: Where it runs: ``cpu``, ``cuda``, ``cuda:1``, ...; ``auto`` picks a GPU.
        engine: ``onnx`` or ``torch``; None for ``onnx`` on a CPU where the model has a graph.
        precision: ``fp32`` or ``int8``; None for the smallest whose tags agreed with those of
            PyTorch when its graph was written.
        threads: CPU threads; 0 for one a core, with ``torch`` for those that PyTorch has.
        newline: What a line end in a text is; see `tagger.text.Tokenizer`.
        threshold: The least probability of a span; see `Tagger`.

    Raises:
        ModelError: It is missing, incomplete, damaged or of a newer format, or has no such graph.
        UsageError: There is no such device, engine or precision, or the threshold is wrong.
    """
    path = Path(directory)
    return from_saved(
        read_model(path),
        path,
        device=device,
        engine=engine,
        precision=precision,
        threads=threads,
        newline=newline,
        threshold=threshold,
    )


def from_saved(
    saved: SavedModel,
    directory: Path,
    *,
    device: str = "cpu",
    engine: EngineName | None = None,
    precision: Precision | None = None,
    threads: int = 0,
    newline: Newline = "auto",
    threshold: Threshold | None = None,
) -> Tagger:
    """Make a tagger of a model that is read already; see `load`.

    Raises:
        ModelError: It is a base without heads, does not fit together, or has no such graph.
        UsageError: There is no such device, engine or precision.
    """
    _check_choices(device, engine, precision)
    if not isinstance(threads, int) or threads < 0:
        raise UsageError(f"threads is {threads!r}; expected a whole number, 0 for one a core")
    if not saved.heads:
        raise ModelError(
            "a base without heads, which cannot tag",
            path=directory,
            hint=f"train a tagger from it with `tagger train CORPUS --from {directory}`",
        )
    if device == "auto" and engine != "onnx":
        device = pick_device(device)
    required = engine == "onnx" or precision == "int8"
    there = available_graphs(directory)
    wanted = precision in there if precision else bool(there)
    if device in ("cpu", "auto") and engine != "torch" and (required or wanted):
        chosen = chosen_graph(saved, directory, precision)
        path = directory / GRAPHS[chosen]
        try:
            graph = path.read_bytes()
        except OSError as error:
            raise ModelError(f"cannot be read ({error.strerror})", path=path) from None
        runs = onnx_engine(saved, graph, path, chosen, threads or n_cores())
    else:
        device = pick_device(device)
        if threads:
            import torch

            torch.set_num_threads(threads)
        runs = torch_engine(saved, directory, device)
    return assemble(
        runs,
        saved.heads,
        saved.weights,
        saved.rules,
        temperatures=saved.meta.temperatures,
        newline=newline,
        threshold=threshold,
    )


def assemble(
    engine: Engine,
    heads: Sequence[HeadSpec],
    weights: Mapping[str, NDArray[Any]],
    rules: TokenizerRules,
    *,
    temperatures: Mapping[str, float] | None = None,
    newline: Newline = "auto",
    threshold: Threshold | None = None,
) -> Tagger:
    """Make a tagger of its parts; the decoders' scores are read from the weights."""
    predictor = Predictor(engine, heads, transitions_of(heads, weights), temperatures)
    return Tagger(predictor, Tokenizer(rules, newline=newline), threshold)


def transitions_of(
    heads: Sequence[HeadSpec], weights: Mapping[str, NDArray[Any]]
) -> dict[str, Transitions]:
    """Read the decoders' scores from a model's weights; heads without constraints have none."""
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
    return transitions


def pick_device(name: str) -> str:
    """Return a device that is there; ``auto`` is a GPU where there is one, else the CPU.

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
    except (RuntimeError, AssertionError, TypeError) as error:
        known = name in ("cpu", "cuda") or str(name).startswith("cuda:")
        why = f" ({first_line(error)})" if known else ""
        raise UsageError(
            f"there is no device {name!r} here{why}", hint="use cpu, cuda, cuda:1 or auto"
        ) from None
    return name


def _check_choices(device: str, engine: str | None, precision: str | None) -> None:
    engine_name(engine), precision_name(precision)
    if engine == "onnx" and device not in ("cpu", "auto"):
        raise UsageError(
            f"the engine onnx runs on the cpu, not on {device}", hint="use {engine=torch}"
        )
    if engine == "torch" and precision == "int8":
        raise UsageError("the engine torch has no precision int8", hint="use {engine=onnx}")
