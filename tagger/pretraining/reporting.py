"""Who hears of a pretraining's progress."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tagger.tables import print_line

if TYPE_CHECKING:
    from rich.console import Console

LINE_EVERY = 30.0
"""Seconds between two lines of a stage where there is no terminal to draw a bar in."""


class PretrainingReporter:
    """Hears of a pretraining's progress and says nothing; derive from it to say something."""

    def note(self, text: str) -> None:
        """Hear a remark."""

    def progress(self, stage: str, share: float | None, details: Mapping[str, str]) -> None:
        """Hear how far a stage is, 0 to 1 or unknown, and some numbers of it."""

    def stop(self) -> None:
        """Hear that it has ended, in whatever way."""


class Terminal(PretrainingReporter):
    """Draws a bar for each stage; where there is no terminal, a line from time to time.

    Args:
        console: Where.
    """

    def __init__(self, console: Console) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._console = console
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TextColumn("{task.fields[details]}"),
            TimeRemainingColumn(),
            console=console,
        )
        self._tasks: dict[str, int] = {}
        self._stage, self._said = "", 0.0

    def note(self, text: str) -> None:
        """See `PretrainingReporter`."""
        print_line(self._console, text)

    def progress(self, stage: str, share: float | None, details: Mapping[str, str]) -> None:
        """See `PretrainingReporter`."""
        text = ", ".join(f"{key} {value}" for key, value in details.items())
        if not self._console.is_terminal:
            if stage != self._stage or time.monotonic() - self._said > LINE_EVERY:
                self._stage, self._said = stage, time.monotonic()
                done = f" {share:4.0%}" if share is not None else ""
                self.note(f"{stage}{done}: {text or 'begins'}")
            return
        if stage not in self._tasks:
            self._bar.start()
            for task in self._tasks.values():
                self._bar.remove_task(task)  # type: ignore[arg-type]
            self._tasks = {stage: self._bar.add_task(stage, total=None, details="")}
        total = None if share is None else 1.0
        self._bar.update(
            self._tasks[stage],  # type: ignore[arg-type]
            completed=share or 0.0,
            total=total,
            details=text,
        )

    def stop(self) -> None:
        """See `PretrainingReporter`."""
        if self._tasks:
            self._bar.stop()
