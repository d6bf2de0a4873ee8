"""Patterns: what they find, what they leave, and that they take linear time."""

from __future__ import annotations

import pytest

from tagger.prediction.patterns import PATTERNS, find_patterns


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("mail", "a t.baker+x@mail.example.org, b", ["t.baker+x@mail.example.org"]),
        ("mail", "@someone and x@y", []),
        ("phone", "call +44 (0)113 496 0000.", ["+44 (0)113 496 0000"]),
        ("phone", "call 0113-496-0000, please", ["0113-496-0000"]),
        ("phone", "on 2021-03-04, 12.05.2020, 1996-1997, for 12,345,678", []),
        ("iban", "to GB82 WEST 1234 5698 7654 32 now", ["GB82 WEST 1234 5698 7654 32"]),
        ("iban", "to DE89370400440532013000", ["DE89370400440532013000"]),
        ("iban", "to GB82 WEST 1234 5698 7654 33 now", []),
        ("url", "see https://x.org/a_(b), (www.y.org).", ["https://x.org/a_(b)", "www.y.org"]),
    ],
)  # fmt: skip
def test_what_is_found(name: str, text: str, found: list[str]) -> None:
    assert [text[start:end] for start, end, _ in find_patterns(text, [name])] == found


@pytest.mark.parametrize("text", ["a" * 50_000, "1 " * 30_000, "a.b@" * 20_000, "GB82 " * 20_000,
                                  "www." * 20_000, "(" * 50_000])  # fmt: skip
def test_no_text_takes_long(text: str) -> None:
    list(find_patterns(text, list(PATTERNS)))
