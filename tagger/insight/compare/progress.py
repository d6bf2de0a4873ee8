"""The progress of a comparison in a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from tagger.insight.compare.running import ComparisonReporter
from tagger.insight.compare.trials import Outcome, Trial
from tagger.progress import Screen
from tagger.training.loop import EpochDone, StepDone

if TYPE_CHECKING:
    from rich.console import Console


class TimeLeft:
    """An estimate of the time that the remaining trials take.

    Trials that are read from an earlier run do not count.

    Args:
        clock: Returns the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started = clock()
        self._seconds: list[float] = []

    def start(self) -> None:
        """Note the start of a training."""
        self._started = self._clock()

    def finish(self) -> None:
        """Note the end of the training that was started last."""
        self._seconds.append(self._clock() - self._started)

    def seconds(self, n_trials: int) -> float | None:
        """Estimate the seconds that trials take; None before the first training is finished."""
        if not self._seconds:
            return None
        return n_trials * sum(self._seconds) / len(self._seconds)


def duration(seconds: float) -> str:
    """Format a duration.

    >>> duration(48.2), duration(754), duration(7260)
    ('48 s', '13 min', '2 h 1 min')
    """
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


class Terminal(ComparisonReporter):
    """Prints a line for each trial that is done, and below them a bar over all trials.

    Args:
        console: Where to write.
    """

    def __init__(self, console: Console) -> None:
        self._screen = Screen(console)
        self._name, self._n_epochs = "", 0
        self._number, self._n_trials = 0, 0
        self._time = TimeLeft()
        self._is_training = False
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
        self._is_training = False
        self._name = f"{trial.source} {trial.row}, seed {trial.seed}"
        self._is_first = trial.source not in self._seen
        self._seen.add(trial.source)
        self._show(0.0, self._name)

    def share(self, done: float, n_trials: int) -> None:
        """Move the bar of several trials at once."""
        self._screen.show("trials", done / n_trials, f"{int(done)}/{n_trials}")

    def outcome(self, outcome: Outcome) -> None:
        """Print the outcome of the trial."""
        result = outcome.failed or f"{100 * outcome.score:.2f} after {outcome.seconds:,.0f} s"
        if self._is_training:
            self._time.finish()
        if left := self._time.seconds(self._n_trials - self._number):
            result += f"; about {duration(left)} left"
        self._screen.line(f"{self._name}: {result}")
        self._show(1.0, self._name)

    def timing(self) -> None:
        """Show that the speed of tagging is measured."""
        self._screen.show("measuring the speed of tagging", None)

    def written(self, files: Sequence[Path]) -> None:
        """Print the files of the report."""
        self._screen.line(f"written: {', '.join(map(str, files))}")

    def note(self, text: str) -> None:
        """Print a remark on the first trial of a corpus."""
        if self._is_first:
            self._screen.line(text)

    def start(self, heads: Sequence[str], n_epochs: int, done: Sequence[EpochDone]) -> None:
        """Receive the number of epochs of the trial."""
        self._n_epochs = n_epochs
        self._is_training = True
        self._time.start()

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
