"""Texts in another language than the model's: a warning, once, and the same results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tagger.prediction import language
from tagger.prediction.input import Text

GERMAN = (
    "Gestern ist der Minister nach Berlin gefahren, weil er dort seine Familie besuchen wollte und "
    "nicht mehr bleiben konnte."
)
ENGLISH = (
    "Yesterday the minister went to Berlin because he wanted to see his family there and could "
    "not stay any longer."
)


def warned(caplog: pytest.LogCaptureFixture, blocks: Sequence[Sequence[str]]) -> int:
    known = ["yesterday", "the", "went", "to", "he", "there", "could", "not", "see", "his", "and"]
    given = [[Text(text) for text in block] for block in blocks]
    assert list(language._watched(given, known.__contains__)) == given
    return len(caplog.records)


def test_short_and_long_inputs_are_checked_once(caplog: pytest.LogCaptureFixture) -> None:
    assert warned(caplog, [["Gestern fuhr Kim, weil es ging."]]) == 0  # too few words
    assert warned(caplog, [["the went to he there could not and"] * 9, [GERMAN]]) == 0
    assert warned(caplog, [[GERMAN] * 20, [GERMAN] * 20]) == 1
    assert "another language" in caplog.text


def test_names_are_not_words(caplog: pytest.LogCaptureFixture) -> None:
    assert warned(caplog, [["Ngozi Okwuosa, Tuva Lindqvist"] * 50]) == 0
    assert warned(caplog, [["東京へ行きました。"] * 50, [""]]) == 0


def test_predict_warns_and_its_results_stay(
    run: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    assert run("predict", ENGLISH).code == 0
    assert not caplog.records
    result = run("predict", GERMAN)
    assert (result.code, result.out.count("\n")) == (0, 1)
    assert "another language" in caplog.text
