"""Parts of the description of routes whose bodies are read by hand, so as to bound them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from tagger.service.problems import MEDIA_TYPE, Kind, Problem

Parts = dict[int | str, dict[str, Any]]


def json_body(schema: type[BaseModel]) -> dict[str, Any]:
    """Describe a body of JSON."""
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": schema.model_json_schema()}},
        }
    }


def json_content(example: Any) -> dict[str, Any]:
    """Describe an answer of JSON by an example."""
    return {"description": "The answer", "content": {"application/json": {"example": example}}}


def _problem(kind: Kind, detail: str) -> dict[str, Any]:
    example = Problem(kind, detail).to_dict()
    return {"description": detail, "content": {MEDIA_TYPE: {"example": example}}}


RESPONSES: Parts = {
    401: _problem("unauthorized", "A key is needed"),
    408: _problem("slow-request", "The request did not arrive in time"),
    413: _problem("too-large", "Too many characters or texts"),
    422: _problem("invalid-request", "Not JSON, or a wrong field"),
    429: _problem("queue-full", "Too many requests wait; Retry-After says how long to wait"),
    503: _problem("timeout", "Not tagged in time"),
}
"""Problems of the routes that tag."""
