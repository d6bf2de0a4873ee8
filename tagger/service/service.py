"""`Service`: checks requests against the limits, and has their texts tagged."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from starlette.requests import ClientDisconnect, Request

from tagger.arguments import check_texts
from tagger.errors import UsageError
from tagger.service.batching import Batcher, Way, estimated_tokens
from tagger.service.metrics import Metrics
from tagger.service.models import Models
from tagger.service.problems import Problem, WrongField, wrong_field
from tagger.service.settings import Settings
from tagger.tables import counted

PATIENCE = 0.1
"""Seconds after which it is watched whether the client is still there."""
LENGTH = "content-length"


class Service:
    """The parts of a running service.

    Args:
        models: The models.
        batcher: Runs them.
        metrics: What is counted.
        settings: The settings.

    Attributes:
        is_ready: Whether requests are accepted.
    """

    def __init__(
        self, models: Models, batcher: Batcher, metrics: Metrics, settings: Settings
    ) -> None:
        self.models, self.batcher, self.metrics = models, batcher, metrics
        self.settings, self.limits = settings, settings.limits
        self.is_ready = False

    async def body(self, request: Request) -> bytes:
        """Receive the body of a request.

        Raises:
            Problem: It is too large, or too slow.
        """
        limit = self.limits.max_bytes
        length = request.headers.get(LENGTH, "")
        if length.isdecimal() and len(length) < 20 and int(length) > limit:
            raise self._too_large()
        parts, n_bytes = [], 0
        try:
            async with asyncio.timeout(self.limits.timeout):
                async for part in request.stream():
                    n_bytes += len(part)
                    if n_bytes > limit:
                        raise self._too_large()
                    parts.append(part)
        except TimeoutError:
            raise Problem("slow-request", "the request did not arrive in time") from None
        return b"".join(parts)

    async def tag(
        self,
        request: Request,
        way: Way,
        texts: Sequence[str],
        finish: Callable[[list[Any]], Any],
        *,
        pointer: str = "/text",
    ) -> Any:
        """Tag the texts of a request whose body is received.

        Args:
            request: The request.
            way: How they are tagged.
            texts: The texts.
            finish: Makes the result of their documents, or readings, on the models' thread.
            pointer: The field of the texts: of one text, or with ``/*`` of a list.

        Returns:
            What ``finish`` returns.

        Raises:
            Problem: They are too long, too many or not valid, the queue is full, or time is up.
            ClientDisconnect: The client left; its texts are dropped.
        """
        self.check(request, texts, pointer)
        self.batcher.check_space(estimated_tokens(texts))
        return await self.result(request, self.batcher.submit(way, texts, finish))

    def check(self, request: Request, texts: Sequence[str], pointer: str) -> None:
        """Check texts against the limits, and note them for the log; see `tag`.

        Raises:
            Problem: They are too long, too many, or not valid Unicode.
        """
        n_chars = sum(map(len, texts))
        state = request.scope["state"]
        state["n_texts"], state["n_chars"] = len(texts), n_chars
        if self.settings.log_texts:
            state["texts"] = texts
        field = pointer.removesuffix("/*")
        if len(texts) > self.limits.max_texts:
            detail = f"{len(texts):,} texts; at most {self.limits.max_texts:,} are allowed"
            raise Problem("too-many-texts", detail, [WrongField(field, detail)])
        if n_chars > self.limits.max_chars:
            raise self._too_large(n_chars, field)
        for i, text in enumerate(texts):
            try:
                check_texts([text], None)
            except UsageError as error:
                place = pointer.replace("*", str(i))
                detail = error.message.removeprefix("the text is ")
                raise wrong_field(place, detail) from None

    async def result(self, request: Request, future: asyncio.Future[Any]) -> Any:
        """Wait for a result as long as the client does.

        Raises:
            Problem: Time is up.
            ClientDisconnect: The client left.
        """
        patience = min(PATIENCE, self.limits.timeout)
        loop = asyncio.get_running_loop()
        watching = loop.call_later(patience, self._watch, request, future)
        try:
            return await future
        finally:
            watching.cancel()
            future.cancel()  # nothing where it is done

    def _watch(self, request: Request, future: asyncio.Future[Any]) -> None:
        watching = asyncio.ensure_future(self._end_without_client(request, future))
        future.add_done_callback(lambda _: watching.cancel())

    async def _end_without_client(self, request: Request, future: asyncio.Future[Any]) -> None:
        """End the waiting for a result when the client leaves, or time is up."""
        error: Exception
        try:
            async with asyncio.timeout(max(self.limits.timeout - PATIENCE, 0)):
                # The body is received: all that can still come is that the client left.
                await request.receive()
            error = ClientDisconnect()
        except TimeoutError:
            error = Problem(
                "timeout",
                f"not tagged within {self.limits.timeout:g} s",
                headers={"Retry-After": "1"},
            )
        if not future.done():
            future.set_exception(error)

    def _too_large(self, n_chars: int | None = None, field: str = "") -> Problem:
        found = "" if n_chars is None else f"{counted(n_chars, 'character')}; "
        detail = f"{found}at most {self.limits.max_chars:,} characters are allowed"
        return Problem("too-large", detail, [WrongField(field, detail)] if field else ())


def service_of(request: Request) -> Service:
    """Return the service that a request came to."""
    service: Service = request.app.state.service
    return service
