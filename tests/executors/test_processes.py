"""Processes that end with the one that started them."""

from __future__ import annotations

import os
import signal
import threading
import time
import weakref
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import active_children

import pytest

from tagger.errors import TaggerError
from tagger.executors.processes import worker_pool

N_BYTES = 30_000_000
"""Takes a while to write into a pipe."""


def _result() -> bytes:
    return bytes(N_BYTES)


def _stopped_while_results_are_written() -> None:
    with suppress(TaggerError), worker_pool(2) as pool:
        futures = [pool.submit(_result) for _ in range(50)]
        assert len(futures[0].result()) == N_BYTES
        raise TaggerError("stopped")


def _one_dies() -> None:
    with suppress(BrokenProcessPool), worker_pool(2) as pool:
        assert pool.submit(abs, -1).result() == 1
        assert pool.submit(os._exit, 1).exception()
        pool.submit(abs, -1)


class _Thing:
    pass


def _loses_a_signal() -> None:
    thing = _Thing()
    reference = weakref.ref(thing, lambda _: signal.raise_signal(signal.SIGTERM))
    del thing  # what is raised in the callback is ignored
    assert reference() is None
    time.sleep(30)


def test_a_stop_that_was_lost_comes_again(capfd: pytest.CaptureFixture[str]) -> None:
    with worker_pool(1) as pool:
        assert isinstance(pool.submit(_loses_a_signal).exception(), SystemExit)
    assert not capfd.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("work", [_stopped_while_results_are_written, _one_dies])
def test_no_process_is_waited_for_in_vain(work) -> None:
    for _ in range(4):
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        thread.join(60)
        assert not thread.is_alive()
        assert not active_children()
