"""Requests to the Hugging Face hub, which may be unreachable, with a time limit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from huggingface_hub.errors import HfHubHTTPError

_REQUEST_S = 4.0
_GIVE_UP_S = 7.0  # name resolution has no timeout

T = TypeVar("T")


class UnreachableError(Exception):
    """The hub cannot be reached, or cannot respond."""


def ask(call: Callable[[float], T]) -> T:
    """Make a request to the hub.

    Args:
        call: Makes the request, given the seconds that it may take.

    Raises:
        UnreachableError: There is no network, no response in time, or the hub is busy.
        HfHubHTTPError: The hub refuses it.
    """
    from huggingface_hub.errors import HfHubHTTPError

    results: list[T] = []
    failures: list[Exception] = []

    def work() -> None:
        try:
            results.append(call(_REQUEST_S))
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(_GIVE_UP_S)
    if results:
        return results[0]
    if not failures:
        raise UnreachableError(f"no response within {_GIVE_UP_S:.0f} s")
    error = failures[0]
    if isinstance(error, HfHubHTTPError) and status(error) != 429 and status(error) < 500:
        raise error
    # The classes of other errors differ between versions of the hub's library.
    raise UnreachableError(in_a_line(error)) from None


def status(error: HfHubHTTPError) -> int:
    """Return the status of a response, 0 if there was none."""
    return error.response.status_code if error.response is not None else 0


def in_a_line(error: object) -> str:
    """Return the first paragraph of an error, with its class, or of a text."""
    kind = f"{type(error).__name__}: " if isinstance(error, BaseException) else ""
    return " ".join(f"{kind}{error}".split("\n\n")[0].split())[:200]
