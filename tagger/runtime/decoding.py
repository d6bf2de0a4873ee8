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

    Args:
        emissions: (batch, tokens, tags).
        lengths: (batch,), each at least 1.
        transitions: The scores between tags.

    Returns:
        (batch, tokens) tag ids, 0 past a sentence's end.
    """
    n_sentences, n_tokens, _ = emissions.shape
    onto = np.ascontiguousarray(transitions.between.T)  # (tag after, tag before)
    pointers = np.empty(emissions.shape, dtype=np.int16)
    scores = emissions[:, 0] + transitions.start  # (batch, tags)
    final = np.empty_like(scores)
    final[lengths == 1] = scores[lengths == 1]
    for t in range(1, n_tokens):
        paths = scores[:, None, :] + onto  # (batch, tag after, tag before)
        best = paths.argmax(axis=2)
        pointers[:, t] = best
        scores = np.take_along_axis(paths, best[:, :, None], axis=2)[:, :, 0] + emissions[:, t]
        ends = lengths == t + 1
        if ends.any():
            final[ends] = scores[ends]
    tags = np.zeros((n_sentences, n_tokens), dtype=np.int64)
    rows = np.arange(n_sentences)
    tags[rows, lengths - 1] = (final + transitions.end).argmax(axis=1)
    for t in range(n_tokens - 1, 0, -1):
        inside = t < lengths
        tags[inside, t - 1] = pointers[rows[inside], t, tags[inside, t]]
    return tags


def greedy(emissions: Floats) -> Ids:
    """The best tag of each token by itself: (batch, tokens) of (batch, tokens, tags)."""
    best: Ids = emissions.argmax(axis=2)
    return best
