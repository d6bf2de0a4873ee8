"""Where sentences end.

Only places that may be an end are looked at (final marks, blank lines), so grouping costs little
beside the tokens themselves. A sentence ends only between two tokens, hence never inside a URL, a
mail address or a number.
"""

from __future__ import annotations

import re
from bisect import bisect_left

from tagger.text.rules import TITLES

__all__ = ["group_sentences"]

_CLOSERS = "\"'”’»›)\\]}）」』》】"
# One class of characters comes first, so that the search skips everything else at once. Then:
# marks with what closes after them and white space; marks that need no white space; a blank line.
_CANDIDATE = re.compile(
    r"[.!?…։؟۔।॥。！？｡\n\u2029](?:"
    rf"(?<=[.!?…։؟۔।॥])(?<![.!?…].)[.!?…]*+[{_CLOSERS}]*+(?=\s)"
    rf"|(?<=[。！？｡])[。！？｡!?…]*+[{_CLOSERS}]*+"
    r"|(?<=\n)[^\S\n]*+\n|(?<=\u2029))"
)
_ABBREVIATED = frozenset(title.lower() for title in TITLES)
# Words that begin a sentence after an abbreviation, where a capital alone says little.
_STARTING = (
    "the a an this that these those he she it we they i you his her its our their my your in on "
    "at but and or so if as when while after before since because although however there here "
    "what who how why where no not both meanwhile also"
)
_STARTERS = frozenset(_STARTING.split())
_NEXT = re.compile(r"\s*[\"'“‘«‹„(\[{¿¡「『《（*_-]*\s*")
_WORD = re.compile(r"[^\W\d_]+")


def group_sentences(text: str, spans: list[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Group the tokens ``spans`` of ``text`` into sentences; no token is lost, none is empty."""
    sentences: list[list[tuple[int, int]]] = []
    begun = 0
    cased: bool | None = None
    for candidate in _CANDIDATE.finditer(text):
        position = candidate.end()
        # The first token that begins at or after the candidate's end.
        split = bisect_left(spans, (position, 0), begun)
        if split == begun:
            continue
        if split == len(spans):
            break
        if spans[split - 1][1] > position:
            continue  # the mark is inside a token
        mark = candidate.start()
        if text[mark] in ".!?…":
            if split - begun <= 2 and text[spans[begun][0]].isdigit():
                continue  # the number of an item: "1. Open the door."
            if cased is None:
                cased = any(map(str.isupper, text[:100_000]))
            if not _ends_sentence(text, spans, split, mark, position, cased):
                continue
        sentences.append(spans[begun:split])
        begun = split
    if begun < len(spans):
        sentences.append(spans[begun:])
    return sentences


def _ends_sentence(
    text: str, spans: list[tuple[int, int]], split: int, mark: int, position: int, cased: bool
) -> bool:
    """Judge a full stop, question or exclamation mark before white space."""
    start = _NEXT.match(text, position).end()  # type: ignore[union-attr]
    if start >= len(text):
        return False
    following = text[start]
    line_ends = "\n" in text[position : spans[split][0]]
    is_lower = following.islower()
    if is_lower and cased and not line_ends:
        return False
    # The token that holds the mark, and the word that the mark stands after.
    index = bisect_left(spans, (mark + 1, 0)) - 1
    holder, holder_end = spans[index]
    if holder == mark:
        if text[mark] != "." or holder_end - holder > 1:
            return True
        before = text[slice(*spans[index - 1])] if index and spans[index - 1][1] == mark else ""
        # Enumerations and corpora that split periods off abbreviations.
        if before.lower() in _ABBREVIATED and not line_ends:
            return False
        return not (len(before) == 1 and before.isupper() and before != "I" and not line_ends)
    # The token keeps its period: an abbreviation, an initial, "U.S.".
    word = text[holder:mark]
    if not word[:1].isalnum() or "://" in word:
        return True
    if line_ends:
        return word.lower() not in _ABBREVIATED
    if len(word) == 1 or word.lower() in _ABBREVIATED or is_lower or following.isdigit():
        return False
    match = _WORD.match(text, start)
    return match is not None and match[0].lower() in _STARTERS
