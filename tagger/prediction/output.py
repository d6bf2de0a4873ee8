"""Results to standard output or a file, one for each text, in order."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

import msgspec

from tagger.errors import Interrupted, UsageError
from tagger.files import hinted_errors, lock, named_errors, write_file
from tagger.interrupt import deferred_interrupt
from tagger.prediction.resuming import NOTHING, Kept, Record, record_path, resumable
from tagger.prediction.workers import Result
from tagger.printable import printable


def check_writable(output: Path | None) -> None:
    """Check that there is a place to write to, before the first result is waited for.

    Raises:
        UsageError: Standard output is closed.
        OSError: The file cannot be written.
    """
    if output is None:
        if sys.stdout is None or not sys.stdout.writable():
            raise UsageError("standard output is closed", hint="write to a file with {output}")
        return
    wrong = 0
    if not output.absolute().parent.is_dir():
        wrong = errno.ENOENT
    elif not os.access(output if output.exists() else output.absolute().parent, os.W_OK):
        wrong = errno.EACCES
    if wrong:
        raise OSError(wrong, os.strerror(wrong), str(output))


def check_replaceable(output: Path, *, force: bool) -> None:
    """Check that no results are lost; an empty file has none.

    Raises:
        UsageError: There are some, and ``force`` does not allow to replace them.
    """
    if output.is_file() and output.stat().st_size and not force:
        raise UsageError(
            "exists",
            path=output,
            hint="resume it with {resume=True} or replace it with {force=True}",
        )


def write_results(
    results: Iterator[Result],
    *,
    output: Path | None = None,
    record: Record | None = None,
    resume: bool = False,
    kept: Kept = NOTHING,
    force: bool = False,
    report: Callable[[Result], None] = lambda result: None,
) -> None:
    """Write results as they come; an interrupt leaves whole results.

    Args:
        results: The results after the kept ones.
        output: The file to write to; None for standard output. It is not touched until there is a
            result to write, or it is known that there is none.
        record: The job, which resuming the output needs; None if it cannot be resumed.
        resume: The file is resumed.
        kept: What stays in it then.
        force: It may be replaced.
        report: Called after each result.

    Raises:
        OSError: The file cannot be written.
        UsageError: Another process is writing it, or has written it since it was checked.
        Interrupted: Ctrl-C, with an ``output`` that can be resumed.
    """
    first = list(islice(results, 1))
    name = output or Path("standard output")
    in_terminal = output is None and sys.stdout.isatty()
    hint = "run the same command with {resume=True}" if record is not None else None
    opened = _opened(output, record, kept, resume=resume, force=force)
    with hinted_errors(hint), opened as file:
        try:
            for result in chain(first, results):
                content = shown(result.content) if in_terminal else result.content
                with deferred_interrupt() as interrupt, named_errors(name):
                    file.write(content)
                    file.flush()
                if interrupt.requested:
                    raise KeyboardInterrupt
                report(result)
        except KeyboardInterrupt:
            if output is None:
                raise
            raise Interrupted("stopped; it holds whole results", path=output, hint=hint) from None


def shown(content: bytes) -> bytes:
    """Return results without characters of the texts that act on a terminal."""
    return printable(content.decode()).encode()


@contextmanager
def _opened(
    output: Path | None, record: Record | None, kept: Kept, *, resume: bool, force: bool
) -> Iterator[BinaryIO]:
    if output is None:
        yield sys.stdout.buffer
        return
    file = output.open("ab")
    try:
        # What is not a regular file (`/dev/stdout`, a pipe) has no size and no disk.
        if output.is_file():
            lock(file.fileno(), output)
            if not resume:
                check_replaceable(output, force=force)
            elif record is not None and resumable(output, record) != kept:
                raise UsageError(
                    "another process has written there", path=output, hint="run the command again"
                )
            if kept == NOTHING:
                # In this order no moment has results of one job beside the record of another.
                record_path(output).unlink(missing_ok=True)
                file.truncate(0)
                os.fsync(file.fileno())
                if record is not None:
                    write_file(record_path(output), msgspec.json.encode(record))
            file.truncate(kept.n_bytes)
        yield file
        if output.is_file():
            os.fsync(file.fileno())
    finally:
        with named_errors(output):  # closing writes what is left
            file.close()
