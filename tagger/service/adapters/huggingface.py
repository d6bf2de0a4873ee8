"""Token classification as on Hugging Face: ``POST /hf`` and ``POST /hf/{model}``."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from tagger.runtime.results import Document
from tagger.service.batching import Way
from tagger.service.openapi import RESPONSES, json_body, json_content, parameter
from tagger.service.responses import json_response
from tagger.service.schemas import EXAMPLE, Name, parse
from tagger.service.service import service_of

router = APIRouter(tags=["Hugging Face"])


class Parameters(BaseModel):
    """Parameters of token classification."""

    model_config = ConfigDict(extra="ignore", strict=True)

    aggregation_strategy: Literal["none", "simple", "first", "average", "max"] | None = Field(
        default=None, description="none for an item a token; entities otherwise."
    )
    ignore_labels: list[Name] | None = Field(default=None, description="Labels to leave out.")


class ClassifyRequest(BaseModel):
    """A request for token classification."""

    model_config = ConfigDict(
        extra="ignore", strict=True, json_schema_extra={"examples": [{"inputs": EXAMPLE}]}
    )

    inputs: str | list[str]
    parameters: Parameters | None = None


_DESCRIPTION: dict[str, Any] = {
    "summary": "Find entities, as token classification on Hugging Face",
    "responses": {
        200: json_content(
            [{"entity_group": "PER", "score": 0.99, "word": "John", "start": 0, "end": 4}]
        ),
        **RESPONSES,
    },
    "openapi_extra": json_body(ClassifyRequest),
    "response_model": None,
}


@router.post("/hf", **_DESCRIPTION)
async def classify(request: Request) -> Response:
    """Find entities with the first model."""
    return await _classify(request, None)


_MODEL = {"parameters": [parameter("model", {"type": "string", "maxLength": 200}, "path")]}


@router.post(
    "/hf/{model}", **{**_DESCRIPTION, "openapi_extra": {**json_body(ClassifyRequest), **_MODEL}}
)
async def classify_with(request: Request) -> Response:
    """Find entities with a model."""
    return await _classify(request, request.path_params["model"])


async def _classify(request: Request, name: str | None) -> Response:
    service = service_of(request)
    asked = parse(await service.body(request), ClassifyRequest)
    model = service.models.name(name, "?model")
    head = service.models.span_head(model).name
    parameters = asked.parameters or Parameters()
    ignored = set(parameters.ignore_labels or ())
    by_token = parameters.aggregation_strategy == "none"

    def finish(documents: list[Document]) -> bytes:
        results = [
            _tokens(one, head, ignored) if by_token else _groups(one, ignored) for one in documents
        ]
        return msgspec.json.encode(results if isinstance(asked.inputs, list) else results[0])

    is_one = isinstance(asked.inputs, str)
    texts = [asked.inputs] if isinstance(asked.inputs, str) else asked.inputs
    pointer = "/inputs" if is_one else "/inputs/*"
    way = Way(model, (head,), confidence=True)
    return json_response(await service.tag(request, way, texts, finish, pointer=pointer))


def _groups(document: Document, ignored: set[str]) -> list[dict[str, Any]]:
    return [
        {
            "entity_group": entity.label,
            "score": entity.confidence,
            "word": entity.text,
            "start": entity.start,
            "end": entity.end,
        }
        for entity in document.entities
        if entity.label not in ignored
    ]


def _tokens(document: Document, head: str, ignored: set[str]) -> list[dict[str, Any]]:
    """Return an item for each token of an entity, with the probability of the entity."""
    found = []
    for entity in document.entities:
        for index in range(entity.start_token, entity.end_token):
            token = document.tokens[index]
            tag = token.tags[head]
            if tag not in ignored and entity.label not in ignored:
                item = {"entity": tag, "score": entity.confidence, "index": index + 1}
                found.append({**item, "word": token.text, "start": token.start, "end": token.end})
    return found
