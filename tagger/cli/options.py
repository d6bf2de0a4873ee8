"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, get_args

import typer

import tagger
from tagger.errors import UsageError

if TYPE_CHECKING:
    from tagger.executors.protocol import ExecutorName
    from tagger.runtime.engines.protocol import EngineName
    from tagger.runtime.engines.protocol import Precision as PrecisionName

    SplitName: TypeAlias = Literal["train", "dev", "test"]
    UnmappedLabels: TypeAlias = Literal["error", "drop", "keep"]
else:  # for Typer: the functions check the names, and their errors name the nearest one
    EngineName = ExecutorName = PrecisionName = SplitName = UnmappedLabels = str

_MODEL = "A model directory, the name of a model, or hub:owner/name."
Model = Annotated[str, typer.Argument(help=_MODEL)]
NamedModel = Annotated[str, typer.Option("--model", "-m", help=_MODEL)]
Epochs = Annotated[int | None, typer.Option("--epochs", help="Epochs at most.")]
Seed = Annotated[int | None, typer.Option("--seed", help="Seeds everything that is random.")]
TrainingThreads = Annotated[
    int | None,
    typer.Option("--threads", help="CPU threads; 0 for $OMP_NUM_THREADS, else what is fastest."),
]
Resume = Annotated[bool, typer.Option("--resume", help="Resume a training that was stopped.")]
Replace = Annotated[bool, typer.Option("--force", help="Replace an existing model.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", help="A setting, as in encoder.cell=gru; `train --dump-config` has all."),
]
DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="Where to look for corpora before $TAGGER_DATA and data/."),
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Stop at a tag outside its scheme instead of repairing it.")
]
Columns = Annotated[
    str | None,
    typer.Option("--columns", help="The columns of the files, as in token,pos,chunk,ner."),
]
READ_PREDICTIONS = "Read predictions of Label Studio where a task is not annotated."
ReadPredictions = Annotated[bool, typer.Option("--read-predictions", help=READ_PREDICTIONS)]
Predictions = Annotated[bool, typer.Option("--predictions", hidden=True)]
"""A short name of ``--read-predictions``, where ``--predictions`` has no other meaning."""
Header = Annotated[
    bool | None,
    typer.Option("--header/--no-header", help="The first line of the files names the columns."),
]
Delimiter = Annotated[
    str | None,
    typer.Option("--delimiter", help="tab, spaces, comma, semicolon, pipe, or the character."),
]
CommentPrefix = Annotated[
    str | None,
    typer.Option("--comment-prefix", help="How comments begin in the files; '' for none."),
]
TextLabels = Annotated[
    list[str] | None,
    typer.Option(
        "--text-label",
        help="A key, column or comment of the files that holds the label of a whole text.",
    ),
]
Heads = Annotated[str | None, typer.Option("--heads", help="Heads, as in ner,upos.")]
Device = Annotated[str, typer.Option("--device", help="cpu, cuda, cuda:1; auto picks a GPU.")]
Engine = Annotated[
    EngineName | None, typer.Option("--engine", help="onnx (the default on a CPU) or torch.")
]
Precision = Annotated[
    PrecisionName | None,
    typer.Option("--precision", help="fp32 or int8; int8 if not given, where its tags agree."),
]
Threads = Annotated[int, typer.Option("--threads", min=0, help="Threads; 0 for one a core.")]
Thresholds = Annotated[
    list[str] | None,
    typer.Option(
        "--threshold",
        help="Show every span whose probability reaches it, as in 0.2, or PER=0.2 for a label.",
    ),
]
Executor = Annotated[ExecutorName, typer.Option("--executor", help="local or ray.")]
RayAddress = Annotated[
    str | None,
    typer.Option("--ray-address", help="A Ray cluster; one on this machine if not given."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def stated_columns(
    columns: str | None,
    header: bool | None,
    delimiter: str | None,
    comment_prefix: str | None,
    text_labels: Sequence[str] | None,
) -> str | tagger.Columns | None:
    """Return what options state about files, mostly of columns; None where they state nothing."""
    if header is None and delimiter is None and comment_prefix is None and not text_labels:
        return columns
    if delimiter == "":
        raise UsageError("the delimiter is empty", hint="as in {delimiter=tab}")
    labels = tuple(text_labels or ())
    return tagger.Columns(columns or "", header, delimiter or "", comment_prefix, labels)


def stated_thresholds(values: Sequence[str] | None) -> dict[str, float]:
    """Return thresholds by label, that of all others under ``*``; none for None.

    Raises:
        UsageError: One is not a number, or two are of the same label.

    >>> stated_thresholds(["0.5", "PER=0.2"])
    {'*': 0.5, 'PER': 0.2}
    """
    found: dict[str, float] = {}
    for value in values or ():
        label, mark, number = value.rpartition("=")
        if mark and not label:
            raise UsageError(f"no label in {value!r}", hint="as in {threshold=PER=0.2}")
        label = label or "*"
        if label in found:
            of_label = "" if label == "*" else f" for {label}"
            raise UsageError(f"two thresholds{of_label}", hint="as in {threshold=PER=0.2}")
        try:
            found[label] = float(number)
        except ValueError:
            raise UsageError(
                f"the threshold {value!r} is not a number", hint="as in {threshold=0.2}"
            ) from None
    return found


def names(value: str | None, kind: str = "head", example: str = "heads=ner") -> list[str] | None:
    """Split ``a,b``; None stays None.

    Args:
        value: The names.
        kind: What they name.
        example: An option with its value.

    Raises:
        UsageError: There is no name in it.
    """
    if value is None:
        return None
    found = [name.strip() for name in value.split(",") if name.strip()]
    if not found:
        raise UsageError(
            f"no {kind} is named", hint=f"name one, as in {{{example}}}, or leave it out"
        )
    return found


def one_of(literal: Any) -> str:
    """List the values of a `Literal` for a help text.

    >>> from typing import Literal
    >>> one_of(Literal["rnn", "gru", "lstm"])
    'rnn, gru or lstm'
    """
    *others, last = get_args(literal)
    return f"{', '.join(others)} or {last}"
