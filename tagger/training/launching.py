"""The processes of a training: started here on one machine, or by ``torchrun`` on several."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import NamedTuple

import torch
import torch.distributed as dist

from tagger.errors import TaggerError, TrainingError, UsageError, first_line
from tagger.executors.processes import check_workers, follow_parent, without_interrupt
from tagger.tables import counted
from tagger.training.group import Group, WorkerLostError

_TIMEOUT = timedelta(minutes=30)
"""How long processes wait for another one: the first scores the dev set meanwhile."""
_SECONDS = 10.0
"""How long a process has to end."""

Work = Callable[[Group], object]
"""The function that the other processes run; it must be importable."""


@contextmanager
def processes(workers: int | None, device: str, work: Work) -> Iterator[Group]:
    """Provide the processes of a training; they end with the block.

    Args:
        workers: How many; None for those that ``torchrun`` has started, or else one.
        device: Where they train; GPUs are numbered by process.
        work: What other processes do that are started here; those of ``torchrun`` run the same
            program as this one.

    Raises:
        UsageError: More workers than cores or GPUs, or other ones than ``torchrun`` has started.
        TrainingError: A worker has ended.
    """
    started = started_by_torchrun(os.environ)
    if started is not None:
        if workers not in (None, started.size):
            raise UsageError(
                f"{counted(workers, 'worker')}, but {started.size} were started",
                hint="leave out {workers}, and state --nproc-per-node for torchrun",
            )
        rank, size, local_rank = started
        group = Group(rank, size, local_rank=local_rank, managed=True)
        with joined(group, device):
            yield group
    elif workers in (None, 1):
        yield Group()
    else:
        with _started(workers, device, work) as group:
            yield group


class Started(NamedTuple):
    """The place of this process among those that ``torchrun`` has started."""

    rank: int
    size: int
    local_rank: int
    """Its number on its machine."""


def started_by_torchrun(environment: Mapping[str, str]) -> Started | None:
    """Read the variables of ``torchrun``; None where it has started no or only one process.

    >>> started_by_torchrun({"RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1"})
    Started(rank=3, size=4, local_rank=1)
    >>> started_by_torchrun({"RANK": "3"})
    """
    found = [environment.get(name, "") for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK")]
    if not all(value.isdecimal() for value in found[:2]) or int(found[1]) < 2:
        return None
    return Started(int(found[0]), int(found[1]), int(found[2]) if found[2].isdecimal() else 0)


def device_of(device: str, group: Group) -> str:
    """Return the GPU of this process; the device unchanged on CPUs, or if it is the only process.

    Raises:
        UsageError: It is a single GPU, or there are too few.
    """
    if group.size == 1:
        return device
    if device.startswith("cuda:"):
        raise UsageError(f"all workers would be on {device}", hint="use {device=cuda}")
    if device != "cuda":
        return device
    if group.local_rank >= (n := torch.cuda.device_count()):
        raise UsageError(f"{n} GPUs for more workers; each needs one", hint="use fewer {workers}")
    return f"cuda:{group.local_rank}"


@contextmanager
def joined(group: Group, device: str, address: str = "env://") -> Iterator[None]:
    """Connect this process with the others.

    Args:
        group: All of them, and which one this is.
        device: Where they train.
        address: Where they find each other; by default what ``torchrun`` states.

    Raises:
        UsageError: There are too few GPUs.
        WorkerLostError: The others do not come.
    """
    own = device_of(device, group)
    gpu = own.startswith("cuda")
    if gpu:
        torch.cuda.set_device(own)
    try:
        dist.init_process_group(
            "cpu:gloo,cuda:nccl" if gpu else "gloo",
            init_method=address,
            rank=group.rank,
            world_size=group.size,
            timeout=_TIMEOUT,
        )
    except (RuntimeError, ValueError) as error:
        raise WorkerLostError(f"the workers do not find each other ({first_line(error)})") from None
    try:
        yield
    finally:
        dist.destroy_process_group()


@contextmanager
def _started(workers: int, device: str, work: Work) -> Iterator[Group]:
    """Start the other processes; this one is the first."""
    check_workers(workers)
    device_of(device, Group(workers - 1, workers))
    context = get_context("spawn")
    children: list[SpawnProcess] = []
    ends: list[Connection] = []
    with tempfile.TemporaryDirectory(prefix="tagger-") as folder, _on_this_machine():
        address = f"file://{folder}/store"
        try:
            for rank in range(1, workers):
                mine, its = context.Pipe(duplex=False)
                arguments = (rank, workers, address, device, work, its)
                child = context.Process(target=_follow, args=arguments, daemon=True)
                with without_interrupt():
                    child.start()
                its.close()
                children.append(child)
                ends.append(mine)
            for child, end in zip(children, ends, strict=True):
                wait([child.sentinel, end])
                if not _is_ready(end):
                    raise WorkerLostError("a worker could not start")
            group = Group(0, workers)
            with joined(group, device, address):
                yield group
            for child in children:
                child.join(_SECONDS)
        except WorkerLostError as error:
            reason = _reason(children, ends)
            raise TrainingError(
                error.message + (f" ({reason})" if reason else ""),
                path=error.path,
                hint=error.hint,
            ) from None
        finally:
            for child in children:
                child.terminate()
            for child in children:
                child.join(_SECONDS)
                child.kill()  # it writes nothing
                child.join()


@contextmanager
def _on_this_machine() -> Iterator[None]:
    """Let the processes talk over the loopback interface, which no other machine reaches."""
    name = "GLOO_SOCKET_IFNAME"
    loopback = next((one for one in ("lo", "lo0") if Path("/sys/class/net", one).exists()), None)
    if name in os.environ or loopback is None:
        yield
        return
    os.environ[name] = loopback
    try:
        yield
    finally:
        del os.environ[name]


def _follow(rank: int, size: int, address: str, device: str, work: Work, end: Connection) -> None:
    """Run in another process: join the training, and report why it ends early."""
    follow_parent()
    end.send("")
    group = Group(rank, size)
    # The first process reports these; of it nothing is left that could, if the pipe is broken.
    with suppress(KeyboardInterrupt, WorkerLostError, BrokenPipeError):
        try:
            with joined(group, device, address):
                work(group)
        except WorkerLostError:
            raise
        except TaggerError as error:
            end.send(str(error))
        except Exception as error:
            end.send(f"{type(error).__name__}: {first_line(error)}")


def _is_ready(end: Connection) -> bool:
    try:
        return bool(end.poll() and end.recv() == "")
    except EOFError:
        return False


def _reason(children: Sequence[BaseProcess], ends: list[Connection]) -> str:
    """Return why a worker has ended, in a few words; empty where that is not known."""
    for child, end in zip(children, ends, strict=True):
        with suppress(EOFError, OSError):
            if end.poll(1.0):
                return str(end.recv())
        child.join(1.0)
        if child.exitcode is not None and child.exitcode < 0:
            return signal.Signals(-child.exitcode).name
    return ""
