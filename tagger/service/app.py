"""The application: routes over `tagger.service.service.Service`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

import tagger
from tagger.service import explaining, health, tagging
from tagger.service.adapters import huggingface, nametag, presidio, spacy
from tagger.service.batching import Batcher
from tagger.service.gate import Gate
from tagger.service.metrics import Metrics
from tagger.service.models import Models, model_names
from tagger.service.page import PAGE_PATHS, page_routes
from tagger.service.problems import Problem
from tagger.service.responses import problem_response
from tagger.service.schemas import invalid
from tagger.service.service import Service
from tagger.service.settings import DEFAULTS, Settings, check_settings
from tagger.sharing.finding import DEFAULT

DESCRIPTION = "Tags named entities and parts of speech. Errors are problem details (RFC 9457)."


def create_app(models: Sequence[str] = (DEFAULT,), settings: Settings = DEFAULTS) -> FastAPI:
    """Make the application, with its models loaded.

    Args:
        models: Names or directories of models, also ``NAME=DIRECTORY``; the first is the default.
        settings: The settings.

    Raises:
        TaggerError: A model is missing or damaged, or a setting is out of its range.
    """
    check_settings(settings)
    metrics = Metrics()
    loaded = Models(model_names(models), settings)
    batcher = Batcher(loaded.taggers, settings.limits, metrics)
    service = Service(loaded, batcher, metrics, settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        batcher.start()
        service.is_ready = True
        yield
        service.is_ready = False
        batcher.stop()

    gate = Middleware(
        Gate,
        settings=settings,
        metrics=metrics,
        open_paths=PAGE_PATHS,
        check_space=batcher.check_space,
    )
    # Around the gate, so that pages can read refusals, and preflights need no key.
    cors = Middleware(
        CORSMiddleware,
        allow_origins=list(settings.cors),
        allow_methods=["GET", "POST"],
        allow_headers=["authorization", "content-type", "x-api-key"],
        expose_headers=["retry-after"],
    )
    app = FastAPI(
        title="tagger",
        version=tagger.__version__,
        description=DESCRIPTION,
        docs_url=None,  # their scripts come from elsewhere
        redoc_url=None,
        lifespan=lifespan,
        middleware=[cors, gate] if settings.cors else [gate],
        exception_handlers={
            Problem: _on_problem,
            RequestValidationError: _on_wrong_query,
            HTTPException: _on_http_error,
        },
    )
    app.state.service = service
    for routes in (tagging, explaining, health, presidio, huggingface, nametag, spacy):
        app.include_router(routes.router)
    app.include_router(page_routes())
    return app


async def _on_problem(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)
    request.state.problem = problem
    return problem_response(problem)


async def _on_wrong_query(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return await _on_problem(request, invalid(error.errors(), "?"))


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        headers = error.headers
        return await _on_problem(
            request, Problem("method-not-allowed", "not with this method", headers=headers)
        )
    if error.status_code == 404:
        return await _on_problem(request, Problem("not-found", "there is nothing here"))
    return await _on_problem(request, Problem("invalid-request", str(error.detail)))
