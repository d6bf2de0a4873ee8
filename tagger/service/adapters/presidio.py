"""Presidio's analyzer: ``POST /analyze`` and ``GET /supportedentities``."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from tagger.runtime.results import Document
from tagger.service.adapters.presidio_entities import entity_types
from tagger.service.batching import Way
from tagger.service.models import Models
from tagger.service.openapi import RESPONSES, json_body, json_content, parameter
from tagger.service.responses import encoded, json_response
from tagger.service.schemas import EXAMPLE, Name, parse
from tagger.service.service import service_of

router = APIRouter(tags=["Presidio"])


class AnalyzeRequest(BaseModel):
    """A request as Presidio's analyzer takes it."""

    model_config = ConfigDict(
        extra="ignore",
        strict=True,
        json_schema_extra={"examples": [{"text": EXAMPLE, "language": "en"}]},
    )

    text: str | list[str]
    language: Name | None = Field(
        None, description="The name of a model; the first if there is none of that name."
    )
    score_threshold: float | None = Field(None, ge=0, le=1)
    entities: list[Name] | None = None
    allow_list: list[str] | None = Field(None, description="Entities that are left out.")
    ad_hoc_recognizers: list[Any] | None = Field(
        None, max_length=0, description="Not available here."
    )


@router.post(
    "/analyze",
    summary="Find entities, as Presidio's analyzer",
    responses={
        200: json_content([{"entity_type": "PERSON", "start": 0, "end": 4, "score": 0.99}]),
        **RESPONSES,
    },
    openapi_extra=json_body(AnalyzeRequest),
    response_model=None,
)
async def analyze(request: Request) -> Response:
    """Find entities; a list of texts has a list of results."""
    service = service_of(request)
    asked = parse(await service.body(request), AnalyzeRequest)
    model = _model(service.models, asked.language)
    head = service.models.span_head(model)
    types = entity_types(head.labels)
    if asked.entities is not None:
        types = {label: name for label, name in types.items() if name in asked.entities}
    left_out = set(asked.allow_list or ())

    def found(document: Document) -> list[dict[str, Any]]:
        return [
            {
                "entity_type": types[entity.label],
                "start": entity.start,
                "end": entity.end,
                "score": entity.confidence,
            }
            for entity in document.entities
            if entity.label in types and entity.text not in left_out
        ]

    def finish(documents: list[Document]) -> bytes:
        results = [found(document) for document in documents]
        return msgspec.json.encode(results if isinstance(asked.text, list) else results[0])

    way = Way(model, (head.name,), confidence=True, threshold=asked.score_threshold or None)
    texts, pointer = ([asked.text], "/text") if isinstance(asked.text, str) else (
        asked.text, "/text/*"
    )  # fmt: skip
    return json_response(await service.tag(request, way, texts, finish, pointer=pointer))


@router.get(
    "/supportedentities",
    summary="The entities that are found, as Presidio names them",
    responses={200: json_content(["PERSON", "LOCATION"]), **RESPONSES},
    openapi_extra={"parameters": [parameter("language", {"type": "string"})]},
    response_model=None,
)
async def supported_entities(request: Request) -> Response:
    """List the entities that a model finds."""
    models = service_of(request).models
    head = models.span_head(_model(models, request.query_params.get("language")))
    return encoded(list(dict.fromkeys(entity_types(head.labels).values())))


def _model(models: Models, language: str | None) -> str:
    return language if language in models.taggers else models.default
