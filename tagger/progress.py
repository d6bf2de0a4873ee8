"""Progress of long work in a terminal: lines, and below them a bar where it can be redrawn."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tagger.tables import print_line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import TaskID


def can_redraw(console: Console) -> bool:
    """Return whether lines can be drawn over: not in a pipe, a dumb terminal or a notebook.

    Commands in a notebook cell (``!tagger train``) have a terminal, but every redrawn line stays.
    """
    in_notebook = "JPY_PARENT_PID" in os.environ  # set by Jupyter for its kernels
    return console.is_terminal and not console.is_dumb_terminal and not in_notebook


class Screen:
    """Lines, and below them one bar for the current stage of the work.

    Args:
        console: Where to write.
    """

    def __init__(self, console: Console) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self.console = console
        self.redraws = can_redraw(console)
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[details]}", markup=False),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
            disable=not self.redraws,
        )
        self._stage = ""
        self._task: TaskID | None = None

    def line(self, text: str, style: str = "") -> None:
        """Print a line above the bar."""
        from rich.text import Text

        print_line(self.console, Text(text, style=style))

    def show(self, stage: str, share: float | None, details: str = "") -> None:
        """Move the bar.

        Args:
            stage: What is being done; the time left is estimated for each stage separately.
            share: How much of it is done, 0 to 1; None where that is not known.
            details: What stands after the bar.
        """
        if not self.redraws:
            return
        if self._task is None or stage != self._stage:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._stage, self._task = stage, self._bar.add_task(stage, total=None, details="")
            self._bar.start()
        self._bar.update(
            self._task,
            completed=share or 0.0,
            total=None if share is None else 1.0,
            details=details,
        )

    def stop(self) -> None:
        """Remove the bar."""
        self._bar.stop()
