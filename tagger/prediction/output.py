"""Answers to standard output or a file, one for each input, in order."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

from tagger.errors import Interrupted, UsageError
from tagger.interrupt import deferred_interrupt
from tagger.prediction.input import PIECE
from tagger.prediction.workers import Answer, Job, answers, tagger_of


class Done(NamedTuple):
    """What a file of answers holds already."""

    n_texts: int
    n_bytes: int


NONE = Done(0, 0)


def write_view(job: Job, pieces: Iterable[Sequence[str]]) -> None:
    """Show answers to people: coloured, in a terminal."""
    from rich.console import Console

    from tagger.prediction.rendering import view

    tagger = tagger_of(job)
    chosen = tagger.predictor.choose(job.heads)
    console = Console(highlight=False)
    for piece in pieces:
        for document in tagger.batch(piece, job.heads, confidence=job.confidence):
            console.print(view(document, chosen))


def write_answers(
    job: Job,
    pieces: Iterable[Sequence[str]],
    *,
    workers: int = 1,
    output: Path | None = None,
    done: Done = NONE,
    n_bytes: int | None = None,
) -> None:
    """Tag texts and write the answers as they come; a stop in between leaves whole answers.

    Args:
        job: What to do with each text.
        pieces: The texts, in pieces that are tagged together.
        workers: Processes.
        output: The file to write to; None is standard output. It is as it was until there is an
            answer to write, or it is known that there is none.
        done: What stays in it; those texts are not in ``pieces``.
        n_bytes: What all texts come to, for the progress; None if that is not known.

    Raises:
        UsageError: Standard output is closed.
        OSError: The file cannot be written.
        Interrupted: Ctrl-C, with an ``output`` that can be gone on with.
    """
    if output is None and sys.stdout is None:
        raise UsageError("standard output is closed; there is nowhere to write to")
    tagger = tagger_of(job)  # what is wrong is said before anything is written
    sizes: list[int] = []

    def measured() -> Iterator[Sequence[str]]:
        for piece in pieces:
            sizes.append(sum(len(text.encode()) + 1 for text in piece))
            yield piece

    _check_place(output)
    found = answers(job, tagger, measured(), workers)
    first = list(islice(found, 1))
    with _opened(output, done) as file, _progress(output, n_bytes, done.n_texts) as report:
        try:
            for i, answer in enumerate(chain(first, found)):
                with deferred_interrupt() as interrupt:
                    file.write(answer.content)
                    file.flush()
                if interrupt.requested:
                    raise KeyboardInterrupt
                report(answer, sizes[i])
        except KeyboardInterrupt:
            if output is None:
                raise
            said = f"stopped; {output} holds whole answers"
            if output.is_file() and job.output_format != "conll":
                said += "; go on with the same command and --resume"
            raise Interrupted(said) from None


def answered(output: Path) -> Done:
    """Find what stays of a file of answers, a line each, that was stopped anywhere.

    Whole pieces alone: so what follows is tagged together as if it had never stopped.

    Raises:
        OSError: It cannot be read.
    """
    if not output.is_file():
        return NONE
    n_lines = position = kept = 0
    with output.open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                break
            n_lines += 1
            position += len(line)
            if n_lines % PIECE == 0:
                kept = position
    return Done(n_lines - n_lines % PIECE, kept)


def skip(texts: Iterable[str], n: int) -> Iterator[str]:
    """Leave out the first ``n`` texts.

    Raises:
        UsageError: There are not so many.
    """
    remaining = iter(texts)
    skipped = sum(1 for _ in islice(remaining, n))
    if skipped < n:
        raise UsageError(f"--resume: {n} lines are answered already, and the input has {skipped}")
    return remaining


def _check_place(output: Path | None) -> None:
    """See that a file can be written before the first answer is waited for."""
    if output is None:
        return
    wrong = 0
    if not output.absolute().parent.is_dir():
        wrong = errno.ENOENT
    elif not os.access(output if output.exists() else output.absolute().parent, os.W_OK):
        wrong = errno.EACCES
    if wrong:
        raise OSError(wrong, os.strerror(wrong), str(output))


@contextmanager
def _opened(output: Path | None, done: Done) -> Iterator[BinaryIO]:
    if output is None:
        yield sys.stdout.buffer
        return
    with output.open("ab") as file:
        # What is no regular file (`/dev/stdout`, a pipe) has no size and no disk.
        if output.is_file():
            file.truncate(done.n_bytes)
        yield file
        if output.is_file():
            os.fsync(file.fileno())


@contextmanager
def _progress(
    output: Path | None, n_bytes: int | None, n_done: int
) -> Iterator[Callable[[Answer, int], None]]:
    """Show lines, words a second and what is left, if standard error is a terminal of its own."""
    if not sys.stderr.isatty() or (output is None and sys.stdout.isatty()):
        yield lambda answer, size: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = [SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()]
    if n_bytes:
        columns += [BarColumn(), TextColumn("left"), TimeRemainingColumn()]
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=n_bytes)
        n_texts = n_tokens = 0
        started = time.perf_counter()

        def report(answer: Answer, size: int) -> None:
            nonlocal n_texts, n_tokens
            n_texts += answer.n_texts
            n_tokens += answer.n_tokens
            speed = n_tokens / (time.perf_counter() - started)
            said = f"{n_done + n_texts:,} lines, {speed:,.0f} tokens/s"
            progress.update(task, description=said, advance=size)

        yield report
