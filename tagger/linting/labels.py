"""Checks of the names of labels: two that differ by a slip."""

from __future__ import annotations

from collections import Counter

from tagger.formats.text_labels import as_list
from tagger.linting.records import Collector, GoldCorpus, PlacedSentence

__all__ = ["check_labels"]

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
        for label in counts:
            other = next((name for name, _ in counts.most_common() if _is_like(label, name)), None)
            if other is None or counts[label] > _most(
                label, other, counts, is_name=kind != "token"
            ):
                continue
            example = f"{label} {counts[label]:,} times, {other} {counts[other]:,}"
            found.at("C401", *first[label], example, head=head, count=counts[label])


def _most(label: str, other: str, counts: Counter[str], *, is_name: bool) -> float:
    """Return how often a slip may occur; names that only look alike are the same at any number."""
    if label.casefold() == other.casefold():
        return counts[other] - (label > other)
    # Many names of parts of speech are one letter apart.
    return _RARE * counts[other] if is_name and min(len(label), len(other)) >= 3 else 0


def _is_like(one: str, other: str) -> bool:
    """Return whether two names are not the same, and at most one edit apart.

    >>> _is_like("PER", "PERS"), _is_like("PER", "per"), _is_like("ORG", "LOC")
    (True, True, False)
    """
    if one == other:
        return False
    a, b = sorted((one.casefold(), other.casefold()), key=len)
    if a == b:
        return True
    if len(b) - len(a) > 1:
        return False
    i = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), len(a))
    if len(a) == len(b):
        return a[i + 1 :] == b[i + 1 :] or (a[i + 1 : i + 2] + a[i : i + 1] + a[i + 2 :]) == b[i:]
    return a[i:] == b[i + 1 :]
