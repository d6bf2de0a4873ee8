"""`tagger.train`: arguments that are wrong."""

from __future__ import annotations

from typing import Any

import pytest

import tagger
from tagger.errors import ConfigError, UsageError


@pytest.mark.parametrize(
    ("arguments", "error", "expected"),
    [
        ({"settings": {"encoder.cel": "gru"}}, ConfigError, "encoder.cell"),
        ({"settings": {"cell": "gru"}}, ConfigError, "encoder.cell"),
        ({"settings": {"encoder.cell": "ltsm"}}, ConfigError, "lstm"),
        ({"heads": "ner"}, UsageError, "a list of heads"),
        ({"config": {"encoder": {}}}, UsageError, "a Config"),
    ],
)
def test_wrong_arguments_are_errors(
    arguments: dict[str, Any], error: type[UsageError], expected: str
) -> None:
    with pytest.raises(error) as caught:
        tagger.train("sample", **arguments)
    assert expected in caught.value.expected
