"""The progress of a comparison in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from tagger.insight.compare.comparison import ComparisonReporter
from tagger.insight.compare.trials import Outcome, Trial
from tagger.progress import Screen
from tagger.training.loop import EpochDone, StepDone

if TYPE_CHECKING:
    from rich.console import Console


class Terminal(ComparisonReporter):
    """Prints a line for each trial that is done, and below them a bar over all trials.

    Args:
        console: Where to write.
    """

    def __init__(self, console: Console) -> None:
        self._screen = Screen(console)
        self._name, self._n_epochs = "", 0
        self._number, self._n_trials = 0, 0
        self._seen: set[str] = set()
        self._is_first = False

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._screen.stop()

    def trial(self, number: int, n_trials: int, trial: Trial) -> None:
        """Show the trial that begins."""
        self._number, self._n_trials = number, n_trials
        self._name = f"{trial.source} {trial.row}, seed {trial.seed}"
        self._is_first = trial.source not in self._seen
        self._seen.add(trial.source)
        self._show(0.0, self._name)

    def outcome(self, outcome: Outcome) -> None:
        """Print the outcome of the trial."""
        result = outcome.failed or f"{100 * outcome.score:.2f} after {outcome.seconds:,.0f} s"
        self._screen.line(f"{self._name}: {result}")
        self._show(1.0, self._name)

    def timing(self) -> None:
        """Show that the speed of tagging is measured."""
        self._screen.show("measuring the speed of tagging", None)

    def note(self, text: str) -> None:
        """Print a remark on the first trial of a corpus."""
        if self._is_first:
            self._screen.line(text)

    def start(self, heads: Sequence[str], n_epochs: int, done: Sequence[EpochDone]) -> None:
        """Receive the number of epochs of the trial."""
        self._n_epochs = n_epochs

    def event(self, event: StepDone | EpochDone) -> None:
        """Move the bar after an epoch."""
        if isinstance(event, EpochDone):
            epoch = f"epoch {event.record.epoch}/{self._n_epochs}"
            self._show(
                event.record.epoch / self._n_epochs,
                f"{self._name}: {epoch}, dev {100 * event.record.score:.2f}",
            )

    def _show(self, share_of_trial: float, details: str) -> None:
        share = (self._number - 1 + share_of_trial) / self._n_trials
        self._screen.show("trials", share, f"{self._number}/{self._n_trials} {details}")
