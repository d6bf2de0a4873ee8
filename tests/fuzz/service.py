"""The service as a function of the body of a request, without a socket."""

from __future__ import annotations

import asyncio
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

Target = Callable[[bytes], object]

PATIENCE_S = 600.0
"""Seconds that a request may wait for a busy machine: given up, it would run beside the next."""


class Route(NamedTuple):
    """Where a body is sent, and a right one."""

    path: str
    kind: str
    right: bytes


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


TAG = {"texts": ["John left", "Mary"], "heads": ["ner"], "confidence": True, "offsets": "utf16"}
ROUTES = {
    "tag": Route("/v1/tag", "application/json", _json({**TAG, "threshold": {"PER": 0.5}})),
    "readings": Route("/v1/tag", "application/json", _json({"text": "John left", "nbest": 3})),
    "stream": Route(
        "/v1/tag", "application/x-ndjson", b'"John left"\n{"text": "Mary works", "id": 7}\n"Kim"\n'
    ),
    "presidio": Route(
        "/analyze",
        "application/json",
        _json(
            {"text": "John left", "language": "en", "entities": ["PERSON"], "score_threshold": 0}
        ),
    ),
    "huggingface": Route(
        "/hf",
        "application/json",
        _json({"inputs": ["John"], "parameters": {"aggregation_strategy": "none"}}),
    ),
    "spacy": Route("/spacy", "application/json", _json({"text": "John left\nMary"})),
    "nametag": Route(
        "/recognize",
        "application/x-www-form-urlencoded",
        b"data=John%0Aleft%0A%0AMary&input=vertical&output=conll",
    ),
    "nametag-form": Route(
        "/recognize",
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="data"\r\n\r\nJohn left\r\n--x--\r\n',
    ),
}


def service_targets(model: Path) -> dict[str, Target]:
    """Return a target for each route; an error of the service itself is a fault."""
    from tagger.errors import TaggerError
    from tagger.service import create_app
    from tagger.service.settings import Limits, Settings
    from tests.fuzz.targets import FaultError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        app = create_app([str(model)], Settings(limits=Limits(timeout=PATIENCE_S)))
    loop = asyncio.new_event_loop()
    running = app.router.lifespan_context(app)
    loop.run_until_complete(running.__aenter__())

    def target(route: Route) -> Target:
        def send(content: bytes) -> None:
            status, answer = loop.run_until_complete(
                asyncio.wait_for(_ask(app, route, content), PATIENCE_S)
            )
            if status >= 500 or status < 200:
                raise FaultError(f"status {status}: {answer[:200]!r}")
            if status >= 400:
                raise TaggerError(f"status {status}")
            if route.kind != "multipart/form-data; boundary=x" and answer:
                for line in answer.splitlines() if route.path == "/v1/tag" else [answer]:
                    json.loads(line)

        return send

    return {f"service-{name}": target(route) for name, route in ROUTES.items()}


async def _ask(app: Any, route: Route, content: bytes) -> tuple[int, bytes]:
    parts: list[dict[str, Any]] = [{"type": "http.request", "body": content}]
    answers: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if not parts:
            await asyncio.Event().wait()  # the client stays
        return parts.pop()

    async def send(message: dict[str, Any]) -> None:
        answers.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": route.path,
        "raw_path": route.path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [
            (b"host", b"localhost"),
            (b"content-type", route.kind.encode()),
            (b"content-length", str(len(content)).encode()),
        ],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    await app(scope, receive, send)
    status = next((one["status"] for one in answers if one["type"].endswith("start")), 0)
    return status, b"".join(one.get("body", b"") for one in answers)
