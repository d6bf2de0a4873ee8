"""How a comparison shows that it goes on."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from tagger.insight.compare.comparison import ComparisonReporter
from tagger.insight.compare.trials import Outcome, Trial
from tagger.tables import print_line
from tagger.training.loop import EpochDone, StepDone

if TYPE_CHECKING:
    from rich.console import Console


class Terminal(ComparisonReporter):
    """A bar over all runs, with the one that is under way; a line for each that is done.

    Args:
        console: Where to write.
    """

    def __init__(self, console: Console) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bars

        self._console = console
        self._bars = Bars(
            MofNCompleteColumn(),
            BarColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bars.add_task("", total=None)
        self._name, self._n_epochs = "", 0
        self._seen: set[str] = set()
        self._is_first = False

    def __enter__(self) -> Terminal:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def trial(self, number: int, n_trials: int, trial: Trial) -> None:
        """See `ComparisonReporter`."""
        self._name = f"{trial.source} {trial.row}, seed {trial.seed}"
        self._is_first = trial.source not in self._seen
        self._seen.add(trial.source)
        self._bars.update(self._task, total=n_trials, completed=number - 1, description=self._name)

    def outcome(self, outcome: Outcome) -> None:
        """See `ComparisonReporter`."""
        said = outcome.failed or f"{100 * outcome.score:.2f} after {outcome.seconds:,.0f} s"
        print_line(self._console, f"{self._name}: {said}")
        self._bars.advance(self._task)

    def timing(self) -> None:
        """See `ComparisonReporter`."""
        self._bars.update(self._task, description="measuring how fast each tags")

    def note(self, text: str) -> None:
        """See `tagger.training.reporting.Reporter`; shown of each corpus's first run."""
        if self._is_first:
            print_line(self._console, text)

    def start(self, heads: Sequence[str], n_epochs: int, done: Sequence[EpochDone]) -> None:
        """See `tagger.training.reporting.Reporter`."""
        self._n_epochs = n_epochs

    def event(self, event: StepDone | EpochDone) -> None:
        """See `tagger.training.reporting.Reporter`."""
        if isinstance(event, EpochDone):
            record = event.record
            self._bars.update(
                self._task,
                description=f"{self._name}: epoch {record.epoch}/{self._n_epochs}, "
                f"dev {100 * record.score:.2f}",
            )
