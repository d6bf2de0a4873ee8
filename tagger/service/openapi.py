"""The description of the routes, which FastAPI makes; Starlette alone serves them.

Bodies are read by hand, so as to bound them, and nothing else of a request is left to FastAPI,
whose layers would take longer than to tag a sentence.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.routing import Route

import tagger
from tagger.service.problems import MEDIA_TYPE, Kind, Problem

Parts = dict[int | str, dict[str, Any]]
DESCRIPTION = "Tags named entities and parts of speech. Errors are problem details (RFC 9457)."


def plain_routes(routers: Iterable[APIRouter]) -> list[Route]:
    """Return routes that call the endpoints with nothing but the request."""
    return [
        Route(route.path, route.endpoint, methods=route.methods)
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute)
    ]


def description(routers: Iterable[APIRouter]) -> dict[str, Any]:
    """Describe routes as OpenAPI does."""
    return get_openapi(
        title="tagger",
        version=tagger.__version__,
        description=DESCRIPTION,
        routes=[route for router in routers for route in router.routes],
    )


def parameter(name: str, schema: dict[str, Any], place: str = "query") -> dict[str, Any]:
    """Describe a parameter; one of the path is required."""
    return {"name": name, "in": place, "required": place == "path", "schema": schema}


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
