"""Executors by name."""

from __future__ import annotations

from typing import get_args

from tagger.errors import UsageError, unknown_name
from tagger.executors.local import Local
from tagger.executors.processes import check_workers
from tagger.executors.protocol import Executor, ExecutorName


def build_executor(
    name: str, workers: int | None, ray_address: str | None, *, default: int
) -> Executor:
    """Return an executor.

    Args:
        name: ``local`` or ``ray``.
        workers: The number of processes; None for ``default``, or all cores of a Ray cluster.
        ray_address: The address of a Ray cluster; None for one on this machine.
        default: The number of processes of this machine.

    Raises:
        UsageError: An unknown name, an address without Ray, more workers than cores.
        TaggerError: Ray is not installed.
    """
    valid = get_args(ExecutorName)
    if name not in valid:
        raise UsageError(unknown_name("executor", name, valid), expected=valid)
    if name == "ray":
        from tagger.executors.ray import Ray

        return Ray(workers, ray_address)
    if ray_address is not None:
        raise UsageError("only Ray has an address", hint="add {executor=ray}")
    if workers is not None:
        check_workers(workers)
    return Local(default if workers is None else workers)
