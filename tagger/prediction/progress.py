"""The progress of a prediction in a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tagger.prediction.resuming import Kept
from tagger.prediction.workers import Result
from tagger.tables import counted


@contextmanager
def terminal_progress(
    kept: Kept, n_done: int, n_bytes: int | None
) -> Iterator[Callable[[Result], None]]:
    """Show lines, tokens per second and the time left on standard error.

    Args:
        kept: Results that were there before.
        n_done: Bytes of their texts.
        n_bytes: Bytes of all texts; None if unknown.
    """
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
        task = progress.add_task("", total=n_bytes, completed=n_done)
        n_texts, n_tokens = kept.n_texts, 0
        started = time.perf_counter()

        def report(result: Result) -> None:
            nonlocal n_texts, n_tokens
            n_texts += result.n_texts
            n_tokens += result.n_tokens
            speed = n_tokens / (time.perf_counter() - started)
            shown = f"{counted(n_texts, 'line')}, {speed:,.0f} tokens/s"
            progress.update(task, description=shown, advance=result.n_bytes)

        yield report
