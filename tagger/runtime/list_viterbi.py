"""The best tag sequences of sentences, exactly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tagger.model.heads import FORBIDDEN
from tagger.runtime.decoding import Floats, Ids, Transitions, in_step

ONE = 2**20
"""Scores are whole numbers of 1/ONE, so that a cost and where it comes from fit into one number,
and sorting needs no indices. Single precision is coarser."""
NO_WAY = np.int64(2**44)
"""The cost of what the scheme forbids: half of it is more than all else, and there is room for a
place beside it."""
MOST_COST = 2.0**34
"""No emission counts for more, against the best of its token."""
STEPS = 128
"""Steps after which costs are reduced to differences, so that they stay small."""


class ListViterbi:
    """Finds the ``k`` best tag sequences of each sentence (Seshadri & Sundberg 1994).

    As in Viterbi's algorithm, with the ``k`` best ways onto each tag instead of one. All sentences
    take a step together. Tags that few may precede (the inside of a span) are compared with those
    alone.

    Args:
        transitions: The scores between tags.
        k: The number of sequences, at least 1.
    """

    def __init__(self, transitions: Transitions, k: int) -> None:
        self._k = k
        between, self._start, self._end = map(_costs, transitions)
        self._bits = (len(between) * k - 1).bit_length()
        is_few = (between < NO_WAY).sum(axis=0) <= 2
        self._groups: list[tuple[Ids, Ids, Ids, Ids]] = []
        for onto in (np.flatnonzero(is_few), np.flatnonzero(~is_few)):
            if not len(onto):
                continue
            here = between[:, onto] < NO_WAY
            if is_few[onto[0]]:  # each has its own
                before = np.argsort(~here, axis=0, kind="stable")[: here.sum(axis=0).max()].T
            else:
                before = np.flatnonzero(here.any(axis=1))[None]
            steps = between[before, onto[:, None]]  # (onto, before)
            ways = before[:, :, None] * k + np.arange(k)
            coded = (steps[:, :, None] << self._bits) + np.arange(before.shape[1] * k).reshape(
                -1, k
            )
            ways = np.broadcast_to(ways, coded.shape).reshape(len(onto), -1)
            self._groups.append((onto, before, coded, ways))

    def __call__(self, emissions: Floats, lengths: Ids) -> tuple[Ids, NDArray[np.bool_]]:
        """Decode sentences.

        Args:
            emissions: (tokens, tags), sentence after sentence.
            lengths: (sentences,), each at least 1, tokens in all.

        Returns:
            The tag ids (k, tokens) of the sequences, the best first, and (k, sentences) whether
            there is such a sequence: a short sentence has fewer, and there the tags mean nothing.
        """
        k, (n_tokens, n_tags) = self._k, emissions.shape
        first, n_at_step = in_step(lengths)
        order = np.argsort(-lengths, kind="stable")
        costs = np.rint((emissions.max(axis=1, keepdims=True) - emissions) * np.float64(ONE))
        of_tokens = np.minimum(costs, MOST_COST).astype(np.int64)
        ways = np.empty((n_tokens, n_tags, k), dtype=np.int32)  # tag * k + rank one token before
        last = np.empty((len(lengths), k), dtype=np.int64)
        exists = np.zeros((k, len(lengths)), dtype=np.bool_)
        at = np.full((len(lengths), n_tags, k), NO_WAY)
        at[:, :, 0] = self._start
        for t, n in enumerate(n_at_step):
            rows = first[:n] + t
            if t:
                at, ways[rows] = self._step(at[:n])
            at += of_tokens[rows][:, :, None]
            if t % STEPS == 0:
                at -= at.min(axis=(1, 2), keepdims=True)
            at[at > NO_WAY // 2] = NO_WAY
            n_after = n_at_step[t + 1] if t + 1 < len(n_at_step) else 0
            if n_after < n:
                whole = (at[n_after:n] + self._end[:, None]).reshape(n - n_after, -1)
                coded = (whole << self._bits) + np.arange(n_tags * k)
                found = self._least(coded)
                last[n_after:n] = found & (2**self._bits - 1)
                exists[:, order[n_after:n]] = (found >> self._bits < NO_WAY // 2).T
        tags = np.empty((k, n_tokens), dtype=np.int64)
        way = np.empty((0, k), dtype=np.int64)
        for t in range(len(n_at_step) - 1, -1, -1):
            n = n_at_step[t]
            rows = first[:n] + t
            way = np.concatenate([way, last[len(way) : n]])
            tags[:, rows] = (way // k).T
            if t:
                way = ways[rows[:, None], way // k, way % k].astype(np.int64)
        return tags, exists

    def _step(self, at: Ids) -> tuple[Ids, Ids]:
        """Return the least costs onto each tag, and the ways there: (n, tags, k)."""
        costs, ways = np.empty_like(at), np.empty(at.shape, dtype=np.int64)
        coded_at = at << self._bits
        for onto, before, coded, of_place in self._groups:
            paths = (coded_at[:, before] + coded).reshape(len(at), len(onto), -1)
            found = self._least(paths)
            places = found & (2**self._bits - 1)
            costs[:, onto] = found >> self._bits
            ways[:, onto] = of_place[np.arange(len(onto))[:, None], places]
        return costs, ways

    def _least(self, coded: Ids) -> Ids:
        """Return the ``k`` least along the last axis, in order."""
        k, n = self._k, coded.shape[-1]
        if n > k:
            coded = np.partition(coded, k - 1, axis=-1)[..., :k]
        found: Ids = np.sort(coded, axis=-1)
        if n < k:
            missing = [(0, 0)] * (found.ndim - 1) + [(0, k - n)]
            found = np.pad(found, missing, constant_values=NO_WAY << self._bits)
        return found


def _costs(scores: Floats) -> Ids:
    """Return what the best score is better by, `NO_WAY` where the scheme allows nothing."""
    allowed = scores > FORBIDDEN / 2
    best = scores[allowed].max(initial=0).astype(np.float64)
    found = np.where(allowed, np.rint((best - scores) * ONE), float(NO_WAY))
    return found.astype(np.int64)
