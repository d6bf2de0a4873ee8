"""``POST /v1/tag``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from tagger.service.batching import Way
from tagger.service.openapi import RESPONSES, json_body, json_content
from tagger.service.problems import wrong_field
from tagger.service.responses import json_response, render_list, render_one
from tagger.service.schemas import Options, TagRequest, invalid, parse
from tagger.service.service import Service, service_of
from tagger.service.streaming import MEDIA_TYPE, Stream

router = APIRouter()

DOCUMENT = {
    "text": "John works at Apple in California",
    "tokens": [{"text": "John", "start": 0, "end": 4, "ner": "B-PER", "upos": "PROPN"}],
    "entities": [{"text": "John", "label": "PER", "start": 0, "end": 4, "confidence": 0.998}],
    "sentences": [[0, 6]],
}
BODY: dict[str, Any] = json_body(TagRequest)
BODY["requestBody"]["content"][MEDIA_TYPE] = {
    "schema": {"type": "string"},
    "example": '{"text": "John works at Apple", "id": 1}\n"Mary left."\n',
}


@router.post(
    "/v1/tag",
    summary="Tag texts",
    description="The answer is what `tagger predict --format json` writes: a document for `text`, "
    "a list of documents for `texts`, in order. Lines of JSON (application/x-ndjson), each a "
    "string or an object with `text` and perhaps `id`, are answered line by line; their options "
    "are in the query, and an error is a line: `{\"line\": 3, \"error\": {…}}`.",
    responses={200: json_content(DOCUMENT), **RESPONSES},
    openapi_extra=BODY,
    response_model=None,
)  # fmt: skip
async def tag(request: Request) -> Response:
    """Tag texts."""
    service = service_of(request)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == MEDIA_TYPE:
        return _stream(service, request)
    if request.scope["query_string"] and request.query_params:
        name = next(iter(request.query_params))
        raise wrong_field(f"?{name[:80]}", "options of JSON belong into its body")
    asked = parse(await service.body(request), TagRequest)
    way = way_of(service, asked)
    texts, pointer = texts_of(asked)
    finish = (render_one if asked.texts is None else render_list)(asked.offsets)
    return json_response(await service.tag(request, way, texts, finish, pointer=pointer))


def texts_of(asked: TagRequest) -> tuple[list[str], str]:
    """Return the texts of a request, and the field that they are in.

    Raises:
        Problem: There is none, or both fields have some.
    """
    if asked.texts is not None and asked.text is None:
        return asked.texts, "/texts/*"
    if asked.text is None or asked.texts is not None:
        raise wrong_field("/text", "either text or texts is needed")
    return [asked.text], "/text"


def way_of(service: Service, options: Options) -> Way:
    """Return how texts are tagged.

    Raises:
        Problem: There is no such model, or it has no such head.
    """
    model = service.models.name(options.model)
    threshold = service.models.threshold(model, options.threshold)
    heads = service.models.heads(model, options.heads)
    if options.nbest:
        heads = (service.models.head_of_readings(model, heads, options.nbest),)
    return Way(
        model,
        heads,
        options.confidence,
        tuple(sorted(threshold.items())) if isinstance(threshold, Mapping) else threshold,
        options.nbest,
    )


def _stream(service: Service, request: Request) -> Response:
    query: dict[str, Any] = dict(request.query_params)
    if "heads" in query:
        query["heads"] = [name.strip() for name in query["heads"].split(",")]
    if "threshold" in query:  # 0.5, or several as in PER=0.2
        stated = [value.rpartition("=") for value in request.query_params.getlist("threshold")]
        query["threshold"] = {label or "*": number for label, _, number in stated}
    try:
        options = Options.model_validate(query, strict=False)
    except ValidationError as error:
        raise invalid(error.errors(include_url=False, include_input=False), "?") from None
    return _Streaming(Stream(service, request, way_of(service, options), options.offsets))


class _Streaming(Response):
    """A stream as a response."""

    def __init__(self, stream: Stream) -> None:
        super().__init__()
        self._stream = stream

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._stream(scope, receive, send)
