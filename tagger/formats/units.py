"""Offsets as browsers count them: in units of UTF-16, two for an emoji.

Some annotation tools store these (label-studio #1347, doccano #2290). Where a text has such
characters, they are recognised by the text that the file gives for a span; without it, by the
bounds of words (in scripts with capitals, as others need not have spaces there).
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["in_characters", "same"]

Bounds = tuple[int, int]


def in_characters(
    text: str, spans: Sequence[Bounds], covered: Sequence[str | None]
) -> list[Bounds] | None:
    """Convert ``spans`` to characters where they seem to count UTF-16 units; else return None.

    Args:
        text: The text.
        spans: The bounds of its spans.
        covered: The text of each span, where the file has it.
    """
    if not spans or text.isascii() or max(text) <= "\uffff":
        return None
    character: dict[int, int] = {}
    unit = 0
    for number, mark in enumerate(text):
        character[unit] = number
        unit += 1 + (mark > "\uffff")
    character[unit] = len(text)
    if any(bound not in character for span in spans for bound in span):
        return None
    counted = [(character[start], character[end]) for start, end in spans]
    if _fits(text, spans, covered) or not _fits(text, counted, covered):
        return None
    return counted


def _fits(text: str, spans: Sequence[Bounds], covered: Sequence[str | None]) -> bool:
    for (start, end), expected in zip(spans, covered, strict=True):
        if end > len(text):
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
