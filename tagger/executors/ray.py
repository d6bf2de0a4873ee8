"""A Ray cluster, which schedules tasks and runs those of lost processes and nodes again."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tagger.errors import TaggerError, UsageError, first_line
from tagger.executors.protocol import R, T, Task, Tell, ignore
from tagger.extras import install_hint

ATTEMPTS = 3
"""How often a task is run again if its worker or node is lost."""
_SECONDS = 10.0
"""How long an address has to answer."""


class Ray:
    """Runs tasks on Ray.

    Args:
        workers: How many run at once; None for as many as the cluster has cores, as it grows.
        address: The cluster; None for one on this machine, or that of this process.

    Raises:
        UsageError: Fewer than one worker.
        TaggerError: Ray is not installed, or nobody answers at the address.
    """

    def __init__(self, workers: int | None, address: str | None) -> None:
        if workers is not None and workers < 1:
            raise UsageError(f"{workers} workers; expected at least 1")
        try:
            import ray
        except ImportError:
            raise TaggerError("this needs Ray", hint=install_hint("ray")) from None
        self._ray: Any = ray
        self._workers, self._address = workers, address
        if address is not None and not ray.is_initialized():
            _check_address(address)

    def run(
        self, work: Callable[[T, Tell], R], tasks: Sequence[T], progress: Tell
    ) -> Iterator[tuple[T, R]]:
        """Implement `tagger.executors.protocol.Executor`, without the progress within tasks.

        Raises:
            TaggerError: As ``work``; the cluster does not answer, or keeps losing the workers of a
                task.
        """
        if not tasks:
            return
        ray = self._ray
        with self._connected():
            remote = ray.remote(num_cpus=1, max_retries=ATTEMPTS, scheduling_strategy="SPREAD")(
                _call
            )
            shared = ray.put(work)
            waiting = iter(tasks)
            running: dict[Any, T] = {}
            try:
                while True:
                    while len(running) < self._n_at_once():
                        if (task := next(waiting, None)) is None:
                            break
                        running[remote.remote(shared, task)] = task
                    if not running:
                        return
                    for one in ray.wait(list(running), num_returns=1)[0]:
                        task = running.pop(one)
                        yield task, self._result(one, task)
            finally:
                for one in running:
                    ray.cancel(one, force=True)

    def _n_at_once(self) -> int:
        """Return how many tasks to have; more than there are cores, so that a cluster may grow."""
        if self._workers:
            return self._workers
        return 2 * max(int(self._ray.cluster_resources().get("CPU", 1)), 1)

    def _result(self, one: Any, task: Task) -> Any:
        errors = self._ray.exceptions
        try:
            return self._ray.get(one)
        except errors.RayTaskError as error:
            cause = error.cause
            if isinstance(cause, TaggerError | OSError):
                raise cause from None
            raise
        except errors.RayError as error:
            raise TaggerError(
                f"its workers have died {ATTEMPTS + 1} times, perhaps out of memory "
                f"({first_line(error)[:100]})",
                path=task.place,
                hint="use fewer {workers}",
            ) from None

    @contextmanager
    def _connected(self) -> Iterator[None]:
        ray = self._ray
        if ray.is_initialized():  # by the caller
            yield
            return
        quiet = {"log_to_driver": False, "logging_level": "ERROR"}
        if self._address is None:
            try:
                ray.init(num_cpus=self._workers, include_dashboard=False, **quiet)
            except Exception as error:  # Ray has no class for it
                raise TaggerError(
                    f"Ray does not start here ({first_line(error)[:100]})",
                    hint="start it with `ray start --head`, and name it with {ray_address}",
                ) from None
        else:
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


def _call(work: Callable[[T, Tell], R], task: T) -> R:
    return work(task, ignore)
