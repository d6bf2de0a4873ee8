"""Emissions to tags, the same for every engine, in NumPy."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tagger.model.heads import FORBIDDEN

DENSE = 2**18
"""Maximum number of paths compared in one operation; more are compared tag by tag."""

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

    All sentences take a step together. Sums and maxima run over sentences, the innermost axis,
    which is what makes them fast; the best tag before is looked for only along the best path.

    Args:
        transitions: The scores between tags.
    """

    def __init__(self, transitions: Transitions) -> None:
        self._between, self._start, self._end = transitions
        self._columns = np.ascontiguousarray(self._between)[:, :, None]  # (before, after, 1)
        self._onto = np.ascontiguousarray(self._between.T)  # (after, before)
        # Of a scheme's many tags most may follow but one or two: an inside, its own kind.
        allowed = self._between > FORBIDDEN / 2
        is_few = allowed.sum(axis=0) <= 2
        self._few, self._many = np.flatnonzero(is_few), np.flatnonzero(~is_few)
        self._before_many = np.flatnonzero(allowed[:, self._many].any(axis=1))
        self._to_many = self._between[np.ix_(self._before_many, self._many)][:, :, None]
        pairs = np.argsort(~allowed[:, self._few], axis=0, kind="stable")[:2]
        self._before_few = pairs  # (1 or 2, few)
        self._to_few = self._between[pairs, self._few][:, :, None]

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
        at: Floats = np.empty((n_tags, 0), dtype=np.float32)
        for t, n in enumerate(n_at_step):
            rows = first[:n] + t
            at = self._step(at[:, :n]) if t else self._start[:, None]
            at = at + emissions[rows].T
            scores[rows] = at.T
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
        """Return the best score onto each tag: (tags, sentences) of those one token before."""
        n_tags, n = at.shape
        if n_tags * n_tags * n <= DENSE:
            dense: Floats = (at[:, None] + self._columns).max(axis=0)
            return dense
        onto = np.empty_like(at)
        best = at[self._before_many[0]] + self._to_many[0]
        paths = np.empty_like(best)
        for before, weights in zip(self._before_many[1:], self._to_many[1:], strict=True):
            np.add(at[before], weights, out=paths)
            np.maximum(best, paths, out=best)
        onto[self._many] = best
        if len(self._few):
            onto[self._few] = (at[self._before_few] + self._to_few).max(axis=0)
        return onto


def greedy(emissions: Floats, lengths: Ids) -> Ids:
    """Return the best tag of each token by itself: (tokens,) of (tokens, tags)."""
    best: Ids = emissions.argmax(axis=1)
    return best
