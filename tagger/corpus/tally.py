"""What the tags of one head are: spans or not, in which scheme, and which of them break it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tagger.formats.records import Kind
from tagger.schemes import Scheme, detect, is_allowed, is_tag

__all__ = ["BadTagError", "Place", "Tally", "Violations", "looks_like_spans"]

_TOKEN_HEADS = frozenset({"pos", "upos", "xpos"})
_SPAN_HEADS = frozenset({"ner", "chunk"})
KNOWN_HEADS = _TOKEN_HEADS | _SPAN_HEADS

# A closed set of tags stays far below; past it, a column is free text such as lemmas.
_MAX_PAIRS = 200_000


class Place(NamedTuple):
    """Where a tag stands: the number of its file in the corpus, and the line."""

    file: int
    line: int


class Violations(NamedTuple):
    """How many tags break the scheme, and the first of them."""

    n: int
    first: Place
    example: str


class BadTagError(ValueError):
    """A tag that cannot be read, with its place; the caller knows the path."""

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(message)
        self.place = place


def looks_like_spans(counts: Mapping[str, int]) -> bool:
    """Tell whether tags are those of spans: nearly all ``O`` or ``B-LABEL``, or half of them ``O``.

    The second case is for spans spelt in another way, so that they are refused later with their
    place and not taken for parts of speech.
    """
    total = sum(counts.values())
    n_shaped = sum(n for tag, n in counts.items() if is_tag(tag))
    n_outside = counts.get("O", 0) + counts.get("o", 0)
    return total > 0 and (n_shaped >= 0.9 * total or n_outside >= 0.5 * total)


class Tally:
    """Counts the neighbouring tags of a head; all that is to be known follows from the counts."""

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
        """Tell spans from tags of single tokens: by the head's name, or else by its tags."""
        if self.head in _SPAN_HEADS:
            return "span"
        if self.head in _TOKEN_HEADS or len(self._pairs) > _MAX_PAIRS:
            return "token"
        counts: Counter[str] = Counter()
        for (_, tag), n in self._pairs.items():
            if tag is not None:
                counts[tag or "_"] += n  # where spans are, every token has a tag
        return "span" if looks_like_spans(counts) else "token"

    def scheme(self) -> Scheme:
        """Give the scheme of a span head: the one that its tags fit best.

        Raises:
            BadTagError: for a tag without the shape of a span's, or one that fits no scheme with
                the others.
        """
        tags: dict[str, Place] = {}
        for (_, tag), place in self._first.items():
            if tag is not None:
                tags[tag] = min(place, tags.get(tag, place))
        wrong = [(place, tag) for tag, place in tags.items() if not is_tag(tag)]
        if wrong:
            place, tag = min(wrong)
            raise BadTagError(place, f"{self.head} tag {_explain(tag)}")
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

    def violations(self, scheme: Scheme) -> Violations | None:
        """Count the tags that ``scheme`` does not allow where they stand; None where all are."""
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
        return Violations(sum(self._pairs[pair] for pair in bad), self._first[first], example)


def _explain(tag: str) -> str:
    if not tag:
        return "is missing"
    guess = re.sub(r"^([BIESLUbieslu])[-_/:. ](?=.)", lambda m: m[1].upper() + "-", tag)
    guess = "O" if tag.strip() in ("o", "O", "0") else guess
    if guess != tag and is_tag(guess):
        return f"{tag!r} is not O or a letter of BIESLU, a dash and a label; write {guess!r}"
    return (
        f"{tag!r} is not O or a letter of BIESLU, a dash and a label; if these are no spans, "
        "give them another name (that of a column with --columns, any other in the file)"
    )
