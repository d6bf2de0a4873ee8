"""Ten thousand malformed requests: none may be an error of the service, nor harm it."""

from __future__ import annotations

import contextlib
import json
import random
import re
import resource
import socket
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable

from tests.helpers.services import ask

pytestmark = pytest.mark.slow

VALID = {
    "/v1/tag": {"texts": ["John left", "Mary"], "heads": ["ner"], "threshold": {"PER": 0.5}},
    "/v1/explain": {"text": "John left", "token": 1, "head": "ner"},
    "/analyze": {"text": "John left", "language": "en", "entities": ["PERSON"]},
    "/hf": {"inputs": ["John"], "parameters": {"ignore_labels": ["PER"]}},
    "/spacy": {"text": "John left"},
}
ODD: list[Any] = [
    None, True, 0, -1, 1e308, 10**30, "", "\x00", "a" * 300, "😀", "\ufffe", [], [[]], {}, {"": {}},
    [None], ["a"] * 1100, {"a": "b"},
]  # fmt: skip
HEADERS = [
    b"Content-Type: application/x-ndjson", b"Content-Type: multipart/form-data; boundary=x",
    b"Content-Type: text/\xff\xfe", b"Content-Encoding: gzip", b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: \x0bchunked", b"Content-Length: 5", b"Expect: 100-continue",
    b"Authorization: Bearer \xff", b"Upgrade: websocket\r\nConnection: upgrade",
    b"Origin: null", b"X: " + b"a" * 5000,
]  # fmt: skip


def replaced(value: Any, chance: random.Random) -> Any:
    """Put something odd in the place of some part."""
    if isinstance(value, dict) and value and chance.random() < 0.8:
        key = chance.choice(list(value))
        return {**value, key: replaced(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < 0.6:
        index = chance.randrange(len(value))
        return [*value[:index], replaced(value[index], chance), *value[index + 1 :]]
    return chance.choice(ODD)


def flipped(content: bytes, chance: random.Random) -> bytes:
    """Change some bytes."""
    found = bytearray(content)
    for _ in range(chance.randint(1, 5)):
        found[chance.randrange(len(found))] = chance.randrange(256)
    return bytes(found)


def plain(path: str, body: bytes, *headers: bytes, method: bytes = b"POST") -> bytes:
    head = [b"%s %s HTTP/1.1" % (method, path.encode("latin-1", "replace")), b"Host: a", *headers]
    if not any(one.lower().startswith((b"content-length", b"transfer")) for one in headers):
        head.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join([*head, b"Connection: close", b"", b""]) + body


def kinds() -> dict[str, Callable[[random.Random], bytes]]:
    """Kinds of malformed requests."""
    found: dict[str, Callable[[random.Random], bytes]] = {}
    for path, valid in VALID.items():
        body = json.dumps(valid).encode()

        def wrong_part(chance: random.Random, path: str = path, valid: Any = valid) -> bytes:
            return plain(path, json.dumps(replaced(valid, chance)).encode())

        def unknown_field(chance: random.Random, path: str = path, valid: Any = valid) -> bytes:
            return plain(path, json.dumps({**valid, chance.choice("abc~/"): 1}).encode())

        def cut(chance: random.Random, path: str = path, body: bytes = body) -> bytes:
            return plain(path, body[: chance.randrange(len(body))])

        def noise(chance: random.Random, path: str = path, body: bytes = body) -> bytes:
            return plain(path, flipped(body, chance))

        def query(chance: random.Random, path: str = path, body: bytes = body) -> bytes:
            odd = "".join(chance.choice("a=&%?;+\xe9[]") for _ in range(20))
            return plain(f"{path}?{odd}", body)

        def header(chance: random.Random, path: str = path, body: bytes = body) -> bytes:
            return plain(path, body, chance.choice(HEADERS))

        def torn(chance: random.Random, path: str = path, body: bytes = body) -> bytes:
            return flipped(plain(path, body), chance)

        def method(chance: random.Random, path: str = path, body: bytes = body) -> bytes:
            return plain(path, body, method=chance.choice([b"GET", b"PUT", b"BREW", b"HEAD"]))

        def deep(chance: random.Random, path: str = path) -> bytes:
            return plain(path, chance.choice([b"[", b'{"text":']) * chance.randrange(20_000))

        def surrogates(chance: random.Random, path: str = path, body: bytes = body) -> bytes:
            return plain(
                path, body.replace(b"John", chance.choice([b"\\ud800", b"\\udfff\\u0000"]))
            )

        for kind in (wrong_part, unknown_field, cut, noise, query, header, torn, method, deep,
                     surrogates):  # fmt: skip
            found[f"{path} {kind.__name__}"] = kind

    def lines(chance: random.Random) -> bytes:
        some = [json.dumps(replaced(VALID["/spacy"], chance)).encode() for _ in range(5)]
        return plain("/v1/tag", flipped(b"\n".join(some), chance), HEADERS[0])

    def form(chance: random.Random) -> bytes:
        part = b'--x\r\nContent-Disposition: form-data; name="data"\r\n\r\nJohn\r\n--x--\r\n'
        return plain("/recognize", flipped(part, chance), HEADERS[1])

    def nametag(chance: random.Random) -> bytes:
        odd = "".join(chance.choice("adt=&%01;+") for _ in range(30))
        return plain(f"/recognize?data=John&{odd}", b"", method=b"GET")

    def anything(chance: random.Random) -> bytes:
        return chance.randbytes(chance.randrange(1, 200))

    for kind in (lines, form, nametag, anything):
        found[kind.__name__] = kind
    return found


def status_of(address: tuple[str, int], content: bytes) -> str:
    """Send bytes and return the status that is answered, if any."""
    with socket.create_connection(address, timeout=20) as connection:
        try:
            connection.sendall(content)
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            while part := connection.recv(65536):
                answer += part
        except ConnectionError:
            return "closed"
    assert b"Traceback" not in answer
    found = re.match(rb"HTTP/1.1 (\d{3})", answer)
    return found[1].decode() if found else "closed"


def test_ten_thousand_requests(service: str) -> None:
    every = kinds()
    assert len(every) == 54
    parts = urlsplit(service)
    address = str(parts.hostname), int(parts.port or 0)
    chance = random.Random(1)
    counts: Counter[str] = Counter()
    peaks = []
    for _ in range(190):
        for kind in every.values():
            counts[status_of(address, kind(chance))] += 1
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    assert sum(counts.values()) > 10_000
    assert {status for status in counts if status.startswith("5")} == set(), counts
    assert counts["422"] > 1000
    assert peaks[-1] < 1.1 * peaks[len(peaks) // 4]
    assert ask(service, body={"text": "John"}).status == 200


@pytest.mark.filterwarnings("default")  # those of schemathesis
def test_requests_by_the_description(service: str) -> None:
    """Requests that schemathesis makes of ``/openapi.json``, right and wrong ones."""
    schemathesis = pytest.importorskip("schemathesis", reason="needs schemathesis")
    schema = schemathesis.openapi.from_url(f"{service}/openapi.json")
    statuses: Counter[int] = Counter()
    for found in schema.get_all_operations():
        operation = found.ok()
        for mode in schemathesis.GenerationMode:

            @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
            @given(case=operation.as_strategy(generation_mode=mode))
            def call(case: Any) -> None:
                statuses[case.call().status_code] += 1

            with contextlib.suppress(Unsatisfiable):  # what has no fields cannot be wrong
                call()
    assert sum(statuses.values()) > 500
    assert max(statuses) < 500, statuses
