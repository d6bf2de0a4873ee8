"""Processes of this machine that end with this one and leave Ctrl-C to it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from ctypes import c_bool
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.process import BaseProcess
from multiprocessing.queues import SimpleQueue
from multiprocessing.sharedctypes import RawValue
from types import FrameType
from typing import NamedTuple, ParamSpec, TypeVar

from tagger.errors import UsageError
from tagger.executors.board import Board
from tagger.interrupt import deferred_interrupt, handled
from tagger.runtime.engines.processor import n_cores
from tagger.tables import counted

AGAIN = 2.0
"""Seconds after which a process that SIGTERM has not ended gets it again."""

P = ParamSpec("P")
R = TypeVar("R")


def check_workers(workers: int) -> None:
    """Check that there is a core for each process.

    Raises:
        UsageError: Fewer than one worker, or more than cores.
    """
    if workers < 1:
        raise UsageError(f"{workers} workers; expected at least 1")
    if workers > (cores := n_cores()):
        raise UsageError(
            f"{workers} workers are more than the {counted(cores, 'core')} that this process may "
            "use, and would be slower",
            hint=f"use {{workers={cores}}}",
        )


@contextmanager
def worker_pool(workers: int, board: Board | None = None) -> Iterator[ProcessPoolExecutor]:
    """Provide processes with one thread each, which end with this one, however it ends.

    Ctrl-C is left to this process. If the block raises, they are sent SIGTERM, which a training
    saves itself at.

    Args:
        workers: How many.
        board: What they write their progress on, with `board_of_worker`.
    """
    context = get_context("spawn")  # a fork of a process with threads may hang
    started = context.SimpleQueue()
    stopping = RawValue(c_bool, False)
    pool = _Pool(workers, context, initializer=_begin, initargs=(started, stopping, board))
    stop: Callable[[BaseProcess], None] | None = BaseProcess.terminate
    try:
        yield pool
        stop = None
    except BrokenProcessPool:  # the pool waits for them and reads no results
        stop = BaseProcess.kill
        raise
    finally:
        with deferred_interrupt():  # a second Ctrl-C must not leave workers running
            if stop is not None:
                stopping.value = True
                for process in _those(started):
                    stop(process)
            pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def without_interrupt() -> Iterator[None]:
    """Let processes that are started in the block inherit that Ctrl-C is not for them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def follow_parent() -> None:
    """Leave Ctrl-C to the process that started this one, and end with it, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    sys.unraisablehook = _report_lost
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


class _Worker(NamedTuple):
    stopping: c_bool
    """Memory that all see: whether what has not begun is not to begin."""
    board: Board | None


_OF_WORKER: list[_Worker] = []
"""In a process that `worker_pool` started, what it was started with; empty in all others."""


def board_of_worker() -> Board:
    """Return the board of a process that `worker_pool` has started with one."""
    board = _OF_WORKER[0].board
    assert board is not None
    return board


class _Pool(ProcessPoolExecutor):
    """Processes in which SIGTERM ends tasks, and nothing else.

    A process that ended while it wrote a result would leave this one waiting for the rest.
    """

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        return super().submit(_task, fn, *args, **kwargs)


def _task(fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    with handled(_leave, signal.SIGTERM):
        if _OF_WORKER[0].stopping.value:
            sys.exit(1)
        return fn(*args, **kwargs)


def _begin(started: SimpleQueue[int], stopping: c_bool, board: Board | None) -> None:
    os.environ["OMP_NUM_THREADS"] = "1"
    follow_parent()
    _OF_WORKER.append(_Worker(stopping, board))
    started.put(os.getpid())
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # `_task` handles it


def _those(started: SimpleQueue[int]) -> list[BaseProcess]:
    numbers = set()
    while not started.empty():
        numbers.add(started.get())
    return [process for process in active_children() if process.pid in numbers]


def _leave(signum: int, frame: FrameType | None) -> None:
    # What is raised in a callback of the garbage collector is lost: then the signal comes again.
    again = threading.Timer(AGAIN, os.kill, (os.getpid(), signal.SIGTERM))
    again.daemon = True
    again.start()
    sys.exit(1)  # not at once, so that semaphores of libraries are removed without a warning


def _report_lost(lost: sys.UnraisableHookArgs) -> None:
    if lost.exc_type is not SystemExit:  # that of `_leave`
        sys.__unraisablehook__(lost)


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)
