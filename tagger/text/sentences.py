"""Grouping of tokens into sentences.

Only possible ends are examined (final marks, line ends), so grouping costs little compared with
tokenizing. A sentence ends only between two tokens, hence never inside a URL, a mail address or a
number.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from itertools import groupby, pairwise
from typing import Literal, TypeAlias

from tagger.text.tokenizer_rules import TITLES

__all__ = ["Newline", "group_sentences"]

Newline: TypeAlias = Literal["sentence", "space", "auto"]
"""How a line end is read: as the end of a sentence, as a space, or depending on the lines."""

_CLOSERS = "\"'”’»›)\\]}）」』》】"
# One class of characters comes first, so that the search skips everything else at once. Then:
# marks with closing quotes or brackets before white space; marks that need no white space; a blank
# line.
_CANDIDATE = re.compile(
    r"[.!?…։؟۔।॥。！？｡\n\u2029](?:"
    rf"(?<=[.!?…։؟۔।॥])(?<![.!?…].)[.!?…]*+[{_CLOSERS}]*+(?=\s)"
    rf"|(?<=[。！？｡])[。！？｡!?…]*+[{_CLOSERS}]*+"
    r"|(?<=\n)[^\S\n]*+\n|(?<=\u2029))"
)
_ABBREVIATED = frozenset(title.lower() for title in TITLES)
# Words that begin a sentence after an abbreviation, where a capital alone proves little.
_STARTING = (
    "the a an this that these those he she it we they i you his her its our their my your in on "
    "at but and or so if as when while after before since because although however there here "
    "what who how why where no not both meanwhile also"
)
_STARTERS = frozenset(_STARTING.split())
_NEXT = re.compile(r"\s*[\"'“‘«‹„(\[{¿¡「『《（*_-]*\s*")
_WORD = re.compile(r"[^\W\d_]+")
_WRAPPED = range(40, 121)
"""Characters in the longest line of hard-wrapped prose; other lines are lists or paragraphs."""
_ITEM = re.compile(r"\s*(?:[-*•·‣–—>|]|\(?\w{1,3}[.)])\s")
_FIRST_WORD = re.compile(r"\s*(\S+)")


def group_sentences(
    text: str, spans: list[tuple[int, int]], newline: Newline = "space"
) -> list[list[tuple[int, int]]]:
    """Group the tokens ``spans`` of ``text`` into non-empty sentences; no token is lost.

    A blank line always ends a sentence. With ``auto`` other line ends do so too, unless the next
    line begins with a lower-case letter, or the lines between two blank lines are hard-wrapped
    prose: the longest has 40 to 120 characters, and most end where the next word did not fit.
    """
    sentences = _by_marks(text, spans)
    if newline == "space" or "\n" not in text:
        return sentences
    return list(_cut(sentences, list(_line_breaks(text, newline))))


def _cut(
    sentences: list[list[tuple[int, int]]], positions: list[int]
) -> Iterator[list[tuple[int, int]]]:
    """Yield the sentences, cut at ``positions``, which are in order."""
    at = 0
    for sentence in sentences:
        begun = 0
        while at < len(positions) and positions[at] <= sentence[-1][0]:
            split = bisect_left(sentence, (positions[at], 0), begun)
            if split > begun:
                yield sentence[begun:split]
                begun = split
            at += 1
        yield sentence[begun:]


def _line_breaks(text: str, newline: Newline) -> Iterator[int]:
    """Yield the offsets of the lines that begin a sentence."""
    cased = any(map(str.isupper, text[:100_000]))
    position = 0
    for is_blank, block in groupby(text.split("\n"), key=lambda line: not line.strip()):
        lines = [(position := position + len(line) + 1, line.rstrip()) for line in block]
        if is_blank:
            continue
        is_prose = _is_wrapped([line for _, line in lines])
        for (begin, _), (_, following) in pairwise(lines):
            continues = is_prose or (cased and following.lstrip()[0].islower())
            if newline == "sentence" or not continues or _ITEM.match(following):
                yield begin


def _is_wrapped(lines: list[str]) -> bool:
    """Return whether the lines of a block are prose, cut where the next word did not fit."""
    width = max(map(len, lines))
    full = [
        len(line) + 1 + len(_FIRST_WORD.match(following)[1]) > width  # type: ignore[index]
        for line, following in pairwise(lines)
    ]
    return width in _WRAPPED and 2 * sum(full) > len(full)


def _by_marks(text: str, spans: list[tuple[int, int]]) -> list[list[tuple[int, int]]]:
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
    """Return whether a full stop, question or exclamation mark before white space ends one."""
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
