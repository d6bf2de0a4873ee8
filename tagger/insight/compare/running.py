"""The trials of a comparison, one after another or several at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from tagger.errors import UsageError
from tagger.executors.protocol import Executor, Measures, Tell, check_shared
from tagger.insight.compare.trials import Outcome, Trial, kept_outcome, run_trial
from tagger.training.loop import EpochDone, StepDone
from tagger.training.reporting import Reporter


class ComparisonReporter(Reporter):
    """Receives the progress of a comparison, and of each training, and ignores it."""

    def trial(self, number: int, n_trials: int, trial: Trial) -> None:
        """Handle the start of a trial, the ``number``-th of all.

        Of several at once it is called when they are finished, and of their trainings only
        `share` is reported.
        """

    def share(self, done: float, n_trials: int) -> None:
        """Handle how many trials are done of several at once, parts included."""

    def outcome(self, outcome: Outcome) -> None:
        """Handle the outcome of the current trial."""

    def timing(self) -> None:
        """Handle the end of all trials: the speed of tagging is measured now."""

    def written(self, files: Sequence[Path]) -> None:
        """Handle the report, which is written."""


class TrialTask(msgspec.Struct, frozen=True, kw_only=True):
    """A trial as executors take it."""

    trial: Trial
    folder: str
    """Where its outcome is kept."""
    data_dir: str | None = None
    """Where to look for named corpora first."""

    @property
    def place(self) -> str:
        """The row, for errors."""
        return f"{self.trial.source} {self.trial.row}, seed {self.trial.seed}"


def run_trials(
    tasks: Sequence[TrialTask], executor: Executor | None, reporter: ComparisonReporter
) -> Iterator[tuple[Trial, Outcome]]:
    """Run trials, and yield their outcomes in any order.

    Args:
        tasks: The trials; those that are finished are read.
        executor: Runs several at once; None for one after another.
        reporter: Receives the progress.

    Raises:
        UsageError: A row has a configuration that cannot be trained; names it.
        TaggerError: Workers keep dying, or write where this process cannot see it.
        Interrupted: Ctrl-C; trials are resumed the next time.
    """
    number = 0
    left = []
    for task in tasks:
        kept = kept_outcome(task.trial, Path(task.folder))
        if kept is None and executor is not None:
            left.append(task)
            continue
        number += 1
        reporter.trial(number, len(tasks), task.trial)
        outcome = run_task(task, reporter) if kept is None else kept
        reporter.outcome(outcome)
        yield task.trial, outcome
    if executor is None:
        return

    def tell(running: Measures) -> None:
        reporter.share(number + running[0], len(tasks))

    for task, outcome in executor.run(run_apart, left, tell):
        check_shared(kept_outcome(task.trial, Path(task.folder)) is not None, task.folder)
        number += 1
        reporter.trial(number, len(tasks), task.trial)
        reporter.outcome(outcome)
        yield task.trial, outcome


def run_apart(task: TrialTask, tell: Tell) -> Outcome:
    """Run a trial in another process, and tell how much of it is done."""
    return run_task(task, _Telling(tell))


class _Telling(Reporter):
    def __init__(self, tell: Tell) -> None:
        self._tell, self._n_epochs = tell, 1

    def start(self, heads: Sequence[str], n_epochs: int, done: Sequence[EpochDone]) -> None:
        self._n_epochs = n_epochs

    def event(self, event: StepDone | EpochDone) -> None:
        if isinstance(event, StepDone):
            done = (event.epoch - 1 + event.step / event.n_steps) / self._n_epochs
            self._tell((min(done, 1.0), 0.0, 0.0))


def run_task(task: TrialTask, reporter: Reporter) -> Outcome:
    """Run a trial; see `tagger.insight.compare.trials.run_trial`."""
    data_dir = None if task.data_dir is None else Path(task.data_dir)
    with named(task.trial.row):
        return run_trial(task.trial, Path(task.folder), reporter, data_dir)


@contextmanager
def named(row: str) -> Iterator[None]:
    """Name the row in what is wrong with it."""
    try:
        yield
    except UsageError as error:
        error.message = f"{row}: {error.message}"
        raise
