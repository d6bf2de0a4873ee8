"""Offsets that do not count characters: UTF-16 units, bytes, or CRLF as one character.

Some annotation tools store these (label-studio #1347, doccano #2290). What a file counts is found
once for all of its spans: by the text that the file gives for a span; without it, by the bounds of
words (in scripts with capitals, as others need not have spaces there).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple, get_args

__all__ = ["Marked", "Unit", "find_unit", "same", "to_characters"]

Bounds = tuple[int, int]
Unit = Literal["UTF-16 units", "CRLF as one character", "bytes"]

_NEARLY_ALL = 0.9
"""The share of the spans that must fit when they are counted in other units."""


class Marked(NamedTuple):
    """A text with its spans.

    Attributes:
        text: The text.
        spans: Their bounds.
        covered: The text of each, where the file has it.
        n_needed: The spans that must fit better in another unit: a single one may be a slip of the
            annotator, where the format usually counts characters.
    """

    text: str
    spans: Sequence[Bounds]
    covered: Sequence[str | None]
    n_needed: int = 1


def find_unit(documents: Iterable[Marked]) -> Unit | None:
    """Find what the offsets of a file count; None where it is characters, or nothing fits.

    They count a unit if nearly all of the spans that it moves fit then, and more than do now.

    >>> find_unit([Marked("\U0001f600 Kim", [(3, 6)], ["Kim"])])
    'UTF-16 units'
    """
    moved: Counter[Unit] = Counter()
    fit_before: Counter[Unit] = Counter()
    fit_after: Counter[Unit] = Counter()
    n_needed = 1
    for text, spans, covered, needed in documents:
        n_needed = max(n_needed, needed)
        for unit in get_args(Unit) if spans else ():
            if not _OCCURS[unit](text):
                continue
            characters = _positions(text, unit)
            for (start, end), expected in zip(spans, covered, strict=True):
                after = characters.get(start, -1), characters.get(end, -1)
                if after != (start, end):
                    moved[unit] += 1
                    fit_before[unit] += _fits(text, start, end, expected)
                    fit_after[unit] += _fits(text, *after, expected)
    fitting = [
        unit
        for unit in get_args(Unit)
        if fit_after[unit] >= fit_before[unit] + n_needed
        and fit_after[unit] >= _NEARLY_ALL * moved[unit]
    ]
    return max(fitting, key=lambda unit: fit_after[unit] - fit_before[unit], default=None)


def to_characters(text: str, spans: Sequence[Bounds], unit: Unit) -> list[Bounds]:
    """Convert bounds to characters; one within a character becomes its first.

    Bounds after the text stay as they are.
    """
    if not spans or not _OCCURS[unit](text):
        return list(spans)
    characters = _positions(text, unit)

    def convert(bound: int) -> int:
        while 0 < bound <= last and bound not in characters:
            bound -= 1
        return characters.get(bound, bound)

    last = max(characters)
    return [
        (convert(start), convert(end)) if end <= last else (start, max(end, len(text) + 1))
        for start, end in spans
    ]


_OCCURS: dict[Unit, Callable[[str], bool]] = {
    "UTF-16 units": lambda text: not text.isascii() and max(text) > "\uffff",
    "CRLF as one character": lambda text: "\r\n" in text,
    "bytes": lambda text: not text.isascii(),
}
"""Whether a text shows a unit: elsewhere it counts characters."""

_WIDTHS: dict[Unit, Callable[[str, str], int]] = {
    "UTF-16 units": lambda mark, following: 1 + (mark > "\uffff"),
    "CRLF as one character": lambda mark, following: int(mark + following != "\r\n"),
    "bytes": lambda mark, following: len(mark.encode()),
}
"""The width of a character before another."""


def _positions(text: str, unit: Unit) -> dict[int, int]:
    """Return the character at each position that begins one, and the end of the text."""
    width = _WIDTHS[unit]
    characters: dict[int, int] = {}
    position = 0
    for number, mark in enumerate(text):
        characters.setdefault(position, number)
        position += width(mark, text[number + 1 : number + 2])
    characters.setdefault(position, len(text))
    return characters


def _fits(text: str, start: int, end: int, expected: str | None) -> bool:
    if not 0 <= start < end <= len(text):
        return False
    if expected is not None:
        return same(text[start:end], expected)
    return not _cuts_words(text, start, end)


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
    if text == covered:
        return True
    bare = _bare(covered)
    # The beginning of a text that is much longer is enough, unless it is white space.
    if len(_bare(text[: 2 * len(covered) + 100])) > len(bare):
        return False
    return _bare(text) == bare


def _bare(text: str) -> str:
    return "".join(text.replace("\\n", " ").replace("\0", " ").split())
