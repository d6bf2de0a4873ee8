"""Every span whose exact probability reaches a threshold, and the best of those that overlap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tagger.model.heads import HeadSpec
from tagger.runtime.decoding import Ids
from tagger.runtime.marginals import Marginals, Posterior, Probs


class Spans(NamedTuple):
    """Spans of labels, all arrays (spans,)."""

    first: Ids
    """The first token of each."""
    last: Ids
    """The last token of each."""
    label: Ids
    """Its index among the labels of the head."""
    probs: Probs

    def where(self, chosen: NDArray[np.bool_] | Ids) -> Spans:
        """Return some of them."""
        first, last, label, probs = self
        return Spans(first[chosen], last[chosen], label[chosen], probs[chosen])

    def spread(self, values: NDArray[Any], onto: NDArray[Any]) -> None:
        """Write a value of each span, (spans,), to its tokens among all (tokens,)."""
        n_tokens = self.last + 1 - self.first
        places = np.repeat(self.first - np.cumsum(n_tokens) + n_tokens, n_tokens)
        onto[places + np.arange(len(places))] = np.repeat(values, n_tokens)

    @classmethod
    def joined(cls, parts: Sequence[Spans]) -> Spans:
        """Return the spans of at least one part, one part after the other."""
        return cls(*(np.concatenate(values) for values in zip(*parts, strict=True)))


class SpanTags:
    """The tags of each label's spans, (labels,) tag ids.

    In BIO a single token has the tag that begins a span, and the last the one inside it.

    Args:
        head: A head with spans.

    Attributes:
        outside: The id of ``O``.
        closes: Whether a span's last tag alone says that it ends, as in BIOES.
    """

    def __init__(self, head: HeadSpec) -> None:
        ids = {tag: i for i, tag in enumerate(head.tags)}
        self.outside = ids["O"]

        def of(letter: str, in_bio: str) -> Ids:
            names = [f"{letter}-{label}" for label in head.labels]
            spelled = [name if name in ids else in_bio + name[1:] for name in names]
            return np.array([ids[name] for name in spelled], dtype=np.int64)

        self.begin, self.inside = of("B", "B"), of("I", "I")
        self.end, self.single = of("E", "I"), of("S", "B")
        self.closes = bool((self.end != self.inside).all())

    def write(self, spans: Spans, tag_ids: Ids) -> None:
        """Write the tags of spans that do not overlap among the tags (tokens,)."""
        spans.spread(self.inside[spans.label], tag_ids)
        tag_ids[spans.last] = self.end[spans.label]
        single = spans.first == spans.last
        begin, alone = self.begin[spans.label], self.single[spans.label]
        tag_ids[spans.first] = np.where(single, alone, begin)


def candidates(
    marginals: Marginals, posterior: Posterior, lengths: Ids, tags: SpanTags, least: Probs
) -> Spans:
    """Find every span whose probability reaches the threshold of its label.

    The probability of a span is that of all tag sequences which contain exactly this span. Given
    the sentence, tags are a Markov chain (see `Marginals.spans`), and the tags of a span are the
    only ones that spell it: its probability is a product along them, and can only fall with each
    token. So spans are followed from every token that may begin one for as long as the product
    reaches the threshold, all in step.

    Args:
        marginals: Of the head.
        posterior: Of the sentences.
        lengths: (sentences,).
        tags: Of the head.
        least: (labels,), above 0; NaN for labels whose spans are not wanted.

    Returns:
        In no particular order.
    """
    is_last = np.zeros(len(posterior.marginals), dtype=np.bool_)
    is_last[np.cumsum(lengths) - 1] = True

    def ended(first: Ids, last: Ids, label: Ids, probs: Probs, tag: Ids) -> Spans:
        """Keep spans that reach the threshold also where no token continues them."""
        if not tags.closes:
            followed = np.flatnonzero(~is_last[last])
            at, kind = last[followed], label[followed]
            following = marginals.following(posterior, at, tag[kind])
            probs = probs.copy()
            probs[followed] *= 1 - following[np.arange(len(at)), tags.inside[kind]]
        return Spans(first, last, label, probs).where(probs >= least[label])

    first, label = np.nonzero(posterior.marginals[:, tags.single] >= least)
    found = [
        ended(first, first, label, posterior.marginals[first, tags.single[label]], tags.single)
    ]
    first, label = np.nonzero(posterior.marginals[:, tags.begin] >= least)
    probs = posterior.marginals[first, tags.begin[label]]
    at, state = first, tags.begin
    while True:
        open_ = np.flatnonzero(~is_last[at])
        if not len(open_):
            break
        first, at, label, probs = first[open_], at[open_], label[open_], probs[open_]
        following = marginals.following(posterior, at, state[label])
        at, rows, state = at + 1, np.arange(len(at)), tags.inside
        found.append(ended(first, at, label, probs * following[rows, tags.end[label]], tags.end))
        probs = probs * following[rows, tags.inside[label]]
        goes_on = probs >= least[label]
        first, at, label, probs = first[goes_on], at[goes_on], label[goes_on], probs[goes_on]
    return Spans.joined(found)


def without_overlaps(spans: Spans, n_tokens: int) -> Spans:
    """Keep the most probable spans of those that overlap, the longer of two alike, in order.

    The spans kept at a threshold are those kept at a lower one whose probability reaches it.
    """
    best_first = np.lexsort((spans.first, spans.first - spans.last, -spans.probs))
    taken = bytearray(n_tokens)
    kept = []
    firsts, pasts = spans.first.tolist(), (spans.last + 1).tolist()
    for i in best_first.tolist():
        first, past = firsts[i], pasts[i]
        if not any(taken[first:past]):
            taken[first:past] = b"\1" * (past - first)
            kept.append(i)
    chosen = np.array(kept, dtype=np.int64)
    return spans.where(chosen[np.argsort(spans.first[chosen])])
