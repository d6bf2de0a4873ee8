"""Text with its spans as elements."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.formats import char_spans, documents


@pytest.mark.parametrize(
    ("line", "text", "spans"),
    [
        ("  <s>Kim <B>left</B> </s> ", "Kim left", [(4, 8, "B")]),
        ("\x85<A>\u2028</A> Kim", "\u2028 Kim", [(0, 1, "A")]),
        (" <A> Kim </A> ", " Kim ", [(0, 5, "A")]),
    ],
)
def test_white_space_is_kept_within_spans_alone(
    tmp_path: Path, line: str, text: str, spans: list[tuple[int, int, str]]
) -> None:
    path = tmp_path / "a.xml"
    path.write_text(line + "\n")
    (document,) = documents(path, "inline")
    assert document.text == text
    assert char_spans(path, "inline") == [spans]
