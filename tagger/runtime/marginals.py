"""How probable each tag of each token is: exactly, by the forward-backward algorithm."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tagger.runtime.decoding import Floats, Ids, Transitions

Probs: TypeAlias = NDArray[np.float64]

LEAST = -500.0
"""No emission counts for less, against the best of its token: ``exp`` of it is still above 0."""


class Marginals:
    """The marginal probabilities of a linear-chain CRF (Sutton & McCallum 2012, section 4.1).

    The share of all tag sequences, each weighted by ``exp(score)``, in which a token has a tag;
    what a scheme forbids counts for nothing. Of a softmax whose spans are decoded under a scheme
    they are the same with scores of 0.

    Args:
        transitions: The scores between tags.
    """

    def __init__(self, transitions: Transitions) -> None:
        between, start, end = (scores.astype(np.float64) for scores in transitions)
        self._between, self._start, self._end = np.exp(between), np.exp(start), np.exp(end)

    def __call__(self, emissions: Floats, lengths: Ids) -> Probs:
        """Compute the probabilities of sentences.

        Args:
            emissions: (tokens, tags), sentence after sentence.
            lengths: (sentences,), each at least 1, tokens in all.

        Returns:
            (tokens, tags), each row sums to 1.
        """
        order = np.argsort(-lengths, kind="stable")  # the first so many are those that go on
        first = (np.cumsum(lengths) - lengths)[order]
        n_steps = int(lengths.max(initial=0))
        going = np.searchsorted(-lengths[order], -np.arange(n_steps), side="left").tolist()
        weights = np.exp(np.maximum(_shifted(emissions), LEAST))
        # Both are scaled at each token, which cancels out where they are multiplied.
        ahead, back = np.empty_like(weights), np.empty_like(weights)
        at = np.broadcast_to(self._start, (len(lengths), len(self._start)))
        for t, n in enumerate(going):
            rows = first[:n] + t
            at = at[:n] @ self._between if t else at[:n]
            at = at * weights[rows]
            at /= at.sum(axis=1, keepdims=True)
            ahead[rows] = at
        after = np.empty((0, len(self._end)))
        for t in range(n_steps - 1, -1, -1):
            n = going[t]
            rows = first[:n] + t
            now = np.repeat(self._end[None], n, axis=0)
            now[: len(after)] = after @ self._between.T
            now /= now.max(axis=1, keepdims=True)
            back[rows] = now
            after = now * weights[rows]
        both: Probs = ahead * back
        both /= both.sum(axis=1, keepdims=True)
        return both


def softmax(emissions: Floats, lengths: Ids) -> Probs:
    """The probabilities of each token's tags by itself: (tokens, tags) of (tokens, tags)."""
    weights = np.exp(_shifted(emissions))
    probs: Probs = weights / weights.sum(axis=1, keepdims=True)
    return probs


def _shifted(emissions: Floats) -> Probs:
    """Emissions less the best of each token, in double precision."""
    scores = emissions.astype(np.float64)
    shifted: Probs = scores - scores.max(axis=1, keepdims=True)
    return shifted
