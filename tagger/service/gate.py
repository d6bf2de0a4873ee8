"""The gate that all requests go through: keys, metrics, log, and errors of our own."""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from typing import Any

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tagger.service.metrics import Metrics
from tagger.service.problems import Problem
from tagger.service.refusals import NO_ROUTE, Refusals
from tagger.service.responses import problem_response
from tagger.service.settings import Settings

LOG = logging.getLogger(__name__)

OPEN = ("/livez", "/readyz")
"""Paths that need no key: an orchestrator asks them. Those of the page need none either."""
GONE = 499
"""The status, in metrics and the log alone, of requests whose client left."""


class Gate:
    """Middleware around the whole application.

    Args:
        app: The application.
        settings: Its settings.
        metrics: What is counted.
        open_paths: Further paths that need no key.
        refusals: Refuses requests that tag while too many are at hand.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: Settings,
        metrics: Metrics,
        open_paths: tuple[str, ...],
        refusals: Refusals,
    ) -> None:
        self._app, self._settings, self._metrics = app, settings, metrics
        self._open = frozenset((*OPEN, *open_paths))
        self._refusals = refusals
        self._keys = [key.encode() for key in settings.api_keys]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and count and log it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0
        state = scope.setdefault("state", {})

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                await send(message)  # which waits for nobody
                return
            # A client that does not read would keep its answer here for ever.
            async with asyncio.timeout(self._settings.limits.timeout):
                await send(message)

        problem: Problem | None = None
        refusal: Problem | None = None
        failure: BaseException | None = None
        try:
            self._check_key(scope)
            if scope["method"] == "POST":  # all of which tag
                refusal = self._refusals.find()
                if refusal is not None:
                    await problem_response(refusal)(scope, receive, sending)
                    return
            await self._app(scope, receive, sending)
        except Problem as raised:
            problem = raised
        except HTTPException as raised:
            problem = _problem_of(raised)
        except (ClientDisconnect, TimeoutError):
            status = GONE
        except Exception as error:
            failure = error
            problem = Problem("internal-error", "an error of the service; its log has more")
        finally:
            if problem is not None and not status:
                state["problem"] = problem
                await problem_response(problem)(scope, receive, sending)
            if refusal is None:
                self._note(scope, status or GONE, time.perf_counter() - began, failure)

    def _check_key(self, scope: Scope) -> None:
        """Check that a request has a key, where one is needed.

        Raises:
            Problem: It has none.
        """
        if not self._keys or scope["path"] in self._open:
            return
        headers = Headers(scope=scope)
        given = headers.get("x-api-key", "")
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            given = token.strip()
        found = given.encode("latin-1", errors="replace")
        if any(hmac.compare_digest(found, key) for key in self._keys):
            return
        raise Problem(
            "unauthorized",
            "a key is needed: Authorization: Bearer KEY, or X-API-Key: KEY",
            headers={"WWW-Authenticate": "Bearer"},
        )

    def _note(
        self, scope: Scope, status: int, seconds: float, failure: BaseException | None
    ) -> None:
        # The template, never the path, which may hold anything.
        route = getattr(scope.get("route"), "path", NO_ROUTE)
        state = scope["state"]
        problem: Problem | None = state.get("problem")
        self._metrics.count_request(route, status, seconds)
        if problem is not None:
            self._metrics.rejections.labels(problem.kind).inc()
        level = logging.INFO if failure is None else logging.ERROR
        if not LOG.isEnabledFor(level):
            return
        entry: dict[str, Any] = {"route": route, "status": status, "ms": round(seconds * 1e3, 2)}
        for name in ("n_texts", "n_chars"):
            if name in state:
                entry[name] = state[name]
        if problem is not None:
            entry["problem"] = problem.kind
        if self._settings.log_texts and "texts" in state:
            entry["texts"] = state["texts"]
        if failure is not None:
            entry["error"] = described(failure, with_message=self._settings.log_texts)
        LOG.log(level, "request", extra={"entry": entry})


def _problem_of(error: HTTPException) -> Problem:
    """Return the problem of an error of Starlette's routes or forms."""
    if error.status_code == 405:
        return Problem("method-not-allowed", "not with this method", headers=error.headers)
    if error.status_code == 404:
        return Problem("not-found", "there is nothing here")
    return Problem("invalid-request", str(error.detail))


def described(error: BaseException, *, with_message: bool) -> str:
    """Describe an unexpected error by its class and place; its message may hold a text."""
    trace, places = error.__traceback__, []
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}")
        trace = trace.tb_next
    message = f": {error}" if with_message else ""
    return f"{type(error).__name__}{message} at {' > '.join(places[-8:])}"
