"""NameTag 3: ``/recognize`` and ``/models``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal
from xml.sax.saxutils import escape

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from tagger.runtime.results import Document
from tagger.service.batching import Way, estimated_tokens
from tagger.service.openapi import RESPONSES, json_content, parameter
from tagger.service.responses import encoded
from tagger.service.schemas import Name, invalid
from tagger.service.service import Service, service_of

router = APIRouter(tags=["NameTag"])

Sentence = tuple[list[str], list[str]]
"""The tokens of a sentence and their tags."""


class RecognizeRequest(BaseModel):
    """A request as NameTag takes it, in the query or as a form."""

    model_config = ConfigDict(extra="ignore")

    data: str
    model: Name | None = None
    input: Literal["untokenized", "vertical"] = "untokenized"
    output: Literal["xml", "vertical", "conll"] = "xml"


FORM: dict[str, Any] = {
    "requestBody": {
        "content": {
            kind: {"schema": RecognizeRequest.model_json_schema()}
            for kind in ("multipart/form-data", "application/x-www-form-urlencoded")
        }
    }
}
ANSWER = {"model": "en", "acknowledgements": [], "result": "John\tB-PER\nleft\tO\n\n"}


@router.get("/models", summary="The models, as NameTag names them", response_model=None)
async def models(request: Request) -> Response:
    """List the models."""
    models = service_of(request).models
    can = ["recognize"]
    return encoded({"models": dict.fromkeys(models.taggers, can), "default_model": models.default})


@router.get(
    "/recognize",
    summary="Find entities, as NameTag",
    responses={200: json_content(ANSWER), **RESPONSES},
    openapi_extra={
        "parameters": [
            {**parameter(name, schema), "required": name == "data"}
            for name, schema in RecognizeRequest.model_json_schema()["properties"].items()
        ]
    },
    response_model=None,
)
async def recognize_query(request: Request) -> Response:
    """Find entities in a text of the query."""
    return await _recognize(request, dict(request.query_params))


@router.post(
    "/recognize",
    summary="Find entities, as NameTag",
    responses={200: json_content(ANSWER), **RESPONSES},
    openapi_extra=FORM,
    response_model=None,
)
async def recognize(request: Request) -> Response:
    """Find entities in a text of a form."""
    body = await service_of(request).body(request)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    # A form of a body that is received already, within its limits.
    async with Request(request.scope, receive).form(
        max_files=0, max_fields=100, max_part_size=len(body) + 1
    ) as form:
        return await _recognize(request, dict(form))


async def _recognize(request: Request, fields: dict[str, Any]) -> Response:
    service = service_of(request)
    try:
        asked = RecognizeRequest.model_validate(fields)
    except ValidationError as error:
        raise invalid(error.errors(include_url=False, include_input=False)) from None
    model = service.models.name(asked.model)
    head = service.models.span_head(model).name
    if asked.input == "vertical":
        result = await _tag_vertical(service, request, model, head, asked)
    else:
        way = Way(model, (head,))
        result = await service.tag(
            request, way, [asked.data], lambda found: _rendered(found[0], head, asked.output),
            pointer="/data",
        )  # fmt: skip
    return encoded({"model": model, "acknowledgements": [], "result": result})


async def _tag_vertical(
    service: Service, request: Request, model: str, head: str, asked: RecognizeRequest
) -> str:
    """Tag sentences that are given with a token a line, and an empty line after each."""
    service.check(request, [asked.data], "/data")
    blocks = asked.data.replace("\r\n", "\n").split("\n\n")
    given = [[line for line in block.split("\n") if line.strip()] for block in blocks]
    sentences = [sentence for sentence in given if sentence]
    n_tokens = max(estimated_tokens([asked.data]), sum(map(len, sentences)))
    service.batcher.check_space(n_tokens)

    def tagged() -> str:
        tags = service.models.taggers[model].tag(sentences, [head])
        pairs = [(s, of_s[head]) for s, of_s in zip(sentences, tags, strict=True)]
        if asked.output == "xml":
            return "\n".join(_xml(tokens, of_tokens) for tokens, of_tokens in pairs)
        return (_vertical if asked.output == "vertical" else _conll)(pairs)

    result: str = await service.result(request, service.batcher.call(tagged, n_tokens))
    return result


def _rendered(document: Document, head: str, output: str) -> str:
    if output == "xml":
        return _document_xml(document)
    tokens = document.tokens
    pairs = [
        ([t.text for t in tokens[first:past]], [t.tags[head] for t in tokens[first:past]])
        for first, past in document.sentences
    ]
    return (_vertical if output == "vertical" else _conll)(pairs)


def _conll(sentences: Sequence[Sentence]) -> str:
    """Return a token and its tag a line, and an empty line after each sentence."""
    lines = []
    for tokens, tags in sentences:
        lines += [f"{token}\t{tag}\n" for token, tag in zip(tokens, tags, strict=True)]
        lines.append("\n")
    return "".join(lines)


def _vertical(sentences: Sequence[Sentence]) -> str:
    """Return an entity a line: the numbers of its tokens, its label, its tokens.

    The empty line after a sentence has a number, too.
    """
    lines = []
    number = 0
    for tokens, tags in sentences:
        found: list[tuple[list[int], str, list[str]]] = []
        for token, tag in zip(tokens, tags, strict=True):
            number += 1
            if tag.startswith("B-"):
                found.append(([number], tag[2:], [token]))
            elif tag.startswith("I-"):
                found[-1][0].append(number)
                found[-1][2].append(token)
        number += 1
        lines += [
            f"{','.join(map(str, numbers))}\t{label}\t{' '.join(forms)}\n"
            for numbers, label, forms in found
        ]
    return "".join(lines)


def _document_xml(document: Document) -> str:
    """Return the text with its sentences, entities and tokens as elements."""
    opens = {entity.start_token: entity.label for entity in document.entities}
    closes = {entity.end_token - 1 for entity in document.entities}
    firsts = {first for first, past in document.sentences if first < past}
    lasts = {past - 1 for first, past in document.sentences if first < past}
    parts, position = [], 0
    for i, token in enumerate(document.tokens):
        parts.append(escape(document.text[position : token.start]))
        parts.append("<sentence>" if i in firsts else "")
        parts.append(f'<ne type="{_attribute(opens[i])}">' if i in opens else "")
        parts.append(f"<token>{escape(token.text)}</token>")
        parts.append("</ne>" if i in closes else "")
        parts.append("</sentence>" if i in lasts else "")
        position = token.end
    return "".join([*parts, escape(document.text[position:])])


def _xml(tokens: list[str], tags: list[str]) -> str:
    parts = []
    for i, (token, tag) in enumerate(zip(tokens, tags, strict=True)):
        ends = tag != "O" and (i + 1 == len(tags) or not tags[i + 1].startswith("I-"))
        start = f'<ne type="{_attribute(tag[2:])}">' if tag.startswith("B-") else ""
        parts.append(f"{start}<token>{escape(token)}</token>{'</ne>' if ends else ''}")
    return f"<sentence>{' '.join(parts)}</sentence>"


def _attribute(label: str) -> str:
    return escape(label, {'"': "&quot;"})
