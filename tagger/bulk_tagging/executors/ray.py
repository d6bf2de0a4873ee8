"""A Ray cluster: each shard is a task, and each process of Ray loads the model once."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tagger.bulk_tagging.job import Work
from tagger.bulk_tagging.sources.rows import Shard
from tagger.bulk_tagging.state import DONE, Mark
from tagger.bulk_tagging.storage import Folder
from tagger.bulk_tagging.work import tag_shard
from tagger.errors import TaggerError, first_line
from tagger.extras import install_hint

ATTEMPTS = 3
"""How often a shard is run again if its worker or node is lost."""
_SECONDS = 10.0
"""How long an address has to answer."""


class Ray:
    """Runs shards as tasks of Ray, which schedules them, adds nodes and runs lost ones again.

    Args:
        workers: How many run at once; None for as many as the cluster has cores, as it grows.
        address: The cluster; None for one on this machine, or that of this process.

    Raises:
        TaggerError: Ray is not installed.
    """

    def __init__(self, workers: int | None, address: str | None) -> None:
        try:
            import ray
        except ImportError:
            raise TaggerError("this needs Ray", hint=install_hint("ray")) from None
        self._ray: Any = ray
        self._workers, self._address = workers, address

    def run(self, work: Work, shards: Sequence[Shard]) -> Iterator[Mark]:
        """Yield marks as shards are finished.

        Raises:
            TaggerError: As `tag_shard`; the cluster does not answer, keeps losing the workers of a
                shard, or writes where this process cannot see it.
        """
        if not shards:
            return
        ray = self._ray
        with self._connected(len(shards)):
            task = ray.remote(num_cpus=1, max_retries=ATTEMPTS, scheduling_strategy="SPREAD")(
                tag_shard
            )
            shared = ray.put(work)
            waiting = iter(shards)
            running: dict[Any, Shard] = {}
            seen = False
            try:
                while True:
                    while len(running) < self._n_at_once():
                        if (shard := next(waiting, None)) is None:
                            break
                        running[task.remote(shared, shard)] = shard
                    if not running:
                        return
                    for one in ray.wait(list(running), num_returns=1)[0]:
                        mark = self._result(one, running.pop(one))
                        seen = seen or _check_visible(work, mark)
                        yield mark
            finally:
                for one in running:
                    ray.cancel(one, force=True)

    def _n_at_once(self) -> int:
        """Return how many tasks to have; more than there are cores, so that a cluster may grow."""
        if self._workers:
            return self._workers
        return 2 * max(int(self._ray.cluster_resources().get("CPU", 1)), 1)

    def _result(self, one: Any, shard: Shard) -> Mark:
        errors = self._ray.exceptions
        try:
            mark: Mark = self._ray.get(one)
        except errors.RayTaskError as error:
            cause = error.cause
            if isinstance(cause, TaggerError | OSError):
                raise cause from None
            raise
        except errors.RayError as error:
            raise TaggerError(
                f"its workers have died {ATTEMPTS + 1} times, perhaps out of memory "
                f"({first_line(error)[:100]})",
                path=shard.paths[0],
                hint="use fewer {workers}",
            ) from None
        return mark

    @contextmanager
    def _connected(self, n_shards: int) -> Iterator[None]:
        ray = self._ray
        if ray.is_initialized():  # by the caller
            yield
            return
        quiet = {"log_to_driver": False, "logging_level": "ERROR"}
        if self._address is None:
            ray.init(num_cpus=self._workers, include_dashboard=False, **quiet)
        else:
            _check_address(self._address)
            try:
                ray.init(self._address, **quiet)
            except (ConnectionError, RuntimeError, ValueError) as error:
                raise TaggerError(
                    f"no Ray cluster answers there ({first_line(error)[:100]})", path=self._address
                ) from None
        try:
            yield
        finally:
            ray.shutdown()


def _check_address(address: str) -> None:
    """Check that something listens at ``host:port``; Ray itself would try for minutes.

    Raises:
        TaggerError: Nothing does.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal():
        return  # `auto`
    try:
        socket.create_connection((host, int(port)), timeout=_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise TaggerError(
            f"no Ray cluster answers there ({first_line(error)})",
            path=address,
            hint="name another with {ray_address}",
        ) from None


def _check_visible(work: Work, mark: Mark) -> bool:
    """Check that what a worker wrote is there for this process.

    Raises:
        TaggerError: It is not.
    """
    if Folder(work.output).read(f"{DONE}/{mark.name}.json") is None:
        raise TaggerError(
            "the workers write to their own disks",
            path=work.output,
            hint="name a folder that all machines share, or a URL",
        )
    return True
