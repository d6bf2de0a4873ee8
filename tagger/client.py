"""`Client`: the results of a service (``tagger serve``) as documents, with the standard library."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

import msgspec

from tagger.arguments import as_sequence, check_texts
from tagger.errors import TaggerError, UsageError, first_line
from tagger.lines import NOT_JSON
from tagger.runtime.results import Document

__all__ = ["Client"]

N_TEXTS = 64
N_CHARS = 20_000
"""Texts and characters of a request: enough to hide its cost, few to repeat."""
LONGEST_WAIT = 30.0
"""Seconds to wait between two attempts at most."""
TRY_AGAIN = (429, 503)


class Client:
    """A connection to a service; threads may share it, one request at a time.

    Args:
        url: The address of the service.
        api_key: A key, where the service asks for one.
        timeout: Seconds to wait for an answer, and for a service that is busy or starting.

    Raises:
        UsageError: The address is not one of HTTP.

    ::

        client = Client("http://127.0.0.1:8000")
        client.tag(["John works at Apple"])[0].entities  # [[John](PER), [Apple](ORG)]
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:8000",
        *,
        api_key: str | None = None,
        timeout: float = 60.0,
    ) -> None:
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = -1
        if parts.scheme not in ("http", "https") or not parts.hostname or port == -1:
            raise UsageError(
                f"{url!r} is no address of a service", hint="write it as http://127.0.0.1:8000"
            )
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self.url = url.rstrip("/")
        self._connection = kind(parts.hostname, port, timeout=timeout)
        self._path, self._timeout = parts.path.rstrip("/"), timeout
        self._headers = {"content-type": "application/json"}
        if api_key is not None:
            self._headers["authorization"] = f"Bearer {api_key}"
        self._lock = threading.Lock()

    def tag(
        self,
        texts: Iterable[str],
        heads: Sequence[str] | None = None,
        *,
        confidence: bool = False,
        threshold: float | Mapping[str, float] | None = None,
        model: str | None = None,
    ) -> list[Document]:
        """Tag several texts, as `tagger.Tagger.batch` does.

        Args:
            texts: Raw texts.
            heads: The heads to show; None for all.
            confidence: Whether entities have their probability.
            threshold: The least probability of an entity, or one by label, as for a tagger.
            model: The name of one of the service's models; None for its first.

        Raises:
            UsageError: The service has no such model or head, or a text is not one or too long.
            TaggerError: The service cannot be reached, stays too busy, or failed.
        """
        given = as_sequence("texts", texts, "a list of texts", "put it into a list")
        return list(
            self.stream(given, heads, confidence=confidence, threshold=threshold, model=model)
        )

    def stream(
        self,
        texts: Iterable[str],
        heads: Sequence[str] | None = None,
        *,
        confidence: bool = False,
        threshold: float | Mapping[str, float] | None = None,
        model: str | None = None,
    ) -> Iterator[Document]:
        """Tag any number of texts in order, with bounded memory; see `tag`.

        Texts are sent in requests of some dozens, so a request that is refused is repeated alone.
        """
        if isinstance(texts, str | bytes | Mapping) or not isinstance(texts, Iterable):
            as_sequence("texts", texts, "an iterable of texts", "put it into a list")
        options: dict[str, Any] = {"confidence": confidence}
        if heads is not None:
            options["heads"] = list(as_sequence("heads", heads, "a list of names", "[…]"))
        if threshold is not None:
            options["threshold"] = threshold
        if model is not None:
            options["model"] = model

        def documents() -> Iterator[Document]:
            n_before = 0
            for some in _requests(texts):
                check_texts(some, n_before)
                n_before += len(some)
                for found in self._ask("/v1/tag", {"texts": some, **options}):
                    yield Document.from_dict(found)

        return documents()

    def info(self) -> dict[str, Any]:
        """Return the version, models and limits of the service.

        Raises:
            TaggerError: The service cannot be reached.
        """
        found: dict[str, Any] = self._ask("/info")
        return found

    def close(self) -> None:
        """Close the connection; the next request opens another one."""
        self._connection.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self.url!r})"

    def _ask(self, path: str, body: Any = None) -> Any:
        """Send a request until it is answered."""
        content = None if body is None else msgspec.json.encode(body)
        end = time.monotonic() + self._timeout
        attempt = 0
        while True:
            try:
                with self._lock:
                    status, after, answer = self._send(path, content)
                problem = f"answered {status}"
            except (OSError, HTTPException) as error:
                status, after, answer = 0, "", b""
                detail = getattr(error, "strerror", None) or first_line(error)
                problem = f"cannot be reached ({detail.lower()})"
            if status == 200:
                try:
                    return msgspec.json.decode(answer)
                except NOT_JSON:
                    raise TaggerError(
                        "answered with something else than JSON", path=self.url
                    ) from None
            if status and status not in TRY_AGAIN:
                raise _refusal(self.url, status, answer)
            # A connection that was kept may have been closed meanwhile, so one more attempt is made
            # at once; a service that is not there at all is an error soon.
            wait = 0.0 if not status and attempt == 0 else _seconds(after, attempt)
            attempt += 1
            if time.monotonic() + wait > end or (not status and attempt > 3):
                raise TaggerError(problem, path=self.url)
            time.sleep(wait)

    def _send(self, path: str, content: bytes | None) -> tuple[int, str, bytes]:
        connection = self._connection
        try:
            connection.request(
                "GET" if content is None else "POST", self._path + path, content, self._headers
            )
            response = connection.getresponse()
            return response.status, response.headers.get("retry-after", ""), response.read()
        except BaseException:  # also Ctrl-C: the rest of an answer must not be read as the next one
            connection.close()
            raise


def _requests(texts: Iterable[str]) -> Iterator[list[str]]:
    """Gather texts for requests."""
    some: list[str] = []
    n_chars = 0
    for text in texts:
        size = len(text) if isinstance(text, str) else 0
        if some and (len(some) == N_TEXTS or n_chars + size > N_CHARS):
            yield some
            some, n_chars = [], 0
        some.append(text)
        n_chars += size
    if some:
        yield some


def _seconds(after: str, attempt: int) -> float:
    """Return how long to wait: as long as the service says, and not all clients equally long."""
    least = float(after) if after.isdecimal() else 0.1 * 2**attempt
    return min(least * random.uniform(1, 1.5), LONGEST_WAIT)


def _refusal(url: str, status: int, answer: bytes) -> TaggerError:
    try:
        problem = msgspec.json.decode(answer, type=dict[str, Any])
    except NOT_JSON:
        problem = {}
    detail = str(problem.get("detail", f"answered {status}"))
    kind = UsageError if 400 <= status < 500 else TaggerError
    expected = [name for error in problem.get("errors", ()) for name in error.get("expected", ())]
    return kind(detail, path=url, expected=expected)
