"""Health, information and metrics."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

import tagger
from tagger.service.metrics import CONTENT_TYPE
from tagger.service.problems import Problem
from tagger.service.responses import encoded
from tagger.service.service import service_of

router = APIRouter()


@router.get("/livez", summary="Whether the process answers", response_model=None)
async def livez(request: Request) -> Response:
    """Answer that the process is alive."""
    return encoded({"status": "alive"})


@router.get(
    "/readyz", summary="Whether models are loaded and have tagged a sentence", response_model=None
)
async def readyz(request: Request) -> Response:
    """Answer whether requests are accepted."""
    if not service_of(request).is_ready:
        raise Problem("stopping", "the service is stopping")
    return encoded({"status": "ready"})


@router.get("/info", summary="Version, models and limits", response_model=None)
async def info(request: Request) -> Response:
    """Describe the service."""
    service = service_of(request)
    limits: dict[str, Any] = msgspec.to_builtins(service.limits)
    return encoded(
        {"version": tagger.__version__, "models": service.models.describe(), "limits": limits}
    )


@router.get("/metrics", summary="Metrics for Prometheus", response_model=None)
async def metrics(request: Request) -> Response:
    """Return the metrics."""
    return Response(service_of(request).metrics.render(), headers={"content-type": CONTENT_TYPE})
