"""Documents as spaCy's ``Doc.to_json`` writes them: ``POST /spacy``; needs no spaCy."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tagger.formats.spacy_document import split_words
from tagger.runtime.results import Document, categories
from tagger.service.openapi import RESPONSES, json_body, json_content
from tagger.service.problems import wrong_field
from tagger.service.responses import json_response
from tagger.service.schemas import TagRequest, parse
from tagger.service.service import service_of
from tagger.service.tagging import texts_of, way_of

router = APIRouter(tags=["spaCy"])

EXAMPLE = {
    "text": "John left",
    "ents": [{"start": 0, "end": 4, "label": "PER"}],
    "sents": [{"start": 0, "end": 9}],
    "tokens": [{"id": 0, "start": 0, "end": 4, "pos": "PROPN", "tag": "NNP"}],
}


@router.post(
    "/spacy",
    summary="Tag texts, answered as spaCy's Doc.to_json",
    responses={200: json_content(EXAMPLE), **RESPONSES},
    openapi_extra=json_body(TagRequest),
    response_model=None,
)
async def tag(request: Request) -> Response:
    """Tag texts; `Doc.from_json` reads the answer."""
    service = service_of(request)
    asked = parse(await service.body(request), TagRequest)
    if asked.offsets != "codepoint":
        raise wrong_field("/offsets", "spaCy counts code points", ["codepoint"])
    if asked.nbest:
        raise wrong_field("/nbest", "spaCy's documents have no readings", ["0"])
    texts, pointer = texts_of(asked)

    def finish(documents: list[Document]) -> bytes:
        found = list(map(to_json, documents))
        return msgspec.json.encode(found[0] if asked.texts is None else found)

    way = way_of(service, asked)
    return json_response(await service.tag(request, way, texts, finish, pointer=pointer))


def to_json(document: Document) -> dict[str, Any]:
    """Return a document as ``Document.to_spacy().to_json()`` does.

    >>> to_json(Document("a", [], [], []))
    {'text': 'a', 'ents': [], 'tokens': [{'id': 0, 'start': 0, 'end': 1}]}
    """
    tokens = document.tokens
    words, spaces, places = split_words(document.text, [(t.start, t.end) for t in tokens])
    rows: list[dict[str, Any]] = []
    position = 0
    for i, (word, has_space) in enumerate(zip(words, spaces, strict=True)):
        rows.append({"id": i, "start": position, "end": position + len(word)})
        position += len(word) + has_space
    names = {"upos": "pos", "pos": "tag", "xpos": "tag"}  # xpos wins
    heads = list(tokens[0].tags) if tokens else []
    for head, attribute in names.items():
        if head in heads:
            for row in rows:
                row[attribute] = ""  # white space that is a word by itself keeps this
            for place, token in zip(places, tokens, strict=True):
                rows[place][attribute] = token.tags[head]
    found: dict[str, Any] = {"text": document.text, "ents": _spans(document.entities)}
    if tokens:
        starts = [places[first] for first, past in document.sentences if first < past]
        starts[0] = 0
        ends = [*(first - 1 for first in starts[1:]), len(rows) - 1]
        found["sents"] = [
            {"start": rows[first]["start"], "end": rows[last]["end"]}
            for first, last in zip(starts, ends, strict=True)
        ]
    found["tokens"] = rows
    if document.labels:
        found["cats"] = categories(document.labels)
    if document.spans:
        found["spans"] = {
            head: [{**span, "kb_id": ""} for span in _spans(spans)]
            for head, spans in document.spans.items()
        }
    return found


def _spans(entities: Any) -> list[dict[str, Any]]:
    return [{"start": one.start, "end": one.end, "label": one.label} for one in entities]
