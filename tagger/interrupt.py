"""Ctrl-C between two steps rather than within one; SIGTERM as Ctrl-C."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupt:
    """Whether a stop was requested."""

    def __init__(self) -> None:
        self.requested = False


@contextmanager
def deferred_interrupt(*, forced: bool = True) -> Iterator[Interrupt]:
    """Note a first Ctrl-C (or SIGTERM) instead of raising, so that a step is completed.

    Outside the main thread nothing changes.

    Args:
        forced: Whether a second one raises `KeyboardInterrupt` at once.
    """
    interrupt = Interrupt()

    def note(signum: int, frame: FrameType | None) -> None:
        if interrupt.requested and forced:
            raise KeyboardInterrupt
        interrupt.requested = True

    with handled(note, signal.SIGINT, signal.SIGTERM):
        yield interrupt


@contextmanager
def interrupted_by_sigterm() -> Iterator[None]:
    """Raise `KeyboardInterrupt` also at SIGTERM. Outside the main thread nothing changes."""

    def stop(signum: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    with handled(stop, signal.SIGTERM):
        yield


@contextmanager
def handled(
    handler: Callable[[int, FrameType | None], None], *numbers: signal.Signals
) -> Iterator[None]:
    """Handle signals in another way for a while. Outside the main thread nothing changes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
