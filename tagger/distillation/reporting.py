"""Reporters of a distillation's progress: the terminal, none."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tagger.distillation.answering import Tally
from tagger.pretraining.reporting import Terminal as StageTerminal
from tagger.training.reporting import Reporter
from tagger.training.reporting import Terminal as TrainingTerminal

if TYPE_CHECKING:
    from rich.console import Console


class DistillationReporter(Reporter):
    """Receives the progress of answers and training and ignores it; subclasses show it."""

    def answered(self, tally: Tally, n_texts: int) -> None:
        """Receive how many of the texts are answered."""

    def all_answered(self) -> None:
        """Receive the end of the answers, complete or not."""


class Terminal(TrainingTerminal, DistillationReporter):
    """Draws a bar while teachers answer, then shows the training as `tagger train` does.

    Args:
        console: Where to write.
    """

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._stage = StageTerminal(console)
        self._first: tuple[float, int] | None = None

    def answered(self, tally: Tally, n_texts: int) -> None:
        """Move the bar, or print a line from time to time."""
        now = time.monotonic()
        self._first = self._first or (now, tally.n_tokens)
        since, before = self._first
        details = {"words": f"{tally.n_tokens:,}"}
        if now > since:
            details["words/s"] = f"{(tally.n_tokens - before) / (now - since):,.0f}"
        self._stage.progress("teachers answer", tally.n_texts / n_texts, details)

    def all_answered(self) -> None:
        """Remove the bar."""
        self._stage.stop()
