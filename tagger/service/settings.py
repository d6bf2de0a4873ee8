"""Settings of the service, and what it needs to be installed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tagger.errors import UsageError
from tagger.extras import install_hint

if TYPE_CHECKING:
    from tagger.runtime.engines.protocol import EngineName, Precision

N_BYTES_PER_CHAR = 12
"""Bytes of JSON that one character may take: ``\\ud83d\\ude00``."""
N_BYTES_BESIDES = 65_536
"""Bytes of a request that are not of its texts."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits that keep one request from harming the others."""

    max_chars: int = 100_000
    """Characters of all texts of a request, or of a line of a stream."""
    max_texts: int = 1_000
    """Texts of a request."""
    max_explained_chars: int = 2_000
    """Characters of a text to explain: each of its words is read with many contexts."""
    timeout: float = 30.0
    """Seconds until a request is given up: receiving it, its answer, and sending each part."""
    queue_tokens: int = 3_072
    """Estimated tokens of the requests at hand, with some for each request itself; one beyond them
    is refused, unless it is the only one. Half as many while requests are refused."""
    batch_tokens: int = 1_024
    """Estimated tokens that are tagged together."""
    window: float = 0.0
    """Seconds for which an idle tagger waits for more requests to tag together."""

    @property
    def max_bytes(self) -> int:
        """Bytes of a request."""
        return N_BYTES_PER_CHAR * self.max_chars + N_BYTES_BESIDES


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings of the service but the models."""

    limits: Limits = Limits()
    device: str = "cpu"
    engine: EngineName | None = None
    precision: Precision | None = None
    """None for ``fp32``, whose results do not depend on the requests that are tagged together."""
    threads: int = 0
    """Threads of each process; 0 shares the cores among the processes."""
    workers: int = 1
    """Processes."""
    api_keys: tuple[str, ...] = ()
    """Keys, one of which a request must have; empty for none."""
    cors: tuple[str, ...] = ()
    """Origins of web pages that may use the service; ``*`` for all."""
    log_texts: bool = False
    """Whether the log holds the texts."""


DEFAULTS = Settings()


def check_settings(settings: Settings) -> None:
    """Check the ranges of settings.

    Raises:
        UsageError: One is out of its range.
    """
    limits = settings.limits
    for name, value, least in (
        ("max_chars", limits.max_chars, 1),
        ("max_texts", limits.max_texts, 1),
        ("queue_tokens", limits.queue_tokens, 1),
        ("batch_tokens", limits.batch_tokens, 1),
        ("workers", settings.workers, 1),
    ):
        if value < least:
            raise UsageError(f"{name} is {value}; expected at least {least}")
    if not 0 < limits.timeout < float("inf"):
        raise UsageError(f"timeout is {limits.timeout:g} s; expected more than 0")
    if not 0 <= limits.window < limits.timeout:
        raise UsageError(f"the window of {limits.window:g} s is not between 0 and the timeout")
    for origin in settings.cors:
        if origin != "*" and not origin.startswith(("http://", "https://")):
            raise UsageError(
                f"{origin!r} is no origin", hint="write it as in {cors=https://example.org}"
            )


def read_api_keys(path: Path) -> tuple[str, ...]:
    """Read the keys of a file, one a line; lines that begin with ``#`` are comments.

    Raises:
        UsageError: There is no key in it, or one that a header cannot hold.
        OSError: It cannot be read.
    """
    keys = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        key = line.strip()
        if not key or key.startswith(b"#"):
            continue
        if not key.isascii() or len(key.split()) > 1:
            raise UsageError(
                "a key is ASCII without spaces", path=path, line=number, hint="write one a line"
            )
        keys.append(key.decode())
    if not keys:
        raise UsageError("holds no key", path=path, hint="write one a line")
    return tuple(keys)


def require_extra() -> None:
    """Check that the libraries of the service are installed.

    Raises:
        UsageError: One is missing.
    """
    try:
        import fastapi  # noqa: F401
        import prometheus_client  # noqa: F401
        import python_multipart  # noqa: F401
        import uvicorn  # noqa: F401
    except ModuleNotFoundError as error:
        raise UsageError(
            f"the service needs {error.name}", hint=f"install it with `{install_hint('serve')}`"
        ) from None
