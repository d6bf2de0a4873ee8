"""Files of results that were interrupted: how much of them is kept, and what made them.

``.out.jsonl.job`` beside ``out.jsonl`` is a fingerprint of the input, the model and the options.
An output is resumed only by the same job; otherwise one file would hold results of two.
"""

from __future__ import annotations

import hashlib
import os
import stat
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

import tagger as package
from tagger.errors import TaggerError, UsageError
from tagger.lines import NOT_JSON
from tagger.model.meta import CARD, FILES, GRAPHS
from tagger.prediction.input import BLOCK, STDIN, Text
from tagger.prediction.workers import Job, n_bytes_of
from tagger.runtime.tagger import Tagger
from tagger.tables import counted

BLOCK_SIZE = 2**20
"""Number of bytes of an input that are read at once for its checksum."""


class Input(msgspec.Struct, frozen=True):
    """An input file; a pipe has neither size nor digest."""

    path: str
    size: int | None = None
    digest: str = ""

    def is_same(self, other: Input) -> bool:
        """Return whether the content is the same, whatever the path."""
        return (self.size, self.digest) == (other.size, other.digest)


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """All that results depend on."""

    version: str
    """Of this package."""
    inputs: tuple[Input, ...]
    model: str
    """Its directory."""
    model_digest: str
    engine: str
    precision: str
    heads: tuple[str, ...]
    tokenized: bool
    confidence: bool
    threshold: dict[str, float] = {}
    nbest: int = 0
    newline: str
    whole: bool = False
    """Whether a file is a text."""
    output_format: str


class Kept(NamedTuple):
    """The part of a file of results that is kept."""

    n_texts: int
    n_bytes: int


NOTHING = Kept(0, 0)


def record_of(job: Job, tagger: Tagger, files: Sequence[Path]) -> Record:
    """Describe a job."""
    return Record(
        version=package.__version__,
        inputs=tuple(_input(path) for path in files or [STDIN]),
        model=job.model,
        model_digest=model_digest(Path(job.model)),
        engine=tagger.engine.name,
        precision=tagger.engine.precision,
        heads=tuple(head.name for head in tagger.predictor.choose(job.heads)),
        tokenized=job.tokenized,
        confidence=job.confidence,
        threshold=dict(job.threshold),
        nbest=job.nbest,
        newline=job.newline,
        whole=job.whole,
        output_format=job.output_format,
    )


def record_path(output: Path) -> Path:
    """Return the path of the record of an output."""
    return output.with_name(f".{output.name}.job")


def resumable(output: Path, record: Record) -> Kept:
    """Find what stays of an output, which may have been cut at any byte.

    Only whole blocks: so what follows is tagged together as if it had never been interrupted.

    Args:
        output: The file; it need not exist.
        record: The job that resumes it.

    Raises:
        UsageError: It is the output of another job, or of an unknown one.
        OSError: It cannot be read.
    """
    if not output.is_file() or not output.stat().st_size:
        return NOTHING
    replace = "replace it with {force=True}"
    try:
        earlier = msgspec.json.decode(record_path(output).read_bytes(), type=Record)
    except FileNotFoundError:
        raise UsageError(
            f"there is no record ({record_path(output).name}) of the job that wrote it",
            path=output,
            hint=replace,
        ) from None
    except NOT_JSON:
        raise TaggerError("damaged", path=record_path(output), hint=replace) from None
    changed = differences(earlier, record)
    if changed:
        raise UsageError(
            f"holds the results of another job: {'; '.join(changed)}", path=output, hint=replace
        )
    return complete_blocks(output)


def differences(earlier: Record, now: Record) -> list[str]:
    """List in words what differs between two jobs."""
    found = []
    if len(earlier.inputs) != len(now.inputs):
        found.append(f"input of {counted(len(earlier.inputs), 'file')}, now of {len(now.inputs)}")
    else:
        found += [
            f"input {a.path}, now {b.path}" if a.path != b.path else f"input {a.path} has changed"
            for a, b in zip(earlier.inputs, now.inputs, strict=True)
            if not a.is_same(b)
        ]
    found += model_changed(earlier, now)
    words = {
        "output_format": "format",
        "heads": "heads",
        "engine": "engine",
        "precision": "precision",
        "tokenized": "tokenized",
        "confidence": "confidence",
        "threshold": "threshold",
        "nbest": "readings",
        "newline": "newline",
        "whole": "a file as a text",
        "version": "version",
    }
    return found + changed_fields(earlier, now, words)


class WithModel(Protocol):
    """A record that names a model."""

    @property
    def model(self) -> str:
        """Its directory."""
        ...

    @property
    def model_digest(self) -> str:
        """The digest of its files."""
        ...


def model_changed(earlier: WithModel, now: WithModel) -> list[str]:
    """Word how the model of two records differs, if it does."""
    if earlier.model_digest == now.model_digest:
        return []
    if earlier.model == now.model:
        return [f"model {earlier.model} has changed"]
    return [f"model {earlier.model}, now {now.model}"]


def changed_fields(earlier: object, now: object, words: Mapping[str, str]) -> list[str]:
    """List in words which fields of two records differ.

    Args:
        earlier: One record.
        now: Another one of the same type.
        words: What each field is called.
    """
    values = [(word, getattr(earlier, name), getattr(now, name)) for name, word in words.items()]
    return [f"{word} {_word(a)}, now {_word(b)}" for word, a, b in values if a != b]


def complete_blocks(output: Path) -> Kept:
    """Count the results of the complete blocks of an output, a line each.

    Raises:
        OSError: It cannot be read.
    """
    n_lines = position = kept = 0
    with output.open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                break
            n_lines += 1
            position += len(line)
            if n_lines % BLOCK == 0:
                kept = position
    return Kept(n_lines - n_lines % BLOCK, kept)


def skip(texts: Iterable[Text], n: int) -> tuple[Iterator[Text], int]:
    """Skip the first ``n`` texts; also return their size in bytes.

    Raises:
        UsageError: There are fewer.
    """
    remaining = iter(texts)
    n_bytes = skipped = 0
    for skipped in range(n):
        text = next(remaining, None)
        if text is None:
            raise UsageError(
                f"the output has {counted(n, 'result')}, and the input {counted(skipped, 'line')}"
            )
        n_bytes += n_bytes_of([text])
    return remaining, n_bytes


def _input(path: Path) -> Input:
    try:
        status = os.fstat(0) if path == STDIN else path.stat()
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would take something from it
            return Input(str(path))
        with open(0 if path == STDIN else path, "rb", closefd=path != STDIN) as file:
            return Input(str(path), status.st_size, _checksum(file.fileno()))
    except OSError:
        return Input(str(path))  # reading it reports that


def _checksum(descriptor: int) -> str:
    """Compute the checksum of a whole file, whose position stays: 0.3 s per gigabyte."""
    checksum = position = 0
    while block := os.pread(descriptor, BLOCK_SIZE, position):
        checksum = zlib.crc32(block, checksum)
        position += len(block)
    return f"{checksum:08x}"


def model_digest(directory: Path) -> str:
    """Digest all files of a model that tags depend on."""
    digest = hashlib.blake2b(digest_size=16)
    for name in (*FILES, *GRAPHS.values()):
        path = directory / name
        if name != CARD and path.is_file():
            content = path.read_bytes()
            digest.update(f"{name} {len(content)} ".encode())
            digest.update(content)
    return digest.hexdigest()


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ",".join(f"{name}={number}" for name, number in value.items()) or "none"
    if isinstance(value, tuple):
        parts = (" ".join(part) if isinstance(part, tuple) else part for part in value)
        return ",".join(parts) or "none"
    return str(value)
