"""``POST /v1/explain``."""

from __future__ import annotations

from functools import partial

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tagger.errors import UsageError
from tagger.insight.explain.explanation import explain as explain_text
from tagger.insight.explain.results import Explanation
from tagger.runtime.tagger import Tagger
from tagger.service.batching import estimated_tokens
from tagger.service.models import Models
from tagger.service.offsets import convert_offsets
from tagger.service.openapi import RESPONSES, json_body, json_content
from tagger.service.problems import Problem, wrong_field
from tagger.service.responses import encoded
from tagger.service.schemas import ExplainRequest, parse
from tagger.service.service import service_of

router = APIRouter()

N_READINGS = 20
"""How often a word is read, about, to explain a text."""


@router.post(
    "/v1/explain",
    summary="Explain tags",
    description="The probabilities of each tag from the left, the right, and both; for a single "
    "token also the effect of each word. As `tagger explain --json` prints it.",
    responses={200: json_content({"text": "…", "head": "ner", "tokens": []}), **RESPONSES},
    openapi_extra=json_body(ExplainRequest),
    response_model=None,
)
async def explain(request: Request) -> Response:
    """Explain the tags of a text."""
    service = service_of(request)
    asked = parse(await service.body(request), ExplainRequest)
    service.check(request, [asked.text], "/text")
    most = service.limits.max_explained_chars
    if len(asked.text) > most:
        raise Problem("too-large", f"texts of at most {most:,} characters are explained")
    model = service.models.name(asked.model)
    try:
        service.models.taggers[model].predictor.choose(None if asked.head is None else [asked.head])
    except UsageError as error:
        raise wrong_field("/head", error.message, list(map(str, error.expected))) from None
    n_tokens = N_READINGS * estimated_tokens([asked.text])
    service.batcher.check_space(n_tokens)
    work = partial(_explain, service.models, model, asked)
    explanation: Explanation = await service.result(request, service.batcher.call(work, n_tokens))
    return encoded(convert_offsets(msgspec.to_builtins(explanation), asked.offsets))


def _explain(models: Models, model: str, asked: ExplainRequest) -> Explanation:
    tagger: Tagger = models.exact(model)
    if not any(tagger.splitter.sentences(asked.text)):
        head = asked.head or tagger.heads[0].name
        return Explanation(asked.text, head, (), (), 1, ())
    try:
        return explain_text(tagger, asked.text, token=asked.token, head=asked.head)
    except UsageError as error:
        raise wrong_field("/token", error.message, list(map(str, error.expected))) from None
