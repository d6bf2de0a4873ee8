"""Asking a hub that may be away."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from huggingface_hub.errors import HfHubHTTPError

import tagger.hub
from tagger.hub import UnreachableError, ask, in_a_line


def failing(error: Exception) -> Any:
    def call(timeout: float) -> None:
        raise error

    return call


def refusal(code: int) -> HfHubHTTPError:
    response: Any = SimpleNamespace(status_code=code, headers={}, request=None)
    return HfHubHTTPError(f"{code} Client Error", response=response)


def test_an_answer_is_given_and_a_request_has_a_limit() -> None:
    assert 0 < ask(lambda timeout: timeout) < 10


@pytest.mark.parametrize("error", [refusal(429), refusal(503), OSError("no\nroute\n\nat all")])
def test_a_hub_that_cannot_answer_is_unreachable(error: Exception) -> None:
    with pytest.raises(UnreachableError) as info:
        ask(failing(error))
    assert str(info.value) == in_a_line(error)
    assert "\n" not in str(info.value)


@pytest.mark.parametrize("code", [401, 403, 404])
def test_a_refusal_is_an_answer(code: int) -> None:
    error = refusal(code)
    with pytest.raises(HfHubHTTPError) as info:
        ask(failing(error))
    assert info.value is error


def test_silence_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tagger.hub, "_GIVE_UP_S", 0.05)
    with pytest.raises(UnreachableError, match="no response within"):
        ask(lambda timeout: threading.Event().wait(1))
