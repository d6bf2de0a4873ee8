"""Emissions to tags, the same for every engine, in NumPy."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tagger.model.heads import FORBIDDEN

FEW_PATHS = 2**15
"""Up to so many paths are all compared, which is faster than to choose among them."""
MANY_OTHERS = 8
"""If more than one tag in this many may lead to others, all tags are compared, one by one."""
PATHS = 2**18
"""Paths that are compared at a time, at most."""

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]


class Transitions(NamedTuple):
    """Scores of one tag after another; `FORBIDDEN` where the scheme allows none."""

    between: Floats  # (tags, tags), row the tag before, column the tag after
    start: Floats  # (tags,)
    end: Floats  # (tags,)


def constrained(
    allowed: NDArray[np.bool_],
    between: Floats | None = None,
    start: Floats | None = None,
    end: Floats | None = None,
) -> Transitions:
    """Combine a scheme's constraints with a CRF's scores, or with zeros for a softmax.

    Args:
        allowed: (tags + 1, tags + 1) bool; the last row is the start, the last column the end.
        between: (tags, tags).
        start: (tags,).
        end: (tags,).
    """
    scores = np.zeros(allowed.shape, dtype=np.float32)
    if between is not None and start is not None and end is not None:
        scores[:-1, :-1], scores[-1, :-1], scores[:-1, -1] = between, start, end
    scores = np.where(allowed, scores, np.float32(FORBIDDEN))
    return Transitions(scores[:-1, :-1], scores[-1, :-1], scores[:-1, -1])


def in_step(lengths: Ids) -> tuple[Ids, list[int]]:
    """Order sentences so that all take a step together, the longest first.

    Returns:
        Where each sentence begins among the tokens, and for each step how many of these, the
        first ones, have a token.
    """
    order = np.argsort(-lengths, kind="stable")
    first: Ids = (np.cumsum(lengths) - lengths)[order]
    n_steps = int(lengths.max(initial=0))
    n_at_step = np.searchsorted(-lengths[order], -np.arange(n_steps), side="left").tolist()
    return first, n_at_step


class Viterbi:
    """Finds each sentence's best tag sequence (Viterbi 1967).

    All sentences take a step together. Onto a tag leads mostly the best tag before: another can
    only do so where the difference of their scores is less than transitions can make up, and only
    those few are compared, so that the time grows with the number of tags rather than its square.

    Args:
        transitions: The scores between tags.
    """

    def __init__(self, transitions: Transitions) -> None:
        between, self._start, self._end = transitions
        self._between = between
        self._onto = np.ascontiguousarray(between.T)  # (after, before)
        # Of a scheme's many tags most may follow but one or two: an inside, its own kind.
        allowed = between > FORBIDDEN / 2
        is_few = allowed.sum(axis=0) <= 2
        self._few, self._many = np.flatnonzero(is_few), np.flatnonzero(~is_few)
        self._before_few = np.argsort(~allowed[:, self._few], axis=0, kind="stable")[:2]
        self._to_few = between[self._before_few, self._few]  # (1 or 2, few)
        self._before_many = np.flatnonzero(allowed[:, self._many].any(axis=1))
        self._to_many = between[np.ix_(self._before_many, self._many)]
        self._least = self._to_many.min(axis=1, initial=np.inf)
        self._most = self._to_many.max(axis=1, initial=-np.inf)

    def __call__(self, emissions: Floats, lengths: Ids) -> Ids:
        """Decode sentences.

        Args:
            emissions: (tokens, tags), sentence after sentence.
            lengths: (sentences,), each at least 1, tokens in all.

        Returns:
            (tokens,) tag ids.
        """
        n_tokens, n_tags = emissions.shape
        first, n_at_step = in_step(lengths)
        scores = np.empty((n_tokens, n_tags), dtype=np.float32)
        at: Floats = np.empty((0, n_tags), dtype=np.float32)
        for t, n in enumerate(n_at_step):
            rows = first[:n] + t
            at = emissions.take(rows, axis=0) + (self._step(at[:n]) if t else self._start)
            scores[rows] = at
        tags = np.empty(n_tokens, dtype=np.int64)
        best: Ids = np.empty(0, dtype=np.int64)
        for t in range(len(n_at_step) - 1, -1, -1):
            n = n_at_step[t]
            rows = first[:n] + t
            ahead = scores[rows]
            ahead[: len(best)] += self._onto[best]
            if n > len(best):
                ahead[len(best) :] += self._end
            tags[rows] = best = ahead.argmax(axis=1)
        return tags

    def _step(self, at: Floats) -> Floats:
        """Return the best score onto each tag: (sentences, tags) of those one token before."""
        if at.size * at.shape[1] <= FEW_PATHS:
            all_paths: Floats = (at.T[:, None] + self._between[:, :, None]).max(axis=0)
            return all_paths.T
        onto = np.empty_like(at)
        if len(self._many):
            onto[:, self._many] = self._onto_many(at.take(self._before_many, axis=1))
        if len(self._few):
            onto[:, self._few] = (at[:, self._before_few] + self._to_few).max(axis=1)
        return onto

    def _onto_many(self, before: Floats) -> Floats:
        sentences = np.arange(len(before))
        best = before.argmax(axis=1)
        top = before[sentences, best]
        onto: Floats = self._to_many.take(best, axis=0) + top[:, None]
        # Rounding keeps the order of sums, so this leaves out none that is better.
        may_lead = before + self._most > (top + self._least[best])[:, None]
        may_lead[sentences, best] = False
        others = np.flatnonzero(may_lead)
        if MANY_OTHERS * len(others) > before.size:  # scores that hardly differ
            for tag, weights in enumerate(self._to_many):
                np.maximum(onto, before[:, tag, None] + weights, out=onto)
            return onto
        n_at_once = max(1, PATHS // onto.shape[1])
        for i in range(0, len(others), n_at_once):
            some = others[i : i + n_at_once]
            rows, tags = np.divmod(some, before.shape[1])
            paths = self._to_many.take(tags, axis=0) + before.ravel()[some][:, None]
            starts = np.flatnonzero(np.diff(rows, prepend=-1))
            led = rows[starts]
            onto[led] = np.maximum(onto[led], np.maximum.reduceat(paths, starts, axis=0))
        return onto


def greedy(emissions: Floats, lengths: Ids) -> Ids:
    """Return the best tag of each token by itself: (tokens,) of (tokens, tags)."""
    best: Ids = emissions.argmax(axis=1)
    return best
