"""A running service, and plain requests to it."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPMessage
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from tagger.runtime.tagger import Tagger


class Answer(NamedTuple):
    status: int
    headers: HTTPMessage
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)


def ask(
    url: str,
    path: str = "/v1/tag",
    body: Any = None,
    *,
    method: str = "",
    headers: dict[str, str] | None = None,
) -> Answer:
    """Send a request: JSON, or bytes as they are."""
    content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    connection = HTTPConnection(urlsplit(url).netloc, timeout=60)
    with contextlib.closing(connection):
        connection.request(
            method or ("GET" if body is None else "POST"), path, content, headers or {}
        )
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())


@contextlib.contextmanager
def serving(app: Any) -> Iterator[str]:
    """Run an application on a free port in a thread, and yield its address."""
    import uvicorn

    from tagger.service.connections import TimedProtocol

    config = uvicorn.Config(
        app, port=0, http=TimedProtocol, ws="none", log_config=None, access_log=False,
        lifespan="on", proxy_headers=False, timeout_graceful_shutdown=5,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        for _ in range(1000):
            if server.started or not thread.is_alive():
                break
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


class Hold:
    """Holds a tagger back, so that requests wait for it."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.began = threading.Event()
        self.batches: list[list[str]] = []


@pytest.fixture
def hold(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hold]:
    """Let taggers wait until ``hold.open`` is set; ``hold.batches`` are the texts that came."""
    held = Hold()
    batch = Tagger.batch

    def waiting(self: Tagger, texts: list[str], *arguments: Any, **options: Any) -> Any:
        held.batches.append(list(texts))
        held.began.set()
        assert held.open.wait(30)
        return batch(self, texts, *arguments, **options)

    monkeypatch.setattr(Tagger, "batch", waiting)
    yield held
    held.open.set()
