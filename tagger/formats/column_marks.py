"""Marks in a column of their own: where a sentence ends, and where no space follows a token.

HIPE has ``NoSpaceAfter``, ``EndOfLine`` and ``EndOfSentence`` in its last column, several with
``|`` between them; other files have CoNLL-U's ``SpaceAfter=No``.
"""

from __future__ import annotations

from collections.abc import Collection

__all__ = ["are_marks", "ends_sentence", "has_no_space"]

_NO_SPACE = frozenset({"NoSpaceAfter", "SpaceAfter=No"})
_ENDS = "EndOfSentence"
_EMPTY = frozenset({"_", "-", ""})
_MARKS = frozenset({*_NO_SPACE, _ENDS, "EndOfLine", "EndOfParagraph", "EndOfDocument"})


def are_marks(values: Collection[str]) -> bool:
    """Return whether the values of a column are marks, most of them known ones."""
    found = {mark for value in values for mark in value.split("|")} - _EMPTY
    return bool(found) and 2 * len(found & _MARKS) >= len(found)


def ends_sentence(value: str) -> bool:
    """Return whether a sentence ends after a token."""
    return _ENDS in value.split("|")


def has_no_space(value: str) -> bool:
    """Return whether no space follows a token.

    >>> has_no_space("NoSpaceAfter|EndOfLine"), has_no_space("_")
    (True, False)
    """
    return not _NO_SPACE.isdisjoint(value.split("|"))
