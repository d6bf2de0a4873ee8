"""Parts of a corpus for cross-validation."""

from __future__ import annotations

import pytest

from tagger.errors import UsageError
from tagger.evaluation.folds import divided


def test_equal_keys_are_in_one_part() -> None:
    parts = divided("abcabd", 2, key=str, size=lambda _: 1, corpus="c", what="document")
    assert not set(parts[0]) & set(parts[1])
    assert sum(map(len, parts)) == 6


def test_fewer_keys_than_parts() -> None:
    with pytest.raises(UsageError, match="2 folds of 1 document;") as error:
        divided("aa", 2, key=str, size=lambda _: 1, corpus="c", what="document")
    assert error.value.path == "c"
