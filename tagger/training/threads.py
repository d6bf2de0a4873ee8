"""The number of CPU threads of a training, chosen by the time of its own steps."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch

from tagger.runtime.engines.processor import n_cores

BLOCK = 4
"""Steps in a row with the same number; the first is not counted, since it may start threads."""
ROUNDS = 3
"""Times that each number has its turn, so that what happens beside it affects all numbers."""
GAIN = 1.1
"""How many times as fast more threads must be to be worth it."""
WINDOW = 5.0
"""Seconds of steps of which a speed is taken."""
SLOW_WINDOWS = 3
"""Windows in a row with less than half of the best speed after which the choice is made again."""


def n_threads(threads: int) -> int:
    """Return a number of threads; 0 is ``$OMP_NUM_THREADS``, or else one per core."""
    return threads or _of_environment() or n_cores()


def _of_environment() -> int:
    given = os.environ.get("OMP_NUM_THREADS", "")
    return int(given) if given.isdecimal() else 0


def use_threads(threads: int) -> None:
    """Set PyTorch's threads; see `n_threads`."""
    torch.set_num_threads(n_threads(threads))


def candidates(threads: int, device: str) -> tuple[int, ...]:
    """Return the numbers of threads to choose from: one where it is given, or on a GPU.

    >>> candidates(3, "cpu")
    (3,)
    """
    most = n_threads(threads)
    if threads or _of_environment() or not device.startswith("cpu"):
        return (most,)
    doubled = [2**i for i in range(most.bit_length()) if 2**i < most]
    return (*doubled, most)


class ThreadChoice:
    """Chooses the number of threads by which steps are fastest, and again when they get slow.

    Threads wait for the slowest of them. Beside a busy core two can be ten times slower than one,
    and which is faster may change while a training runs.

    Args:
        numbers: To choose from, in rising order; see `candidates`.
        chosen: What an interrupted training had chosen; 0 for nothing yet.
        report: Receives a line whenever a number is chosen.
        clock: Returns seconds.

    Attributes:
        chosen: The number of threads; 0 while it is being measured.
    """

    def __init__(
        self,
        numbers: Sequence[int],
        *,
        chosen: int = 0,
        report: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._numbers = tuple(numbers)
        self._report, self._clock = report, clock
        self.chosen = self._numbers[0] if len(self._numbers) == 1 else chosen
        if self.chosen:
            torch.set_num_threads(self.chosen)
        self._clear()

    def _clear(self) -> None:
        self._n_measured = 0
        self._times: dict[int, list[float]] = {n: [] for n in self._numbers}
        self._best, self._n_slow = 0.0, 0
        self._tokens, self._seconds = 0, 0.0

    @contextmanager
    def step(self, n_tokens: int) -> Iterator[None]:
        """Run a step of the training with the right number of threads, and time it."""
        if not self.chosen:
            place = self._n_measured // BLOCK % len(self._numbers)
            torch.set_num_threads(self._numbers[place])
        begun = self._clock()
        yield
        seconds = self._clock() - begun
        if not self.chosen:
            self._measure(seconds / max(n_tokens, 1))
        elif self.chosen > 1 and len(self._numbers) > 1:
            self._watch(n_tokens, seconds)

    def _measure(self, seconds: float) -> None:
        """Note the time for a token, and choose when all numbers have had their turns."""
        block, within = divmod(self._n_measured, BLOCK)
        if within:
            self._times[self._numbers[block % len(self._numbers)]].append(seconds)
        self._n_measured += 1
        if self._n_measured < BLOCK * ROUNDS * len(self._numbers):
            return
        speeds = {n: 1 / max(statistics.median(times), 1e-9) for n, times in self._times.items()}
        fastest = max(speeds.values())
        self._clear()
        self.chosen = next(n for n in self._numbers if speeds[n] * GAIN >= fastest)
        torch.set_num_threads(self.chosen)
        measured = ", ".join(f"{speed:,.0f} with {n}" for n, speed in speeds.items())
        self._report(f"threads: {self.chosen} (tokens/s: {measured})")

    def _watch(self, n_tokens: int, seconds: float) -> None:
        """Start to measure again if the speed has been less than half of the best for a while."""
        self._tokens += n_tokens
        self._seconds += seconds
        if self._seconds < WINDOW:
            return
        speed = self._tokens / self._seconds
        self._tokens, self._seconds = 0, 0.0
        self._best = max(self._best, speed)
        self._n_slow = self._n_slow + 1 if speed < self._best / 2 else 0
        if self._n_slow == SLOW_WINDOWS:
            self._clear()
            self.chosen = 0
