"""Forks that wait until no thread computes.

ONNX Runtime and PyTorch hold locks while they compute. A process that was forked meanwhile has the
locks without the threads that would open them, and would wait for ever.
"""

from __future__ import annotations

import os
import threading

LONGEST_WAIT_S = 10.0
"""For threads that compute, the one that forks perhaps among them."""


class _Computing:
    """Entered by each thread while it computes; a fork waits until no thread is inside."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin anew in a forked process, which has none of the threads."""
        self._changed = threading.Condition(threading.Lock())
        self._n_inside = self._n_forks = 0

    def __enter__(self) -> None:
        with self._changed:
            while self._n_forks:
                self._changed.wait()
            self._n_inside += 1

    def __exit__(self, *exception: object) -> None:
        with self._changed:
            self._n_inside -= 1
            if self._n_forks:
                self._changed.notify_all()

    def stop(self) -> None:
        """Let no thread begin to compute, and wait for those that do."""
        with self._changed:
            self._n_forks += 1
            self._changed.wait_for(lambda: self._n_inside <= 0, LONGEST_WAIT_S)

    def go_on(self) -> None:
        """Let threads compute again."""
        with self._changed:
            self._n_forks -= 1
            self._changed.notify_all()


COMPUTING = _Computing()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=COMPUTING.stop,
        after_in_parent=COMPUTING.go_on,
        after_in_child=COMPUTING.reset,
    )
