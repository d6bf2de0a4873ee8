"""Reporters of a training's progress: the terminal, TensorBoard, none."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tagger.errors import UsageError
from tagger.extras import install_hint
from tagger.progress import Screen
from tagger.training.loop import EpochDone, StepDone

if TYPE_CHECKING:
    from rich.console import Console


class Reporter:
    """Receives a training's progress and ignores it; subclasses show it."""

    def note(self, text: str) -> None:
        """Receive a remark."""

    def start(self, heads: Sequence[str], n_epochs: int, done: Sequence[EpochDone]) -> None:
        """Receive the start, or a resumption after the epochs ``done``."""

    def event(self, event: StepDone | EpochDone) -> None:
        """Receive a batch or an epoch that is done."""

    def stop(self) -> None:
        """Receive the end, however the training ended."""


class Reporters(Reporter):
    """Passes all on to several reporters.

    Args:
        reporters: The reporters, in this order.
    """

    def __init__(self, reporters: Sequence[Reporter]) -> None:
        self._reporters = tuple(reporters)

    def note(self, text: str) -> None:
        """Implement `Reporter`."""
        for reporter in self._reporters:
            reporter.note(text)

    def start(self, heads: Sequence[str], n_epochs: int, done: Sequence[EpochDone]) -> None:
        """Implement `Reporter`."""
        for reporter in self._reporters:
            reporter.start(heads, n_epochs, done)

    def event(self, event: StepDone | EpochDone) -> None:
        """Implement `Reporter`."""
        for reporter in self._reporters:
            reporter.event(event)

    def stop(self) -> None:
        """Implement `Reporter`."""
        for reporter in self._reporters:
            reporter.stop()


class Terminal(Reporter):
    """Prints a line for each epoch, and below them a bar with speed and time left.

    Args:
        console: Where to write.
    """

    def __init__(self, console: Console) -> None:
        self._screen = Screen(console)
        self._heads: list[str] = []
        self._n_epochs = 0
        self._tokens, self._since = 0, 0.0

    def note(self, text: str) -> None:
        """Print a remark."""
        self._screen.line(text)

    def start(self, heads: Sequence[str], n_epochs: int, done: Sequence[EpochDone]) -> None:
        """Print the names of the columns, and the epochs before a resumption."""
        self._heads, self._n_epochs = list(heads), n_epochs
        names = ["epoch", "loss", *(f"dev {head}" for head in heads), "tokens/s", "seconds"]
        self._screen.line(self._row(names), style="bold")
        for event in done:
            self._epoch(event)

    def event(self, event: StepDone | EpochDone) -> None:
        """Move the bar, or print an epoch."""
        if isinstance(event, EpochDone):
            self._tokens, self._since = 0, 0.0
            self._epoch(event)
            return
        now = time.monotonic()
        self._tokens += event.n_tokens
        self._since = self._since or now
        speed = f"{self._tokens / (now - self._since):,.0f}" if now > self._since else "–"
        self._screen.show(
            "training",
            (event.epoch - 1 + event.step / event.n_steps) / self._n_epochs,
            f"epoch {event.epoch}/{self._n_epochs}, loss {event.loss:.3f}, {speed} tokens/s",
        )

    def stop(self) -> None:
        """Remove the bar."""
        self._screen.stop()

    def show(self, stage: str, share: float | None) -> None:
        """Move a bar of other work, between two trainings."""
        self._screen.show(stage, share)

    def _epoch(self, event: EpochDone) -> None:
        record = event.record
        scores = [f"{100 * record.scores[head]:.2f}" for head in self._heads]
        mark = "*" if event.is_kept else ""
        speed, seconds = f"{record.tokens_per_second:,.0f}", f"{record.seconds:.1f}"
        row = [f"{mark}{record.epoch}", f"{record.loss:.4f}", *scores, speed, seconds]
        self._screen.line(self._row(row), style="green" if event.is_kept else "")

    def _row(self, cells: Sequence[str]) -> str:
        widths = [9, 9, *(max(9, len(f"dev {head}")) for head in self._heads), 9, 9]
        pairs = zip(cells, widths, strict=True)
        return "  ".join(f"{cell:>{width}}" for cell, width in pairs)


class TensorBoard(Reporter):
    """Writes losses and scores for TensorBoard.

    Args:
        directory: The log directory.

    Raises:
        UsageError: The extra is not installed.
    """

    def __init__(self, directory: Path) -> None:
        try:
            from torch.utils.tensorboard.writer import SummaryWriter
        except ImportError:
            hint = install_hint("tensorboard")
            raise UsageError("TensorBoard is not installed", hint=hint) from None
        self._open = partial(SummaryWriter, str(directory))
        self._writer: SummaryWriter | None = None

    def start(self, heads: Sequence[str], n_epochs: int, done: Sequence[EpochDone]) -> None:
        """Implement `Reporter`."""
        # Not before: opening makes the directory, which must not be there yet.
        self._writer = self._open()

    def event(self, event: StepDone | EpochDone) -> None:
        """Implement `Reporter`."""
        if isinstance(event, EpochDone) and self._writer is not None:
            record = event.record
            values = {"loss": record.loss, "learning_rate": record.learning_rate}
            values |= {f"dev/{head}": score for head, score in record.scores.items()}
            for name, value in values.items():
                self._writer.add_scalar(name, value, record.epoch)

    def stop(self) -> None:
        """Implement `Reporter`."""
        if self._writer is not None:
            self._writer.close()
