"""Processes of this machine, each with one thread."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool, ProcessPoolExecutor

from tagger.bulk_tagging.job import Work
from tagger.bulk_tagging.sources.rows import Shard
from tagger.bulk_tagging.state import Mark
from tagger.bulk_tagging.work import tag_shard
from tagger.errors import TaggerError
from tagger.prediction.workers import worker_pool

ATTEMPTS = 3
"""How often a shard may be running when a worker dies."""


class Local:
    """Runs shards in this process or in several.

    Args:
        workers: Number of processes; with one, shards run in this process.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def run(self, work: Work, shards: Sequence[Shard]) -> Iterator[Mark]:
        """Yield marks as shards are finished."""
        if self._workers == 1 or len(shards) == 1:
            yield from (tag_shard(work, shard) for shard in shards)
            return
        left = {shard.name: shard for shard in shards}
        n_deaths: Counter[str] = Counter()
        while left:
            running: dict[Future[Mark], Shard] = {}
            try:
                with worker_pool(min(self._workers, len(left))) as pool:
                    for mark in _finished(pool, work, list(left.values()), self._workers, running):
                        del left[mark.name]
                        yield mark
            except BrokenProcessPool:
                n_deaths.update(shard.name for shard in running.values())
                worst = max(running.values(), key=lambda shard: n_deaths[shard.name])
                if n_deaths[worst.name] >= ATTEMPTS:
                    raise TaggerError(
                        f"a worker has died {ATTEMPTS} times, perhaps out of memory",
                        path=worst.paths[0],
                        hint="use fewer {workers}",
                    ) from None


def _finished(
    pool: ProcessPoolExecutor,
    work: Work,
    shards: Sequence[Shard],
    workers: int,
    running: dict[Future[Mark], Shard],
) -> Iterator[Mark]:
    waiting = iter(shards)
    while True:
        while len(running) < 2 * workers and (shard := next(waiting, None)) is not None:
            running[_submit(pool, work, shard)] = shard
        if not running:
            return
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            mark = future.result()
            del running[future]
            yield mark


def _submit(pool: ProcessPoolExecutor, work: Work, shard: Shard) -> Future[Mark]:
    if not hasattr(signal, "pthread_sigmask"):
        return pool.submit(tag_shard, work, shard)
    # What is started now inherits that Ctrl-C is not for it.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return pool.submit(tag_shard, work, shard)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
