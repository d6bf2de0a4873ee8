"""Measure what `tagger train --workers` brings: steps with one and with several workers, in turn.

On a machine that does nothing else, compare the wall time of a step. Where other programs keep the
cores busy, several processes get a larger share of them, so compare the processor time that the
first process spends on a step: it bounds the gain.
"""

from __future__ import annotations

import argparse
import signal
import statistics
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import tagger
from tagger.errors import Interrupted
from tagger.training.loop import EpochDone, StepDone
from tagger.training.reporting import Reporter

SKIPPED = 10
"""Steps before the first that is measured."""


class Step(NamedTuple):
    """The mean of some steps, in milliseconds."""

    wall: float
    processor: float


class Watch(Reporter):
    """Measures steps, and then stops the training.

    Args:
        steps: How many.
    """

    def __init__(self, steps: int) -> None:
        self._steps, self._n = steps, 0
        self._started = (0.0, 0.0)
        self.step = Step(0.0, 0.0)

    def event(self, event: StepDone | EpochDone) -> None:
        """Implement `Reporter`."""
        if not isinstance(event, StepDone):
            return
        self._n += 1
        now = (time.perf_counter(), time.process_time())
        if self._n == SKIPPED:
            self._started = now
        elif self._n == SKIPPED + self._steps:
            wall, used = (
                1000 * (b - a) / self._steps for a, b in zip(self._started, now, strict=True)
            )
            self.step = Step(wall, used)
            signal.raise_signal(signal.SIGINT)


def main() -> None:
    """Print a row for each size of a batch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", nargs="?", default="sample")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--batch-tokens", type=int, nargs="*", default=[500, 2000, 8000])
    options = parser.parse_args()
    n = options.workers
    print(
        f"| tokens a batch | ms a step | of {n} workers | times as fast "
        f"| processor ms | of the first of {n} | at most times as fast |"
    )
    print("| --- " * 7 + "|", flush=True)
    for batch_tokens in options.batch_tokens:
        rounds = [
            [measure(options, batch_tokens, workers) for workers in (1, n)]
            for _ in range(options.rounds)
        ]
        cells = []
        for place in (0, 1):  # wall and processor time
            one, more = (statistics.median(pair[i][place] for pair in rounds) for i in (0, 1))
            ratio = statistics.median(a[place] / b[place] for a, b in rounds)
            cells += [f"{one:.1f}", f"{more:.1f}", f"{ratio:.2f}"]
        print(f"| {batch_tokens:,} | {' | '.join(cells)} |", flush=True)


def measure(options: argparse.Namespace, batch_tokens: int, workers: int) -> Step:
    """Train for some steps."""
    watch = Watch(options.steps)
    with tempfile.TemporaryDirectory() as name:
        try:
            tagger.train(
                options.corpus,
                Path(name) / "model",
                heads=["ner"],
                settings={
                    "training.batch_tokens": batch_tokens,
                    "training.epoch_steps": SKIPPED + options.steps + 1,
                },
                threads=1,
                workers=workers,
                reporter=watch,
            )
        except Interrupted:
            return watch.step
    raise SystemExit("the corpus is too small")


if __name__ == "__main__":
    main()
