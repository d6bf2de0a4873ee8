"""The best tag sequences of sentences, exactly."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tagger.model.heads import FORBIDDEN
from tagger.runtime.decoding import Floats, Ids, Transitions, in_step
from tagger.runtime.marginals import Marginals, Posterior, Probs

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
SIZES = (1, 3, 5, 8)
"""Sentences whose tokens have up to as many tags to choose from take their steps together."""
MOST_WAYS = 2**21
"""Ways that are compared at a time."""
LEVELS = 64
"""Probabilities are compared by the power of 2 below them, down to 2 ** -LEVELS."""

Bools = NDArray[np.bool_]


class ListViterbi:
    """Finds the ``k`` best tag sequences of each sentence (Seshadri & Sundberg 1994).

    As in Viterbi's algorithm, with the ``k`` best ways onto each tag instead of one. All sentences
    take a step together, from one token that has a choice of tags to the next such token.

    Args:
        transitions: The scores between tags.
        k: The number of sequences, at least 1.
    """

    def __init__(self, transitions: Transitions, k: int) -> None:
        self.k = k
        self.n_more = 3 * k // 2 + 1
        """How many more tags than tokens the first search allows."""
        self._between, self._start, self._end = map(_costs, transitions)

    def __call__(
        self, emissions: Floats, lengths: Ids, allowed: Bools | None = None
    ) -> tuple[Ids, Bools]:
        """Decode sentences.

        Args:
            emissions: (tokens, tags), sentence after sentence.
            lengths: (sentences,), each at least 1, tokens in all.
            allowed: (tokens, tags), the tags to choose from; None for all. Whether the scheme lets
                two tokens with one tag each follow each other is not checked.

        Returns:
            The tag ids (k, tokens) of the sequences, the best first, and (k, sentences) whether
            there is such a sequence: a short sentence has fewer, and there the tags mean nothing.
        """
        if allowed is None:
            allowed = np.ones(emissions.shape, dtype=np.bool_)
        n_allowed, only = allowed.sum(axis=1), allowed.argmax(axis=1)
        tags: Ids = np.repeat(only[None], self.k, axis=0)
        exists = np.zeros((self.k, len(lengths)), dtype=np.bool_)
        exists[0] = True
        places = np.flatnonzero(n_allowed > 1)
        if not len(places):
            return tags, exists
        costs = self._alone(emissions, lengths, places, np.where(n_allowed > 1, -1, only))
        costs[~allowed[places]] = NO_WAY
        sentences = np.repeat(np.arange(len(lengths)), lengths)[places]
        changes = sentences[1:] != sentences[:-1]
        starts = np.concatenate([[0], np.flatnonzero(changes) + 1])
        numbers, n_places = sentences[starts], np.diff(starts, append=len(places))
        adjacent = np.concatenate([[False], (np.diff(places) == 1) & ~changes])
        most = np.maximum.reduceat(n_allowed[places], starts)
        for low, high in pairwise(sorted({*SIZES, emissions.shape[1]})):
            some = (most > low) & (most <= high)
            if not some.any():
                continue
            rows = np.flatnonzero(np.repeat(some, n_places))
            n_tags = int(most[some].max())
            slots = np.argsort(~allowed[places[rows]], axis=1, kind="stable")[:, :n_tags]
            at_slots = np.take_along_axis(costs[rows], slots, axis=1)
            found, exist = self._search(at_slots, slots, adjacent[rows], n_places[some])
            tags[:, places[rows]] = np.take_along_axis(slots, found, axis=1).T
            exists[:, numbers[some]] = exist
        return tags, exists

    def pruned(self, emissions: Floats, lengths: Ids) -> tuple[Ids, Bools]:
        """Decode sentences among the tags that can be in one of the best sequences.

        No sequence is better than the best one through any of its tags, whose cost is the tag's
        max-marginal (Wainwright & Jordan 2008, section 8.1). So the best sequences of tags of up to
        some cost are the best of all if the last of them costs no more.

        Args:
            emissions: (tokens, tags), sentence after sentence.
            lengths: (sentences,), each at least 1, tokens in all.

        Returns:
            As for a call.
        """
        places = np.arange(len(emissions))
        alone = self._alone(emissions, lengths, places, np.full(len(places), -1))
        costs = self._detours(alone, lengths)
        starts = np.cumsum(lengths) - lengths
        tags = np.empty((self.k, len(emissions)), dtype=np.int64)
        exists = np.zeros((self.k, len(lengths)), dtype=np.bool_)
        is_left, n_more = np.ones(len(lengths), dtype=np.bool_), self.n_more
        while is_left.any():
            left = np.flatnonzero(is_left)
            rows = np.flatnonzero(np.repeat(is_left, lengths))
            most = np.full(len(left), NO_WAY)
            for i, (start, n) in enumerate(zip(starts[left], lengths[left], strict=True)):
                of_tags = costs[start : start + n].ravel()
                if n + n_more < len(of_tags):
                    most[i] = np.partition(of_tags, n + n_more)[n + n_more]
            allowed = costs[rows] <= np.repeat(most, lengths[left])[:, None]
            found, exist = self(emissions[rows], lengths[left], allowed)
            tags[:, rows], exists[:, left] = found, exist
            best, worst = (self._totals(alone[rows], lengths[left], found[i]) for i in (0, -1))
            is_found = exist[-1] & (worst - best <= most)
            is_left[left] = ~is_found & (most < NO_WAY // 2)
            n_more *= 4
        return tags, exists

    def _detours(self, alone: Ids, lengths: Ids) -> Ids:
        """Return what the best sequence through each tag costs more than the best of all.

        Args:
            alone: (tokens, tags), what tags cost by themselves.
            lengths: (sentences,).

        Returns:
            (tokens, tags)
        """
        first, n_at_step = in_step(lengths)
        found = np.empty_like(alone)
        at = np.empty_like(alone[:0])
        for t, n in enumerate(n_at_step):
            rows = first[:n] + t
            at = _bounded(alone[rows] + (_onto(at[:n], self._between) if t else 0))
            found[rows] = at
        after = np.empty_like(alone[:0])
        for t in range(len(n_at_step) - 1, -1, -1):
            rows = first[: n_at_step[t]] + t
            now = np.zeros((len(rows), alone.shape[1]), dtype=np.int64)
            now[: len(after)] = _onto(after, self._between.T)
            found[rows] = _bounded(found[rows] + now)
            after = _bounded(now + alone[rows])
        return found

    def _totals(self, alone: Ids, lengths: Ids, tags: Ids) -> Ids:
        """Return what sequences cost: (sentences,)"""
        steps = alone[np.arange(len(tags)), tags]
        starts = np.cumsum(lengths) - lengths
        between = self._between[tags[:-1], tags[1:]]
        between[starts[1:] - 1] = 0
        steps[1:] += between
        totals: Ids = np.add.reduceat(steps, starts)
        return totals

    def _alone(self, emissions: Floats, lengths: Ids, places: Ids, fixed: Ids) -> Ids:
        """Return what tags cost by themselves and beside those that are fixed.

        Args:
            emissions: (tokens, tags).
            lengths: (sentences,).
            places: (places,), the tokens that have a choice.
            fixed: (tokens,), the tag of those that have none, -1 of the others.

        Returns:
            (places, tags)
        """
        scores = emissions[places]
        costs = np.rint((scores.max(axis=1, keepdims=True) - scores) * np.float64(ONE))
        found: Ids = np.minimum(costs, MOST_COST).astype(np.int64)
        past = np.cumsum(lengths)
        is_first, is_last = (np.zeros(len(emissions), dtype=np.bool_) for _ in range(2))
        is_first[past - lengths] = is_last[past - 1] = True
        found[is_first[places]] += self._start
        found[is_last[places]] += self._end
        before = np.flatnonzero(~is_first[places])
        before = before[fixed[places[before] - 1] >= 0]
        found[before] += self._between[fixed[places[before] - 1]]
        after = np.flatnonzero(~is_last[places])
        after = after[fixed[places[after] + 1] >= 0]
        found[after] += self._between.T[fixed[places[after] + 1]]
        found[found > NO_WAY // 2] = NO_WAY
        return found

    def _search(self, costs: Ids, slots: Ids, adjacent: Bools, lengths: Ids) -> tuple[Ids, Bools]:
        """Find the best ways through tokens with a choice.

        Args:
            costs: (places, slots), what each tag costs by itself.
            slots: (places, slots), the tags.
            adjacent: (places,), whether the place before is the token before; else any tag may
                follow any other at no cost.
            lengths: (sentences,), places of each.

        Returns:
            The slots (places, k), and (k, sentences) whether there is such a way.
        """
        k, (n_places, n_slots) = self.k, costs.shape
        bits = (n_slots * k - 1).bit_length()
        first, n_at_step = in_step(lengths)
        order = np.argsort(-lengths, kind="stable")
        ways = np.empty((n_places, n_slots, k), dtype=np.int32)  # slot * k + rank one place before
        last = np.empty((len(lengths), k), dtype=np.int64)
        exists = np.zeros((k, len(lengths)), dtype=np.bool_)
        at = np.full((len(lengths), n_slots, k), NO_WAY)
        at[:, :, 0] = 0
        for t, n in enumerate(n_at_step):
            rows = first[:n] + t
            if t:
                at = at[:n]
                per = max(MOST_WAYS // (n_slots * n_slots * k), 1)
                parts = [
                    self._step(at[i : i + per], rows[i : i + per], slots, adjacent, bits)
                    for i in range(0, n, per)
                ]
                coded = parts[0] if len(parts) == 1 else np.concatenate(parts)
                ways[rows] = coded & (2**bits - 1)
                at = coded >> bits
            at += costs[rows][:, :, None]
            if t % STEPS == STEPS - 1:
                least = at.min(axis=(1, 2), keepdims=True)
                at -= np.where(least < NO_WAY // 2, least, 0)
            at[at > NO_WAY // 2] = NO_WAY
            n_after = n_at_step[t + 1] if t + 1 < len(n_at_step) else 0
            if n_after < n:
                whole = at[n_after:n].reshape(n - n_after, -1)
                found = _least((whole << bits) + np.arange(n_slots * k), k, bits)
                last[n_after:n] = found & (2**bits - 1)
                exists[:, order[n_after:n]] = (found >> bits < NO_WAY // 2).T
        best = np.empty((n_places, k), dtype=np.int64)
        way = np.empty((0, k), dtype=np.int64)
        for t in range(len(n_at_step) - 1, -1, -1):
            n = n_at_step[t]
            rows = first[:n] + t
            way = np.concatenate([way, last[len(way) : n]])
            best[rows] = way // k
            if t:
                way = ways[rows[:, None], way // k, way % k].astype(np.int64)
        return best, exists

    def _step(self, at: Ids, rows: Ids, slots: Ids, adjacent: Bools, bits: int) -> Ids:
        """Return the least costs onto each slot, each with its way: (n, slots, k)."""
        links = self._between[slots[rows - 1][:, None, :], slots[rows][:, :, None]]
        links[~adjacent[rows]] = 0
        paths = (at[:, None] + links[..., None]).reshape(len(at), at.shape[1], -1)
        return _least((paths << bits) + np.arange(paths.shape[-1]), self.k, bits)


def most_probable(
    decode: ListViterbi, marginals: Marginals, posterior: Posterior, emissions: Floats, lengths: Ids
) -> tuple[Ids, Probs]:
    """Find the ``k`` most probable tag sequences of sentences, exactly.

    No sequence is more probable than any of its tags. So those that reach some probability consist
    of tags that reach it, and nearly all tokens have a single such tag. The best sequences of these
    tags are the best of all if the last of them reaches the probability. Where it does not, as in
    long sentences, `ListViterbi.pruned` finds them.

    Args:
        decode: Finds the best sequences.
        marginals: Of the same transitions.
        posterior: Of the sentences.
        emissions: (tokens, tags), sentence after sentence.
        lengths: (sentences,), each at least 1.

    Returns:
        The tag ids (k, tokens) of the sequences, the best first, and their probabilities
        (k, sentences), 0 where there is no such sequence.
    """
    sequences = np.empty((decode.k, len(emissions)), dtype=np.int64)
    probs = np.zeros((decode.k, len(lengths)))
    levels, deepest = _levels(posterior.marginals, lengths, decode.n_more)

    def search(some: Bools, *, by_level: bool) -> None:
        rows = np.flatnonzero(np.repeat(some, lengths))
        arguments = emissions[rows], lengths[some]
        if by_level:
            allowed = levels[rows] <= np.repeat(deepest[some], lengths[some])[:, None]
            found, exists = decode(*arguments, allowed)
        else:
            found, exists = decode.pruned(*arguments)
        of_rows = Posterior(posterior.marginals[rows], posterior.onward[rows])
        probs[:, some] = np.where(exists, marginals.sequences(of_rows, lengths[some], found), 0)
        sequences[:, rows] = found

    # About as probable is the best sequence: if it does not reach its level, the last cannot.
    bits = np.log2(np.maximum(posterior.marginals.max(axis=1), np.finfo(np.float64).tiny))
    is_probable = np.add.reduceat(bits, np.cumsum(lengths) - lengths) > -(deepest + 1)
    if is_probable.any():
        search(is_probable, by_level=True)
    is_left = probs[-1] <= 0.5 ** (deepest + 1) * (1 + 1e-9)
    if is_left.any():
        search(is_left, by_level=False)
    return sequences, probs


def _levels(marginals: Probs, lengths: Ids, n_more: int) -> tuple[Ids, Ids]:
    """Return the levels of probabilities, and to which ones sentences have enough tags.

    Args:
        marginals: (tokens, tags).
        lengths: (sentences,).
        n_more: How many more tags than tokens are enough.

    Returns:
        (tokens, tags) and (sentences,)
    """
    exponents = np.frexp(marginals)[1].astype(np.int64)
    levels = np.where(marginals > 0, np.clip(-exponents, 0, LEVELS - 1), LEVELS)
    of_token = np.repeat(np.arange(len(lengths)), lengths)
    counted = np.bincount(
        (of_token[:, None] * (LEVELS + 1) + levels).ravel(), minlength=len(lengths) * (LEVELS + 1)
    )
    n_tags = counted.reshape(-1, LEVELS + 1)[:, :LEVELS].cumsum(axis=1)
    enough = n_tags >= lengths[:, None] + n_more
    return levels, np.where(enough.any(axis=1), enough.argmax(axis=1), LEVELS - 1)


def _onto(at: Ids, between: Ids) -> Ids:
    """Return the least cost onto each tag: (sentences, tags) of those of the tags before."""
    per = max(MOST_WAYS // between.size, 1)
    parts = [
        (at[i : i + per, :, None] + between).min(axis=1) for i in range(0, max(len(at), 1), per)
    ]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _bounded(costs: Ids) -> Ids:
    """Return costs less the least of each row, `NO_WAY` of what the scheme forbids."""
    costs = costs - costs.min(axis=1, keepdims=True)
    costs[costs > NO_WAY // 2] = NO_WAY
    return costs


def _least(coded: Ids, k: int, bits: int) -> Ids:
    """Return the ``k`` least along the last axis, in order."""
    n = coded.shape[-1]
    if n > k:
        coded = np.partition(coded, k - 1, axis=-1)[..., :k]
    found: Ids = np.sort(coded, axis=-1)
    if n < k:
        missing = [(0, 0)] * (found.ndim - 1) + [(0, k - n)]
        found = np.pad(found, missing, constant_values=NO_WAY << bits)
    return found


def _costs(scores: Floats) -> Ids:
    """Return what the best score is better by, `NO_WAY` where the scheme allows nothing."""
    allowed = scores > FORBIDDEN / 2
    best = scores[allowed].max(initial=0).astype(np.float64)
    found = np.where(allowed, np.rint((best - scores) * ONE), float(NO_WAY))
    return found.astype(np.int64)
