"""Streams of lines of JSON: any number of texts in, a document for each out, as they come."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import NamedTuple

import msgspec
from pydantic import ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from tagger.lines import NOT_JSON
from tagger.service.batching import Way, estimated_tokens
from tagger.service.offsets import Unit
from tagger.service.problems import Problem
from tagger.service.responses import Name, render_lines
from tagger.service.schemas import TextLine, invalid
from tagger.service.service import Service

MEDIA_TYPE = "application/x-ndjson"
READ_AHEAD = 256
"""Lines that are read before earlier ones are tagged."""


class Line(NamedTuple):
    """A line of a stream."""

    number: int
    text: str
    name: Name
    problem: Problem | None = None


class Stream:
    """The response to a stream; an error is an item: ``{"line": 3, "error": {…}}``.

    Args:
        service: Tags the texts.
        request: The request.
        way: How they are tagged.
        unit: The unit of offsets.
    """

    def __init__(self, service: Service, request: Request, way: Way, unit: Unit) -> None:
        self._service, self._request, self._way, self._unit = service, request, way, unit
        self._lines: asyncio.Queue[Line | None] = asyncio.Queue(READ_AHEAD)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as an ASGI application."""
        headers = [(b"content-type", MEDIA_TYPE.encode()), (b"x-accel-buffering", b"no")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        reading = asyncio.ensure_future(self._read())
        n_texts = n_chars = 0
        try:
            async for block in self._blocks():
                content = await self._answer([line for line in block if line.problem is None])
                for line in block:
                    if line.problem is not None:
                        error = {"line": line.number, "error": line.problem.to_dict()}
                        content += msgspec.json.encode(error) + b"\n"
                n_texts += len(block)
                n_chars += sum(len(line.text) for line in block)
                self._request.state.n_texts, self._request.state.n_chars = n_texts, n_chars
                await send({"type": "http.response.body", "body": content, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError, ClientDisconnect):
                await reading

    async def _answer(self, lines: list[Line]) -> bytes:
        """Tag the lines of a block; a stream waits for its turn rather than be refused."""
        if not lines:
            return b""
        texts = [line.text for line in lines]
        if self._service.settings.log_texts:
            self._request.state.texts = texts
        finish = render_lines(self._unit, [line.name for line in lines])
        batcher = self._service.batcher
        await batcher.wait_for_space(estimated_tokens(texts))
        future = batcher.submit(self._way, texts, finish)
        try:
            content: bytes = await future
        finally:
            future.cancel()
        return content

    async def _blocks(self) -> AsyncIterator[list[Line]]:
        """Yield the lines that are there, those before an error apart from those after it."""
        limits = self._service.limits
        while True:
            line = await self._lines.get()
            if line is None:
                return
            block, n_tokens = [line], estimated_tokens([line.text])
            while line.problem is None and n_tokens < limits.batch_tokens:
                if self._lines.empty():
                    break
                following = self._lines.get_nowait()
                if following is None:
                    yield block
                    return
                line = following
                block.append(line)
                n_tokens += estimated_tokens([line.text])
            yield block

    async def _read(self) -> None:
        """Read lines until the end, or until an error after which there is no next line."""
        number = 0
        try:
            async for raw in self._raw_lines():
                number += 1
                if raw.strip():
                    await self._lines.put(self._line(number, raw))
        except Problem as problem:
            await self._lines.put(Line(number + 1, "", None, problem))
        except ClientDisconnect:
            pass
        except Exception:
            await self._lines.put(None)  # else the answer would wait for ever
            raise
        await self._lines.put(None)

    def _line(self, number: int, raw: bytes) -> Line:
        try:
            if raw.lstrip()[:1] == b'"':
                found = TextLine(text=msgspec.json.decode(raw, type=str))
            else:
                found = TextLine.model_validate_json(raw)
            self._service.check(self._request, [found.text], "/text")
        except NOT_JSON as error:
            problem = Problem("invalid-request", f"not JSON ({error})")
            return Line(number, "", None, problem)
        except ValidationError as error:
            errors = error.errors(include_url=False, include_input=False)
            return Line(number, "", None, invalid(errors))
        except Problem as problem:
            return Line(number, "", None, problem)
        return Line(number, found.text, found.id)

    async def _raw_lines(self) -> AsyncIterator[bytes]:
        """Yield lines, whose length is bounded.

        Raises:
            Problem: A line is too long, or nothing came for too long.
            ClientDisconnect: The client left.
        """
        limits = self._service.limits
        pending = bytearray()
        parts = self._request.stream()
        while True:
            try:
                async with asyncio.timeout(limits.timeout):
                    part = await anext(parts)
            except StopAsyncIteration:
                break
            except TimeoutError:
                raise Problem("slow-request", f"no line for {limits.timeout:g} s") from None
            pending += part
            if b"\n" in part:
                *lines, rest = pending.split(b"\n")
                for line in lines:
                    yield bytes(line)
                pending = bytearray(rest)
            if len(pending) > limits.max_bytes:
                raise Problem("too-large", f"a line of more than {limits.max_chars:,} characters")
        if pending:
            yield bytes(pending)
