"""Processes of this machine, each with one thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import NamedTuple

from tagger.errors import TaggerError
from tagger.executors.board import Board
from tagger.executors.processes import board_of_worker, without_interrupt, worker_pool
from tagger.executors.protocol import Measures, R, T, Tell

ATTEMPTS = 3
"""How often a task may be running when a worker dies."""
_EVERY = 0.5
"""Seconds between two reports of progress."""


class Local:
    """Runs tasks in this process or in several.

    Args:
        workers: Number of processes; with one, tasks run in this process.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def run(
        self, work: Callable[[T, Tell], R], tasks: Sequence[T], progress: Tell
    ) -> Iterator[tuple[T, R]]:
        """Implement `tagger.executors.protocol.Executor`."""
        if self._workers == 1 or len(tasks) == 1:
            for task in tasks:
                yield task, work(task, _seldom(progress))
            return
        left = dict(enumerate(tasks))
        n_deaths = dict.fromkeys(left, 0)
        while left:
            workers = min(self._workers, len(left))
            running: dict[Future[R], _Place] = {}
            board = Board(workers)
            try:
                with worker_pool(workers, board) as pool:
                    for number, result in _finished(
                        pool, work, left, workers, running, board, progress
                    ):
                        yield left.pop(number), result
            except BrokenProcessPool:
                numbers = [place.number for place in running.values()]
                for number in numbers:
                    n_deaths[number] += 1
                worst = max(numbers, key=n_deaths.__getitem__)
                if n_deaths[worst] >= ATTEMPTS:
                    raise TaggerError(
                        f"a worker has died {ATTEMPTS} times, perhaps out of memory",
                        path=left[worst].place,
                        hint="use fewer {workers}",
                    ) from None


class _Place(NamedTuple):
    number: int
    """Of the task."""
    slot: int
    """Of its progress."""


def _finished(
    pool: ProcessPoolExecutor,
    work: Callable[[T, Tell], R],
    left: dict[int, T],
    n_at_once: int,
    running: dict[Future[R], _Place],
    board: Board,
    progress: Tell,
) -> Iterator[tuple[int, R]]:
    waiting = iter(list(left.items()))
    free = list(range(n_at_once))  # one a worker: what waits would be begun by one that stops
    while True:
        while free and (pair := next(waiting, None)) is not None:
            number, task = pair
            slot = free.pop()
            board.write(slot, (0.0, 0.0, 0.0))
            with without_interrupt():
                running[pool.submit(_call, work, task, slot)] = _Place(number, slot)
        if not running:
            return
        done = wait(running, timeout=_EVERY, return_when=FIRST_COMPLETED).done
        if not done:
            progress(board.total(place.slot for place in running.values()))
        for future in done:
            result = future.result()
            place = running.pop(future)
            free.append(place.slot)
            yield place.number, result


def _call(work: Callable[[T, Tell], R], task: T, slot: int) -> R:
    """Run a task in a worker."""
    return work(task, partial(board_of_worker().write, slot))


def _seldom(progress: Tell) -> Tell:
    """Pass on progress at most every half second."""
    told = time.monotonic()

    def tell(measures: Measures) -> None:
        nonlocal told
        if (now := time.monotonic()) - told >= _EVERY:
            told = now
            progress(measures)

    return tell
