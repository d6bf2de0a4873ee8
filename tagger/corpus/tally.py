"""The tags of one head: whether they are spans, in which scheme, and which of them break it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from tagger.corpus.records import Kind
from tagger.findings import Finding
from tagger.formats.records import SPAN_HEADS, TOKEN_HEADS
from tagger.formats.spelling import Spelling, find_spelling, looks_like_spans
from tagger.schemes import OUTSIDE, Scheme, detect, is_allowed, is_tag

__all__ = ["OUTSIDE_SCHEME", "BadTagError", "Place", "Tally"]

OUTSIDE_SCHEME = "tag outside its scheme"
UNKNOWN = "tag that is not known"

# A closed set of tags stays far below; above it, a column is free text such as lemmas.
_MAX_PAIRS = 200_000


class Place(NamedTuple):
    """The place of a tag: the number of its file in the corpus, and the line."""

    file: int
    line: int


class BadTagError(ValueError):
    """A tag that cannot be read, with its place; the caller knows the path."""

    def __init__(self, place: Place, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.place = place
        self.hint = hint


class Tally:
    """Counts of the neighbouring tags of a head, from which everything else follows.

    Args:
        head: The head.
        has_null: Whether a missing tag is one that is not known, as in JSON; in columns it may be
            ``O``, too.
    """

    def __init__(self, head: str, *, has_null: bool = False) -> None:
        self.head = head
        self._has_null = has_null
        self._pairs: dict[tuple[str | None, str | None], int] = {}
        self._first: dict[tuple[str | None, str | None], Place] = {}

    def add(self, tags: Sequence[str | None], lines: Sequence[int], file: int) -> None:
        """Count the tags of a sentence; None is a token without a tag."""
        if len(self._pairs) > _MAX_PAIRS:
            return
        previous: str | None = None
        for tag, line in zip((*(t or "" for t in tags), None), (*lines, lines[-1]), strict=True):
            pair = previous, tag
            n = self._pairs.get(pair, 0)
            if not n:
                self._first[pair] = Place(file, line)
            self._pairs[pair] = n + 1
            previous = tag

    def check(self) -> None:
        """Refuse tags that would break the lines of columns.

        Raises:
            BadTagError: A tag contains a tab or a line end.
        """
        for tag, place in self._places().items():
            if any(mark in tag for mark in "\t\r\n"):
                raise BadTagError(
                    place, f"{self.head} tag {tag!r:.40} contains a tab or a line end", "rename it"
                )

    def kind(self) -> Kind:
        """Return whether the tags are of spans or of tokens: by the head's name or the tags."""
        if self.head in SPAN_HEADS:
            return "span"
        if self.head in TOKEN_HEADS or len(self._pairs) > _MAX_PAIRS:
            return "token"
        return "span" if looks_like_spans(self._counts()) else "token"

    def _counts(self) -> Counter[str]:
        counts: Counter[str] = Counter()
        for (_, tag), n in self._pairs.items():
            if tag is not None:
                counts[tag or "_"] += n
        return counts

    def spelling(self) -> Spelling:
        """Return how the tags of a span head are spelled.

        Raises:
            BadTagError: A tag does not have the shape of a span's.
        """
        counts = self._counts()
        found = find_spelling(counts)
        if found is None and self._has_null:
            del counts["_"]
            found = find_spelling(counts)
        if found is not None:
            return Spelling(found.example, {**found.tags, "": None})
        wrong = [(place, tag) for tag, place in self._places().items() if not is_tag(tag)]
        if not wrong:  # there are no tags at all
            return Spelling("", {"": None})
        place, tag = min(wrong)
        message, hint = _explain(tag)
        raise BadTagError(place, f"{self.head} tag {message}", hint)

    def scheme(self, spelling: Spelling) -> Scheme:
        """Return the scheme of a span head: the one that its tags fit best.

        Raises:
            BadTagError: A tag fits no scheme with the others.
        """
        usual: Counter[tuple[str | None, str | None]] = Counter()
        for pair, n in self._pairs.items():
            if (respelled := _respelled(pair, spelling)) is not None:
                usual[respelled] += n
        try:
            return detect(usual)
        except ValueError:
            places = [(place, tag) for tag, place in self._places().items()]
            place, tag = max(
                min(one for one in places if (spelling.tags[one[1]] or OUTSIDE)[0] in letters)
                for letters in ("ES", "LU")
            )
            raise BadTagError(
                place, f"{self.head} tag {tag!r}: the tags mix BIOES (E-, S-) and BILOU (L-, U-)"
            ) from None

    def _places(self) -> dict[str, Place]:
        places: dict[str, Place] = {}
        for (_, tag), place in self._first.items():
            if tag is not None:
                places[tag] = min(place, places.get(tag, place))
        return places

    def unknown(self, spelling: Spelling, files: Sequence[str]) -> Finding | None:
        """Count the tokens of a span head whose tag is not known; None where there are none."""
        n, first = 0, None
        for pair, count in self._pairs.items():
            if pair[1] is not None and spelling.tags[pair[1]] is None:
                n += count
                first = min(self._first[pair], first or self._first[pair])
        if first is None:
            return None
        return Finding(
            kind=UNKNOWN,
            path=files[first.file],
            line=first.line,
            head=self.head,
            count=n,
            action="left open, not read as O",
        )

    def violations(
        self, scheme: Scheme, spelling: Spelling, files: Sequence[str]
    ) -> Finding | None:
        """Count the tags that ``scheme`` does not allow in their place; None where there are none.

        Args:
            scheme: The scheme.
            spelling: The spelling of the tags.
            files: The names of the files.
        """
        bad = [
            pair
            for pair in self._pairs
            if (tags := _respelled(pair, spelling)) is not None and not is_allowed(scheme, *tags)
        ]
        if not bad:
            return None
        previous, tag = first = min(bad, key=lambda pair: self._first[pair])
        if tag is None:
            example = f"{previous} at the end of a sentence"
        elif previous is None:
            example = f"{tag} at the start of a sentence"
        else:
            example = f"{tag} after {previous}"
        place = self._first[first]
        return Finding(
            kind=OUTSIDE_SCHEME,
            path=files[place.file],
            line=place.line,
            head=self.head,
            example=example,
            count=sum(self._pairs[pair] for pair in bad),
            action="begins a span",
        )


def _respelled(
    pair: tuple[str | None, str | None], spelling: Spelling
) -> tuple[str | None, str | None] | None:
    """Return neighbouring tags in the usual spelling; None where one is not known."""
    left, right = (None if tag is None else spelling.tags[tag] for tag in pair)
    if (left is None) != (pair[0] is None) or (right is None) != (pair[1] is None):
        return None
    return left, right


def _explain(tag: str) -> tuple[str, str | None]:
    if tag in ("", "_", "-"):
        what = f"{tag!r}" if tag else "is missing"
        return (
            f"{what} where no token is tagged O: it may be O, or not known",
            "write O, or ? where it is not known",
        )
    guess = re.sub(r"^([BIESLUbieslu])[-_/:. ](?=.)", lambda m: m[1].upper() + "-", tag)
    guess = "O" if tag.strip() in ("o", "O", "0") else guess
    message = f"{tag!r} is not O or a letter of BIESLU, a dash and a label"
    if guess != tag and is_tag(guess):
        return message, f"write {guess!r}"
    return message, (
        "if these are not spans, rename the head (of a column with {columns}, others in the file)"
    )
