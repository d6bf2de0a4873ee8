"""Connections whose requests must arrive in time, and are refused early."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tagger.service.refusals import Refusals


class TimedProtocol(HttpToolsProtocol):
    """A connection that is closed when the headers of a request do not arrive in time.

    uvicorn bounds the time between two requests alone, so a connection without a first request,
    or with half of its headers, would stay for ever. The body is timed where it is read.

    A request that tags while too many are at hand is refused here, by the ``refusals`` of the
    application: without a task, which would have to wait for its turn as accepted ones do.
    """

    header_seconds: ClassVar[float] = 30.0
    """Seconds for the headers of a request."""

    _deadline: asyncio.TimerHandle | None = None
    _is_refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._refusals: Refusals | None = getattr(self.app, "refusals", None)
        self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._unexpect_headers()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Wait for the headers of a request that began."""
        super().on_message_begin()
        self._expect_headers()

    def on_headers_complete(self) -> Any:
        """Stop waiting: the headers are there."""
        self._unexpect_headers()
        self._is_refused = self._refuse()
        return None if self._is_refused else super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of the body; that of a request that is refused is dropped."""
        if not self._is_refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Wait for the next request."""
        if not self._is_refused:
            super().on_message_complete()
        elif not self.transport.is_closing():
            self._unexpect_headers()
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _refuse(self) -> bool:
        """Answer a request that has to be refused; the rest of it must come in time, too."""
        if (
            self._refusals is None
            or self.parser.get_method() != b"POST"
            or self.expect_100_continue
            or not (self.cycle is None or self.cycle.response_complete)  # its answer comes first
        ):
            return False
        answer = self._refusals.answer()
        if answer is None:
            return False
        lines = [b"HTTP/1.1 429 Too Many Requests\r\n"]
        for name, value in self.server_state.default_headers:
            lines += [name, b": ", value, b"\r\n"]
        if not self.parser.should_keep_alive():
            lines.append(b"connection: close\r\n")
        self.transport.write(b"".join([*lines, answer]))
        if self.parser.should_keep_alive():
            self._expect_headers()
        else:
            self.transport.close()
        return True

    def _expect_headers(self) -> None:
        self._unexpect_headers()
        self._deadline = self.loop.call_later(self.header_seconds, self.transport.close)

    def _unexpect_headers(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
