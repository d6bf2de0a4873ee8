"""Checks of the names of labels: two that differ by a slip."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict

from tagger.formats.text_labels import as_list
from tagger.linting.records import Collector, GoldCorpus, PlacedSentence
from tagger.tables import counted

__all__ = ["check_labels"]

_SEPARATORS = re.compile(r"[\s_-]+")
_RARE = 0.02
"""How rare a label is beside the one that it may stand for."""


def check_labels(corpus: GoldCorpus, found: Collector) -> None:
    """Check the labels and tags of each head."""
    heads: dict[str, str] = {**corpus.heads, **dict.fromkeys(corpus.text_heads, "text")}
    for head, kind in heads.items():
        counts: Counter[str] = Counter()
        first: dict[str, tuple[PlacedSentence, int]] = {}
        for sentence in corpus.sentences():
            if kind == "span":
                named = [(span.label, span.start) for span in sentence.spans.get(head, ())]
            elif kind == "text":
                named = [(label, 0) for label in as_list(sentence.labels.get(head))]
            else:
                named = [(tag, i) for i, tag in enumerate(sentence.tags.get(head, ())) if tag]
            for label, i in named:
                if not counts[label]:
                    first[label] = sentence, i
                counts[label] += 1
        like = _Alike(counts)
        for label in counts:
            other = like.most_frequent(label)
            if other is None or not like.is_slip(label, other, is_name=kind != "token"):
                continue
            times = counted(counts[label], "time")
            example = f"{_shown(label)} {times}, {_shown(other)} {counts[other]:,}"
            found.at("C401", *first[label], example, head=head, count=counts[label])


class _Alike:
    """Finds names that are like others, in time linear in their number.

    Two strings are at most one edit apart only if they are the same without a character of each,
    or without that of one of them.
    """

    def __init__(self, counts: Counter[str]) -> None:
        self._counts = counts
        self._rank = {name: i for i, (name, _) in enumerate(counts.most_common())}
        self._folded = {name: _folded(name) for name in counts}
        self._names: dict[str, list[str]] = defaultdict(list)
        for name, folded in self._folded.items():
            for shorter in _shortened(folded):
                self._names[shorter].append(name)

    def most_frequent(self, name: str) -> str | None:
        """Return the most frequent of the names like another one; None if there are none."""
        folded = self._folded[name]
        near = {other for shorter in _shortened(folded) for other in self._names[shorter]}
        alike = [one for one in near - {name} if _is_like(folded, self._folded[one])]
        return min(alike, key=self._rank.__getitem__, default=None)

    def is_slip(self, name: str, other: str, *, is_name: bool) -> bool:
        """Return whether a name may be a slip for another; spellings of one are at any number."""
        if self._folded[name] == self._folded[other]:
            return self._rank[other] < self._rank[name]
        # Many names of parts of speech are one letter apart.
        most = _RARE * self._counts[other]
        return is_name and min(len(name), len(other)) >= 3 and self._counts[name] <= most


def _shown(name: str) -> str:
    """Put a name that has white space between quotation marks."""
    return name if name.isprintable() and " " not in name else repr(name)


def _shortened(text: str) -> set[str]:
    return {text, *(text[:i] + text[i + 1 :] for i in range(len(text)))}


def _folded(name: str) -> str:
    """Return a name without what its spelling may vary in: case, separators, Unicode forms.

    >>> _folded("Book  Flight") == _folded("book_flight")
    True
    """
    return _SEPARATORS.sub(" ", unicodedata.normalize("NFKC", name)).casefold()


def _is_like(one: str, other: str) -> bool:
    """Return whether two folded names are at most one edit apart.

    >>> _is_like("per", "pers"), _is_like("per", "pre"), _is_like("org", "loc")
    (True, True, False)
    """
    a, b = sorted((one, other), key=len)
    if a == b:
        return True
    if len(b) - len(a) > 1:
        return False
    i = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), len(a))
    if len(a) == len(b):
        return a[i + 1 :] == b[i + 1 :] or (a[i + 1 : i + 2] + a[i : i + 1] + a[i + 2 :]) == b[i:]
    return a[i:] == b[i + 1 :]
