from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest

pytest.importorskip("fastapi", reason="needs the extra serve")

from tagger.service import Settings, create_app
from tagger.service.connections import TimedProtocol
from tagger.service.settings import Limits
from tests.helpers.services import Hold, ask, serving


@pytest.mark.parametrize(
    "sent", [b"", b"POST /v1/tag HTT", b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\nGET /liv"]
)
def test_half_open_connections_are_closed(sent: bytes, monkeypatch: Any) -> None:
    monkeypatch.setattr(TimedProtocol, "header_seconds", 0.2)
    with serving(create_app()) as url:
        address = urlsplit(url)
        with socket.create_connection((address.hostname, address.port), timeout=10) as half:
            half.sendall(sent)
            while half.recv(1000):
                pass  # up to the end, which would not come otherwise
        assert ask(url, body={"text": "John"}).status == 200


def test_a_body_that_does_not_come_is_given_up() -> None:
    with serving(create_app(settings=Settings(limits=Limits(timeout=0.3)))) as url:
        address = urlsplit(url)
        with socket.create_connection((address.hostname, address.port), timeout=10) as slow:
            slow.sendall(b'POST /v1/tag HTTP/1.1\r\nHost: a\r\nContent-Length: 90\r\n\r\n{"te')
            assert slow.recv(1000).startswith(b"HTTP/1.1 408 ")
        assert ask(url, body={"text": "John"}).status == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"POST /v1/tag HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/tag HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"POST /v1/tag HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /v1/tag HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n\xff\xfe\x00{}",
    ],
)
def test_odd_bytes_do_no_harm(service: str, sent: bytes) -> None:
    address = urlsplit(service)
    with socket.create_connection((address.hostname, address.port), timeout=10) as odd:
        odd.sendall(sent)
        assert odd.recv(1000)[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 404", b"HTTP/1.1 413",
                                       b"HTTP/1.1 422", b"")  # fmt: skip
    assert ask(service, body={"text": "John"}).status == 200


def test_a_connection_outlives_a_refusal(hold: Hold, caplog: Any) -> None:
    hold.open.set()
    application = create_app(settings=Settings(limits=Limits(queue_tokens=30)))
    hold.open.clear()
    hold.began.clear()
    head = b"POST /v1/tag HTTP/1.1\r\nHost: a\r\n"
    chunked = head + b'Transfer-Encoding: chunked\r\n\r\n7\r\n{"text"\r\n'
    with serving(application) as url, ThreadPoolExecutor(1) as pool:
        first = pool.submit(ask, url, body={"text": "first"})
        assert hold.began.wait(10)
        address = urlsplit(url)
        with socket.create_connection((address.hostname, address.port), timeout=10) as one:
            one.sendall(head + b'Content-Length: 13\r\n\r\n{"text":')
            assert b'"urn:tagger:queue-full"' in until(one, b"}")
            one.sendall(b' "a"}' + chunked)  # the rest of one body, and half of the next
            answer = until(one, b"}")
            assert answer.startswith(b"HTTP/1.1 429 ")
            assert b"Retry-After: 1\r\n" in answer
            hold.open.set()
            assert first.result().status == 200
            one.sendall(b'6\r\n: "a"}\r\n0\r\n\r\n' + head)
            one.sendall(b'Content-Length: 13\r\n\r\n{"text": "a"}')
            assert until(one, b"}").startswith(b"HTTP/1.1 200 ")
        metrics = ask(url, "/metrics").content.decode()
    assert 'tagger_rejections_total{kind="queue-full"} 2.0' in metrics
    assert 'tagger_requests_total{route="none",status="429"} 2.0' in metrics
    refused = [r.entry["refused"] for r in caplog.records if r.getMessage() == "overload"]
    assert sum(refused) in (1, 2)


def test_a_refused_body_must_come_in_time(hold: Hold, monkeypatch: Any) -> None:
    monkeypatch.setattr(TimedProtocol, "header_seconds", 1.0)
    hold.open.set()
    application = create_app(settings=Settings(limits=Limits(queue_tokens=30)))
    hold.open.clear()
    hold.began.clear()
    with serving(application) as url, ThreadPoolExecutor(1) as pool:
        first = pool.submit(ask, url, body={"text": "first"})
        assert hold.began.wait(10)
        address = urlsplit(url)
        with socket.create_connection((address.hostname, address.port), timeout=10) as slow:
            slow.sendall(b"POST /v1/tag HTTP/1.1\r\nHost: a\r\nContent-Length: 90\r\n\r\n")
            assert until(slow, b"}").startswith(b"HTTP/1.1 429 ")
            assert slow.recv(1000) == b""
        hold.open.set()
        assert first.result().status == 200


def until(connection: socket.socket, end: bytes) -> bytes:
    """Read up to an end."""
    found = b""
    while not found.endswith(end):
        part = connection.recv(1000)
        assert part, found
        found += part
    return found
