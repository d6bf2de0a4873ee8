"""Asking the Hugging Face hub, which may be away: an answer soon, or none."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from huggingface_hub.errors import HfHubHTTPError

_REQUEST_S = 4.0
_GIVE_UP_S = 7.0  # name look-ups know no timeout of their own

T = TypeVar("T")


class UnreachableError(Exception):
    """The hub itself cannot be reached, or cannot answer."""


def ask(call: Callable[[float], T]) -> T:
    """Ask the hub something.

    Args:
        call: Asks it; is given the seconds that a request may take.

    Raises:
        UnreachableError: There is no network, no answer in time, or the hub cannot answer now.
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
        raise UnreachableError(f"no answer within {_GIVE_UP_S:.0f} s")
    error = failures[0]
    if isinstance(error, HfHubHTTPError) and status(error) != 429 and status(error) < 500:
        raise error
    # The classes of what else goes wrong differ between versions of the hub's library.
    raise UnreachableError(in_a_line(error)) from None


def status(error: HfHubHTTPError) -> int:
    """The status of an answer, 0 if there was none."""
    return error.response.status_code if error.response is not None else 0


def in_a_line(error: object) -> str:
    """What an error says first, with its class; or the first of a text."""
    kind = f"{type(error).__name__}: " if isinstance(error, BaseException) else ""
    return " ".join(f"{kind}{error}".split("\n\n")[0].split())[:200]
