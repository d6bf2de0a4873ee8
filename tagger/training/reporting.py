"""Who hears of a training's progress: the terminal, TensorBoard, nobody."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tagger.errors import UsageError
from tagger.extras import install_hint
from tagger.tables import print_line
from tagger.training.loop import EpochDone, StepDone

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


class Reporter:
    """Hears of a training's progress and says nothing; derive from it to say something."""

    def note(self, text: str) -> None:
        """Hear a remark."""

    def start(self, heads: Sequence[str], n_epochs: int, done: Sequence[EpochDone]) -> None:
        """Hear that training begins, or goes on after the epochs ``done``."""

    def event(self, event: StepDone | EpochDone) -> None:
        """Hear of a batch or an epoch."""

    def stop(self) -> None:
        """Hear that training has ended, in whatever way."""


class Reporters(Reporter):
    """Tells several.

    Args:
        reporters: Who is told, in this order.
    """

    def __init__(self, reporters: Sequence[Reporter]) -> None:
        self._reporters = tuple(reporters)

    def note(self, text: str) -> None:
        """See `Reporter`."""
        for reporter in self._reporters:
            reporter.note(text)

    def start(self, heads: Sequence[str], n_epochs: int, done: Sequence[EpochDone]) -> None:
        """See `Reporter`."""
        for reporter in self._reporters:
            reporter.start(heads, n_epochs, done)

    def event(self, event: StepDone | EpochDone) -> None:
        """See `Reporter`."""
        for reporter in self._reporters:
            reporter.event(event)

    def stop(self) -> None:
        """See `Reporter`."""
        for reporter in self._reporters:
            reporter.stop()


class Terminal(Reporter):
    """A table that grows by a row an epoch, and below it a bar with speed and time left.

    Where the output is no terminal, a line an epoch.

    Args:
        console: Where to write.
    """

    def __init__(self, console: Console) -> None:
        from rich.live import Live
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._console = console
        self._heads: list[str] = []
        self._rows: list[list[str]] = []
        self._n_epochs = 0
        self._progress = Progress(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} % · loss {task.fields[loss]:.3f}"),
            TextColumn("· {task.fields[speed]} tokens/s ·"),
            TimeRemainingColumn(compact=True),
            TextColumn("left at most"),
            console=console,
        )
        self._task = self._progress.add_task("", total=1.0, epoch="1", loss=0.0, speed="–")
        self._live = Live(console=console, refresh_per_second=4, get_renderable=self._render)
        self._tokens, self._since = 0, 0.0

    def note(self, text: str) -> None:
        """See `Reporter`."""
        print_line(self._console, text)

    def start(self, heads: Sequence[str], n_epochs: int, done: Sequence[EpochDone]) -> None:
        """See `Reporter`."""
        self._heads, self._n_epochs = list(heads), n_epochs
        self._rows = [self._row(event) for event in done]
        if self._console.is_terminal:
            self._live.start()
        else:
            for row in (self._columns(), *self._rows):
                self._note_row(row)

    def event(self, event: StepDone | EpochDone) -> None:
        """See `Reporter`."""
        if isinstance(event, StepDone):
            now = self._progress.get_time()
            self._tokens += event.n_tokens
            self._since = self._since or now
            speed = self._tokens / (now - self._since) if now > self._since else 0.0
            self._progress.update(
                self._task,
                completed=(event.epoch - 1 + event.step / event.n_steps) / self._n_epochs,
                epoch=f"{event.epoch}/{self._n_epochs}",
                loss=event.loss,
                speed=f"{speed:,.0f}" if speed else "–",
            )
            return
        self._tokens, self._since = 0, 0.0
        self._rows.append(self._row(event))
        if not self._console.is_terminal:
            self._note_row(self._rows[-1])

    def stop(self) -> None:
        """See `Reporter`."""
        if self._live.is_started:
            self._progress.update(self._task, visible=False)
            self._live.stop()

    def _note_row(self, cells: Sequence[str]) -> None:
        self.note("  ".join(f"{cell:>9}" for cell in cells))

    def _columns(self) -> list[str]:
        return ["epoch", "loss", *(f"dev {head}" for head in self._heads), "tokens/s", "seconds"]

    def _row(self, event: EpochDone) -> list[str]:
        record = event.record
        scores = [f"{100 * record.scores[head]:.2f}" for head in self._heads]
        mark = "*" if event.is_best else ""
        speed, seconds = f"{record.tokens_per_second:,.0f}", f"{record.seconds:.1f}"
        return [f"{mark}{record.epoch}", f"{record.loss:.4f}", *scores, speed, seconds]

    def _render(self) -> Table:
        from rich.table import Table
        from rich.text import Text

        table = Table.grid()
        epochs = Table(box=None, pad_edge=False, header_style="bold")
        for name in self._columns():
            epochs.add_column(Text(name), justify="right")
        for row in self._rows:
            epochs.add_row(*row, style="green" if row[0].startswith("*") else "")
        table.add_row(epochs)
        table.add_row(self._progress)
        return table


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
        """See `Reporter`."""
        # Not before: opening makes the directory, which must not be there yet.
        self._writer = self._open()

    def event(self, event: StepDone | EpochDone) -> None:
        """See `Reporter`."""
        if isinstance(event, EpochDone) and self._writer is not None:
            record = event.record
            values = {"loss": record.loss, "learning_rate": record.learning_rate}
            values |= {f"dev/{head}": score for head, score in record.scores.items()}
            for name, value in values.items():
                self._writer.add_scalar(name, value, record.epoch)

    def stop(self) -> None:
        """See `Reporter`."""
        if self._writer is not None:
            self._writer.close()
