"""Documents and problems as responses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from starlette.responses import Response

from tagger.runtime.readings import Readings
from tagger.runtime.results import Document
from tagger.service.offsets import Unit, convert_offsets
from tagger.service.problems import MEDIA_TYPE, Problem

Name = str | int | None


def render(document: Document | Readings, unit: Unit = "codepoint", name: Name = None) -> bytes:
    """Render a document as ``tagger predict --format json`` writes it, without the line end."""
    if unit == "codepoint" and isinstance(document, Document):
        return document.to_json(name).encode()
    found = convert_offsets(document.to_dict(), unit)
    return msgspec.json.encode(found if name is None else {"id": name, **found})


def render_one(unit: Unit) -> Callable[[list[Document | Readings]], bytes]:
    """Return a function that renders a single document."""
    return lambda documents: render(documents[0], unit)


def render_list(unit: Unit) -> Callable[[list[Document | Readings]], bytes]:
    """Return a function that renders a JSON array of documents."""
    return lambda documents: b"[%b]" % b",".join([render(one, unit) for one in documents])


def render_lines(unit: Unit, names: Sequence[Name]) -> Callable[[list[Document | Readings]], bytes]:
    """Return a function that renders a line for each document.

    Args:
        unit: The unit of offsets.
        names: The id of each text.
    """

    def rendered(documents: list[Document | Readings]) -> bytes:
        pairs = zip(documents, names, strict=True)
        return b"".join([render(one, unit, name) + b"\n" for one, name in pairs])

    return rendered


def json_response(content: bytes) -> Response:
    """Make a response of JSON that is rendered already."""
    return Response(content, media_type="application/json")


def encoded(value: Any) -> Response:
    """Make a response of JSON."""
    return json_response(msgspec.json.encode(value))


def problem_response(problem: Problem) -> Response:
    """Make the response of a problem."""
    return Response(
        problem.to_json(), problem.status, headers=problem.headers, media_type=MEDIA_TYPE
    )
