"""Reporters of a pretraining's progress: the terminal, none."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tagger.progress import Screen

if TYPE_CHECKING:
    from rich.console import Console

LINE_EVERY = 30.0
"""Seconds between two lines of a stage where no bar can be drawn."""


class PretrainingReporter:
    """Receives a pretraining's progress and ignores it; subclasses show it."""

    def note(self, text: str) -> None:
        """Receive a remark."""

    def progress(self, stage: str, share: float | None, details: Mapping[str, str]) -> None:
        """Receive how much of a stage is done, 0 to 1 or unknown, and some numbers of it."""

    def stop(self) -> None:
        """Receive the end, however the pretraining ended."""


class Terminal(PretrainingReporter):
    """Draws a bar for each stage; where no bar can be drawn, a line from time to time.

    Args:
        console: Where to write.
    """

    def __init__(self, console: Console) -> None:
        self._screen = Screen(console)
        self._stage, self._printed = "", 0.0

    def note(self, text: str) -> None:
        """Print a remark."""
        self._screen.line(text)

    def progress(self, stage: str, share: float | None, details: Mapping[str, str]) -> None:
        """Move the bar, or print a line where the last one is old."""
        text = ", ".join(f"{key} {value}" for key, value in details.items())
        self._screen.show(stage, share, text)
        is_due = stage != self._stage or time.monotonic() - self._printed > LINE_EVERY
        if is_due and not self._screen.redraws:
            self._stage, self._printed = stage, time.monotonic()
            done = f" {share:4.0%}" if share is not None else ""
            self.note(f"{stage}{done}: {text or 'begins'}")

    def stop(self) -> None:
        """Remove the bar."""
        self._screen.stop()
