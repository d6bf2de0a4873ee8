"""Connections whose requests must arrive in time."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class TimedProtocol(HttpToolsProtocol):
    """A connection that is closed when the headers of a request do not arrive in time.

    uvicorn bounds the time between two requests alone, so a connection without a first request,
    or with half of its headers, would stay for ever. The body is timed where it is read.
    """

    header_seconds: ClassVar[float] = 30.0
    """Seconds for the headers of a request."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
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
        return super().on_headers_complete()

    def _expect_headers(self) -> None:
        self._unexpect_headers()
        self._deadline = self.loop.call_later(self.header_seconds, self.transport.close)

    def _unexpect_headers(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
