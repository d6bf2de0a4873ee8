"""Spans of a text in brackets, ``[John](PER) works``; `tagger.formats.bracketed` reads them.

This module imports no reader, so that a prediction starts quickly.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Protocol

__all__ = ["BRACKET", "bracketed"]

BRACKET = re.compile(r"(?<!\\)(\\*)([\[\]])")
"""A bracket and all backslashes before it: the search of a run begins once, at its start."""

_IN_LABEL = re.compile(r"([()\\])")


class Labelled(Protocol):
    """A span of characters: a `CharSpan`, or an entity that a model found."""

    @property
    def start(self) -> int:
        """Its first character."""

    @property
    def end(self) -> int:
        """The character after its last one."""

    @property
    def label(self) -> str:
        """Its label."""


def bracketed(text: str, spans: Iterable[Labelled]) -> str:
    """Return a text with its spans, in order and without overlaps, in brackets."""
    parts = []
    position = 0
    for span in spans:
        label = _IN_LABEL.sub(r"\\\1", span.label)
        before = _escape(text[position : span.start], before_bracket=True)
        inner = _escape(text[span.start : span.end], before_bracket=True)
        parts += [before, f"[{inner}]({label})"]
        position = span.end
    return "".join([*parts, _escape(text[position:])])


def _escape(text: str, *, before_bracket: bool = False) -> str:
    if "[" not in text and "]" not in text and not text.endswith("\\"):
        return text
    escaped = BRACKET.sub(r"\1\1\\\2", text)
    if before_bracket:
        bare = escaped.rstrip("\\")
        escaped += "\\" * (len(escaped) - len(bare))
    return escaped
