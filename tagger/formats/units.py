"""Offsets that do not count characters: UTF-16 units, bytes, or CRLF as one character.

Some annotation tools store these (label-studio #1347, doccano #2290). They are recognised by the
text that the file gives for a span; without it, by the bounds of words (in scripts with capitals,
as others need not have spaces there).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

__all__ = ["recount", "same"]

Bounds = tuple[int, int]


def recount(
    text: str, spans: Sequence[Bounds], covered: Sequence[str | None]
) -> tuple[str, list[Bounds]] | None:
    """Convert ``spans`` to characters where they seem to count something else.

    Args:
        text: The text.
        spans: The bounds of its spans.
        covered: The text of each span, where the file has it.

    Returns:
        What they count, and the bounds in characters; None where they count characters, or where
        nothing else fits either.

    >>> recount("\U0001f600 Kim", [(3, 6)], ["Kim"])
    ('UTF-16 units', [(2, 5)])
    """
    widths = [(unit, width) for unit, occurs, width in _UNITS if occurs(text)]
    if not spans or not widths or _fits(text, spans, covered):
        return None
    for unit, width in widths:
        characters: dict[int, int] = {}
        position = 0
        for number, mark in enumerate(text):
            characters.setdefault(position, number)
            position += width(mark, text[number + 1 : number + 2])
        characters.setdefault(position, len(text))
        if all(bound in characters for span in spans for bound in span):
            counted = [(characters[start], characters[end]) for start, end in spans]
            if _fits(text, counted, covered):
                return unit, counted
    return None


_UNITS: tuple[tuple[str, Callable[[str], bool], Callable[[str, str], int]], ...] = (
    (
        "UTF-16 units",
        lambda text: not text.isascii() and max(text) > "\uffff",
        lambda mark, following: 1 + (mark > "\uffff"),
    ),
    (
        "CRLF as one character",
        lambda text: "\r\n" in text,
        lambda mark, following: int(mark + following != "\r\n"),
    ),
    (
        "bytes",
        lambda text: not text.isascii(),
        lambda mark, following: len(mark.encode()),
    ),
)
"""The units, whether a text shows them, and the width of a character before another."""


def _fits(text: str, spans: Sequence[Bounds], covered: Sequence[str | None]) -> bool:
    for (start, end), expected in zip(spans, covered, strict=True):
        if not 0 <= start < end <= len(text):
            return False
        if expected is not None:
            if not same(text[start:end], expected):
                return False
        elif _cuts_words(text, start, end):
            return False
    return True


def _cuts_words(text: str, start: int, end: int) -> bool:
    if text[start].isspace() or text[end - 1].isspace():
        return True
    return any(
        0 < at < len(text) and all(map(_is_cased, text[at - 1 : at + 1])) for at in (start, end)
    )


def _is_cased(mark: str) -> bool:
    """Return whether a letter is of a script with capitals, which separates words by spaces."""
    return mark.isdigit() or mark.lower() != mark.upper()


def same(text: str, covered: str) -> bool:
    r"""Return whether texts are equal but for white space, which tools escape or leave out."""
    return text == covered or _bare(text) == _bare(covered)


def _bare(text: str) -> str:
    return "".join(text.replace("\\n", " ").replace("\0", " ").split())
