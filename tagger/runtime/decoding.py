"""Emissions to tags, the same for every engine, in NumPy."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tagger.model.heads import FORBIDDEN

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


def viterbi(emissions: Floats, lengths: Ids, transitions: Transitions) -> Ids:
    """Find each sentence's best tag sequence (Viterbi 1967).

    All sentences take a step together. Sums and maxima run over sentences, the innermost axis,
    which is what makes them fast; the best tag before is looked for only along the best path.

    Args:
        emissions: (tokens, tags), sentence after sentence.
        lengths: (sentences,), each at least 1, tokens in all.
        transitions: The scores between tags.

    Returns:
        (tokens,) tag ids.
    """
    between, start, end = transitions
    n_tokens, n_tags = emissions.shape
    order = np.argsort(-lengths, kind="stable")  # the first so many are those that go on
    ordered = lengths[order]
    first = (np.cumsum(lengths) - lengths)[order]
    n_steps = int(ordered[0]) if len(ordered) else 0
    going = np.searchsorted(-ordered, -np.arange(n_steps), side="left")  # at each step
    columns = np.ascontiguousarray(between)[:, :, None]  # (before, after, 1)
    scores = np.empty((n_tokens, n_tags), dtype=np.float32)
    at: Floats = np.empty((n_tags, 0), dtype=np.float32)
    for t in range(n_steps):
        n = int(going[t])
        rows = first[:n] + t
        if t == 0:
            at = start[:, None] + emissions[rows].T
        else:
            at = (at[:, None, :n] + columns).max(axis=0)  # (after, sentences)
            at += emissions[rows].T
        scores[rows] = at.T
    tags = np.empty(n_tokens, dtype=np.int64)
    onto = np.ascontiguousarray(between.T)  # (after, before)
    n_before = 0
    best: Ids = np.empty(0, dtype=np.int64)
    for t in range(n_steps - 1, -1, -1):
        n = int(going[t])
        rows = first[:n] + t
        ahead = np.empty((n, n_tags), dtype=np.float32)
        ahead[:n_before] = onto[best]
        ahead[n_before:] = end
        ahead += scores[rows]
        best = ahead.argmax(axis=1)
        tags[rows] = best
        n_before = n
    return tags


def greedy(emissions: Floats) -> Ids:
    """The best tag of each token by itself: (tokens,) of (tokens, tags)."""
    best: Ids = emissions.argmax(axis=1)
    return best
