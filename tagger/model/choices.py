"""Partial annotation: the tags that a token may have where its tag is not known for certain.

A gold tag is stored as a code, the row of a table (codes, tags) of what the token may be. The
first rows have one tag each, so the code of a known tag is its id. The loss sums over all tag
sequences that the codes allow (Tsuboi et al. 2008, "Training conditional random fields using
incomplete annotations").
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from tagger.model.heads import HeadSpec
from tagger.schemes import Scheme, Span, split_tag, tags_of


class TagChoices:
    """The codes of a head's gold tags in one corpus.

    Args:
        head: The head.
        not_annotated: Labels of a span head that the corpus does not annotate: its ``O`` means
            ``O`` or one of them.

    Attributes:
        table: (codes, tags) bool, the tags that each code allows.
    """

    def __init__(self, head: HeadSpec, not_annotated: Collection[str] = ()) -> None:
        self.head = head
        self.not_annotated = tuple(sorted(not_annotated))
        sets = dict.fromkeys(frozenset([tag]) for tag in head.tags)
        sets[frozenset(head.tags)] = None
        self._letters: dict[str, tuple[str, str, str, str]] = {}
        self._outside = frozenset("O")
        if head.kind == "span":
            self._letters = {label: self._spelled(label) for label in head.labels}
            for single, first, inner, last in self._letters.values():
                sets |= dict.fromkeys([frozenset([single, first]), frozenset([inner, last])])
            self._outside |= {tag for tag in head.tags if _label(tag) in not_annotated}
            sets[self._outside] = None
        self._codes = {tags: code for code, tags in enumerate(sets)}
        self._any = self._codes[frozenset(head.tags)]
        self.table: NDArray[np.bool_] = np.array([[tag in s for tag in head.tags] for s in sets])

    def __repr__(self) -> str:
        return f"TagChoices({self.head!r}, not_annotated={self.not_annotated!r})"

    def encode(self, tags: Sequence[str | None]) -> list[int]:
        """Return the codes of a sentence's tags, spans in BIO; None is an unknown tag.

        A tag that the head does not have is unknown, too. A span may go on into an unknown token
        after it, so its last known token may be inside the span or at its end.
        """
        if self.head.kind == "token":
            known = set(self.head.tags)
            return [self._codes[frozenset([t])] if t in known else self._any for t in tags]
        known = {"", *self._letters}
        tags = [None if tag is None or _label(tag) not in known else tag for tag in tags]
        return [
            self._code(*each) for each in zip(["O", *tags], tags, [*tags[1:], "O"], strict=False)
        ]

    def _code(self, before: str | None, tag: str | None, after: str | None) -> int:
        """Return the code of a tag between two others, ``O`` at the ends of a sentence."""
        if tag is None:
            return self._any
        label = _label(tag)
        if not label:
            return self._codes[self._outside]
        single, first, inner, last = self._letters[label]
        begins = tag.startswith("B-") or (before is not None and _label(before) != label)
        continued, ended = (first, single) if begins else (inner, last)
        if after is None:
            possible = frozenset([continued, ended])
        else:
            possible = frozenset([continued if after == f"I-{label}" else ended])
        return self._codes[possible]

    def _spelled(self, label: str) -> tuple[str, str, str, str]:
        """Return the tags of a span's only token, its first, an inner one and its last."""
        scheme = Scheme(self.head.scheme)
        one, two, three = (tags_of([Span(0, n, label)], n, scheme) for n in (1, 2, 3))
        return one[0], two[0], three[1], two[1]


def _label(tag: str) -> str:
    """Return the label of a span tag, empty for ``O``."""
    return split_tag(tag)[1]
