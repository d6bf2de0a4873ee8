"""Running the service with uvicorn, in one process or several."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.supervisors import Multiprocess

from tagger.errors import TaggerError, UsageError
from tagger.interrupt import handled
from tagger.service.app import create_app
from tagger.service.connections import TimedProtocol
from tagger.service.log import log_to_stderr
from tagger.service.metrics import MULTIPROCESS
from tagger.service.models import check_models
from tagger.service.settings import DEFAULTS, Settings, check_settings

LOG = logging.getLogger(__name__)

KEEP_ALIVE = 75
"""Seconds for which an idle connection is kept: more than the 60 of nginx, so that nginx, which
repeats no POST, is the one that closes it."""


def serve(
    models: Sequence[str],
    settings: Settings = DEFAULTS,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    report: Callable[[str], None] = lambda address: None,
) -> None:
    """Serve until SIGTERM or Ctrl-C; requests at hand are answered.

    Args:
        models: Names or directories of models; see `tagger.service.create_app`.
        settings: The settings.
        host: The address to listen on.
        port: The port; 0 for a free one.
        report: Called with the address of the service when it listens.

    Raises:
        TaggerError: A model is missing or damaged, or a setting is out of its range.
        OSError: The address is taken, or not this machine's.
    """
    check_settings(settings)
    check_models(models)
    # Loaded before the port is opened: an error is an error of the command.
    app: Any = partial(_app, models, settings)
    if settings.workers == 1:
        app = partial(_loaded, create_app(models, settings))
    with _listening(host, port) as listener:
        address = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
        config = uvicorn.Config(
            app,
            factory=True,
            http=TimedProtocol,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # nobody asks for the address of a client
            workers=settings.workers,
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=int(settings.limits.timeout) + 1,
        )
        report(address)
        log_to_stderr()
        LOG.info("listening", extra={"entry": {"address": address, "workers": settings.workers}})
        if settings.workers == 1:
            with _quiet_signals():
                uvicorn.Server(config).run([listener])
        else:
            with tempfile.TemporaryDirectory(prefix="tagger-metrics-") as folder:
                os.environ[MULTIPROCESS] = folder  # before the processes that add up there
                Multiprocess(config, [listener]).run()
        LOG.info("stopped")


def _loaded(app: Any) -> Any:
    return app


def _app(models: Sequence[str], settings: Settings) -> Any:
    """Make the application in a process of its own, which has its own handlers and log."""
    log_to_stderr()
    threading.Thread(target=_stop_after_parent, daemon=True).start()
    try:
        return create_app(models, settings)
    except TaggerError as error:
        LOG.error("cannot start: %s", error)
        raise SystemExit(3) from None  # what uvicorn calls a failure to start


def _stop_after_parent() -> None:
    """Stop this process when the one that started it has been killed: nobody else would."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """Open the port.

    Raises:
        UsageError: There is no such address or port.
        OSError: It is taken.
    """
    try:
        ((family, *_, address), *_) = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, OverflowError, UnicodeError):
        raise UsageError(f"there is no address {host}, port {port}") from None
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
        except (OSError, OverflowError) as error:
            detail = getattr(error, "strerror", None) or str(error)
            raise UsageError(
                f"cannot listen on {host}:{port} ({detail.lower()})",
                hint="choose another {port}",
            ) from None
        listener.listen(2048)
        listener.set_inheritable(True)
        yield listener


@contextmanager
def _quiet_signals() -> Iterator[None]:
    """Let a stop by a signal be a success: uvicorn raises the signal again when it has stopped."""

    def ignore(number: int, frame: FrameType | None) -> None:
        pass

    with handled(ignore, signal.SIGINT, signal.SIGTERM):
        yield
