"""The application: routes over `tagger.service.service.Service`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Lifespan

from tagger.service import explaining, health, tagging
from tagger.service.adapters import huggingface, nametag, presidio, spacy
from tagger.service.batching import Batcher
from tagger.service.gate import Gate
from tagger.service.metrics import Metrics
from tagger.service.models import Models, model_names
from tagger.service.openapi import description, plain_routes
from tagger.service.page import PAGE_PATHS, page_routes
from tagger.service.refusals import Refusals
from tagger.service.responses import encoded
from tagger.service.service import Service
from tagger.service.settings import DEFAULTS, Settings, check_settings
from tagger.sharing.finding import DEFAULT

ROUTERS = tuple(
    routes.router for routes in (tagging, explaining, health, presidio, huggingface, nametag, spacy)
)


class Application(Starlette):
    """Routes behind one gate.

    The gate answers errors, too, so that Starlette's own layers, each of which would take its time
    of every request, are left out.

    Args:
        routes: The routes.
        gate: Makes what all requests go through, around the routes.
        lifespan: What is done at the start and at the end.

    Attributes:
        refusals: Where not None, refuses requests that tag before they come to the gate, on
            connections that ask (`tagger.service.connections`).
    """

    refusals: Refusals | None = None

    def __init__(
        self,
        routes: Sequence[BaseRoute],
        gate: Callable[[ASGIApp], ASGIApp],
        lifespan: Lifespan[Starlette],
    ) -> None:
        super().__init__(routes=routes, lifespan=lifespan)
        self._gate = gate

    def build_middleware_stack(self) -> ASGIApp:
        """Put the gate around the routes."""
        return self._gate(self.router)


def create_app(models: Sequence[str] = (DEFAULT,), settings: Settings = DEFAULTS) -> Application:
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
    refusals = Refusals(batcher, metrics)
    service = Service(loaded, batcher, metrics, settings)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        batcher.start()
        service.is_ready = True
        yield
        service.is_ready = False
        batcher.stop()

    def gate(routes: ASGIApp) -> ASGIApp:
        inner = Gate(
            routes,
            settings=settings,
            metrics=metrics,
            open_paths=PAGE_PATHS,
            refusals=refusals,
        )
        if not settings.cors:
            return inner
        # Around the gate, so that pages can read refusals, and preflights need no key.
        return CORSMiddleware(
            inner,
            allow_origins=list(settings.cors),
            allow_methods=["GET", "POST"],
            allow_headers=["authorization", "content-type", "x-api-key"],
            expose_headers=["retry-after"],
        )

    routes = [*plain_routes(ROUTERS), Route("/openapi.json", _describe), *page_routes()]
    app = Application(routes, gate, lifespan)
    app.state.service = service
    if not settings.api_keys and not settings.cors:  # which come first
        app.refusals = refusals
    return app


async def _describe(request: Request) -> Response:
    return encoded(_description())


@cache
def _description() -> dict[str, Any]:
    return description(ROUTERS)
