"""Trainings that are interrupted."""

from __future__ import annotations

import signal

from tagger.training.loop import EpochDone, StepDone
from tagger.training.reporting import Reporter


class Stop(Reporter):
    """Presses Ctrl-C after some batches."""

    def __init__(self, after: int) -> None:
        self.left = after

    def event(self, event: StepDone | EpochDone) -> None:
        if isinstance(event, StepDone):
            self.left -= 1
            if self.left == 0:
                signal.raise_signal(signal.SIGINT)
