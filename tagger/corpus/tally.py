"""The tags of one head: whether they are spans, in which scheme, and which of them break it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from tagger.corpus.records import Kind
from tagger.findings import Finding
from tagger.formats.records import SPAN_HEADS, TOKEN_HEADS
from tagger.schemes import Scheme, detect, is_allowed, is_tag, looks_like_spans

__all__ = ["OUTSIDE_SCHEME", "BadTagError", "Place", "Tally"]

OUTSIDE_SCHEME = "tag outside its scheme"

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
    """Counts of the neighbouring tags of a head, from which everything else follows."""

    def __init__(self, head: str) -> None:
        self.head = head
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

    def kind(self) -> Kind:
        """Return whether the tags are of spans or of tokens: by the head's name or the tags."""
        if self.head in SPAN_HEADS:
            return "span"
        if self.head in TOKEN_HEADS or len(self._pairs) > _MAX_PAIRS:
            return "token"
        counts: Counter[str] = Counter()
        for (_, tag), n in self._pairs.items():
            if tag is not None:
                counts[tag or "_"] += n  # where spans are, every token has a tag
        return "span" if looks_like_spans(counts) else "token"

    def scheme(self) -> Scheme:
        """Return the scheme of a span head: the one that its tags fit best.

        Raises:
            BadTagError: A tag does not have the shape of a span's, or fits no scheme with the
                others.
        """
        tags: dict[str, Place] = {}
        for (_, tag), place in self._first.items():
            if tag is not None:
                tags[tag] = min(place, tags.get(tag, place))
        wrong = [(place, tag) for tag, place in tags.items() if not is_tag(tag)]
        if wrong:
            place, tag = min(wrong)
            message, hint = _explain(tag)
            raise BadTagError(place, f"{self.head} tag {message}", hint)
        try:
            return detect(self._pairs)
        except ValueError:
            firsts = [
                min((place, tag) for tag, place in tags.items() if tag[0] in letters)
                for letters in ("ES", "LU")
            ]
            place, tag = max(firsts)
            raise BadTagError(
                place, f"{self.head} tag {tag!r}: the tags mix BIOES (E-, S-) and BILOU (L-, U-)"
            ) from None

    def violations(self, scheme: Scheme, files: Sequence[str]) -> Finding | None:
        """Count the tags that ``scheme`` does not allow in their place; None where there are none.

        Args:
            scheme: The scheme.
            files: The names of the files.
        """
        bad = [pair for pair in self._pairs if not is_allowed(scheme, *pair)]
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


def _explain(tag: str) -> tuple[str, str | None]:
    if not tag:
        return "is missing", None
    guess = re.sub(r"^([BIESLUbieslu])[-_/:. ](?=.)", lambda m: m[1].upper() + "-", tag)
    guess = "O" if tag.strip() in ("o", "O", "0") else guess
    message = f"{tag!r} is not O or a letter of BIESLU, a dash and a label"
    if guess != tag and is_tag(guess):
        return message, f"write {guess!r}"
    return message, (
        "if these are not spans, rename the head (of a column with {columns}, others in the file)"
    )
