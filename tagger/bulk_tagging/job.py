"""The job of a bulk tagging: all that decides the results, and what a worker needs besides."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from tagger.errors import ModelError, UsageError
from tagger.prediction.resuming import changed_fields, model_changed, model_digest
from tagger.runtime.engines.protocol import EngineName, Precision
from tagger.runtime.loading import load
from tagger.text.sentences import Newline

if TYPE_CHECKING:
    import pyarrow as pa

    from tagger.runtime.tagger import Tagger

OutputFormat: TypeAlias = Literal["parquet", "jsonl"]
MAX_CHARS = 1_000_000
"""Longest text that is tagged, unless another is asked for: 400 pages."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """All that results depend on; as JSON it is the manifest of an output."""

    layout: int = 1
    """Version of the output's files."""
    version: str
    """Of this package."""
    model: str
    """Its directory."""
    model_digest: str
    engine: EngineName
    precision: Precision
    heads: tuple[str, ...]
    threshold: dict[str, float]
    confidence: bool
    tokens: bool
    newline: Newline
    document: bool
    """Whether a file of text is one text."""
    max_chars: int
    text_column: str
    kept: tuple[tuple[str, str], ...]
    """The id and the kept columns, and their types as Arrow spells them."""
    output_format: OutputFormat


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """A job as workers get it: with what does not change results."""

    job: Job
    schema: bytes
    """That of the kept columns, as Arrow serializes it."""
    output: str
    device: str = "cpu"
    fail_fast: bool = False

    def kept_schema(self) -> pa.Schema:
        """Return the schema of the kept columns."""
        import pyarrow as pa

        return pa.ipc.read_schema(pa.py_buffer(self.schema))


def differences(earlier: Job, now: Job) -> list[str]:
    """List in words what differs between two jobs."""
    words = {
        "text_column": "text column",
        "kept": "kept columns",
        "output_format": "format",
        "heads": "heads",
        "threshold": "threshold",
        "confidence": "confidence",
        "tokens": "tokens",
        "newline": "newline",
        "document": "a file as a text",
        "max_chars": "characters at most",
        "engine": "engine",
        "precision": "precision",
        "version": "version",
        "layout": "layout of the output",
    }
    return model_changed(earlier, now) + changed_fields(earlier, now, words)


def load_tagger(work: Work) -> Tagger:
    """Load the tagger of a job in a worker, with one thread.

    Raises:
        ModelError: The worker cannot see the model, or sees another one there.
    """
    job = work.job
    directory = Path(job.model)
    if not directory.is_dir():
        raise ModelError(
            "a worker cannot see this model",
            path=job.model,
            hint="put it where all workers can read it, or install it on each as a package",
        )
    if model_digest(directory) != job.model_digest:
        raise ModelError("a worker sees another model there", path=job.model)
    return load(
        directory,
        device=work.device,
        engine=job.engine,
        precision=job.precision,
        threads=1,
        newline=job.newline,
        threshold=job.threshold or None,
    )


def check_columns(kept: Sequence[str], produced: Sequence[str]) -> None:
    """Check that no two columns of the output have the same name.

    Raises:
        UsageError: Two have.
    """
    for i, name in enumerate(kept):
        if name in kept[:i]:
            raise UsageError(f"the column {name!r} is kept twice")
        if name in produced:
            raise UsageError(
                f"the output has a column {name!r} of its own", hint="rename that of the input"
            )
