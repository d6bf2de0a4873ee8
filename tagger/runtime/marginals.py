"""Exact probabilities of tags and spans by the forward-backward algorithm."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tagger.model.heads import FORBIDDEN, LEAST
from tagger.runtime.decoding import Floats, Ids, Transitions, in_step

Probs: TypeAlias = NDArray[np.float64]


class Posterior(NamedTuple):
    """Results of forward-backward; both are (tokens, tags)."""

    marginals: Probs
    """Each row sums to 1."""
    onward: Probs
    """The weight of a tag for the tag before it: its emission and all that may follow it, up to a
    factor for each token."""


class Marginals:
    """The probabilities of a linear-chain CRF (Sutton & McCallum 2012, section 4.1).

    The share of all tag sequences, each weighted by ``exp(score)``, in which a token has a tag;
    what a scheme forbids counts for nothing. Of a softmax whose spans are decoded under a scheme
    they are the same with scores of 0.

    Args:
        transitions: The scores between tags.
        temperature: All scores are divided by it, which changes how sure the model is, and not
            which sequence is the best (Guo et al. 2017, section 4.2).
    """

    def __init__(self, transitions: Transitions, temperature: float = 1.0) -> None:
        def weights(scores: Floats) -> Probs:
            divided = scores.astype(np.float64) / temperature
            return np.where(scores > FORBIDDEN / 2, np.exp(divided), 0.0)

        self._between, self._start, self._end = map(weights, transitions)
        self._temperature = temperature

    def __call__(self, emissions: Floats, lengths: Ids) -> Probs:
        """Compute the probabilities of tags.

        Args:
            emissions: (tokens, tags), sentence after sentence.
            lengths: (sentences,), each at least 1, tokens in all.

        Returns:
            (tokens, tags), each row sums to 1.
        """
        return self.posterior(emissions, lengths).marginals

    def posterior(self, emissions: Floats, lengths: Ids) -> Posterior:
        """Run forward-backward; arguments as for a call."""
        first, n_at_step = in_step(lengths)
        weights = np.exp(np.maximum(_shifted(emissions, self._temperature), LEAST))
        # Both are scaled at each token, which cancels out where they are multiplied.
        ahead, onward = np.empty_like(weights), np.empty_like(weights)
        at = np.broadcast_to(self._start, (len(lengths), len(self._start)))
        for t, n in enumerate(n_at_step):
            rows = first[:n] + t
            at = at[:n] @ self._between if t else at[:n]
            ahead[rows] = at  # without the token's own emission, which is in `onward`
            at = at * weights[rows]
            at /= at.sum(axis=1, keepdims=True)
        after = np.empty((0, len(self._end)))
        for t in range(len(n_at_step) - 1, -1, -1):
            n = n_at_step[t]
            rows = first[:n] + t
            now = np.repeat(self._end[None], n, axis=0)
            now[: len(after)] = after @ self._between.T
            now /= now.max(axis=1, keepdims=True)
            onward[rows] = after = now * weights[rows]
        both: Probs = ahead * onward
        # Emissions beyond all reason may leave nothing that a double can hold.
        both /= np.maximum(both.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
        return Posterior(both, onward)

    def spans(
        self,
        posterior: Posterior,
        lengths: Ids,
        tag_ids: Ids,
        first: Ids,
        last: Ids,
        continues: NDArray[np.bool_],
    ) -> Probs:
        """Compute how probable whole spans are: these tokens, this label, and no token more.

        Given the sentence, tags are a Markov chain: the probability of a path is that of its first
        tag times that of each next tag given the one before.

        Args:
            posterior: Of the sentences.
            lengths: (sentences,).
            tag_ids: (tokens,), the tags of the spans among them.
            first: (spans,), the first token of each.
            last: (spans,), the last token of each.
            continues: (tags, tags), whether a tag continues the span of the tag before.

        Returns:
            (spans,)
        """
        probs: Probs = posterior.marginals[first, tag_ids[first]]
        for ahead in range(int((last - first).max(initial=0))):
            inside = np.flatnonzero(first + ahead < last)
            at = first[inside] + ahead
            following = self.following(posterior, at, tag_ids[at])
            probs[inside] *= following[np.arange(len(at)), tag_ids[at + 1]]
        ends = np.zeros(len(tag_ids), dtype=np.bool_)
        ends[np.cumsum(lengths) - 1] = True
        open_ = np.flatnonzero(~ends[last])
        following = self.following(posterior, last[open_], tag_ids[last[open_]])
        probs[open_] *= 1 - (following * continues[tag_ids[last[open_]]]).sum(axis=1)
        return probs

    def sequences(self, posterior: Posterior, lengths: Ids, tag_ids: Ids) -> Probs:
        """Compute how probable whole tag sequences are.

        Args:
            posterior: Of the sentences.
            lengths: (sentences,).
            tag_ids: (k, tokens), the sequences of each sentence.

        Returns:
            (k, sentences)
        """
        starts = np.cumsum(lengths) - lengths
        at = np.arange(tag_ids.shape[1])
        steps = posterior.marginals[at, tag_ids]
        # As `following`, of one tag each.
        here, after = tag_ids[:, :-1], tag_ids[:, 1:]
        of_all = np.maximum(posterior.onward[1:] @ self._between.T, np.finfo(np.float64).tiny)
        later = self._between[here, after] * posterior.onward[at[1:], after]
        later /= of_all[at[:-1], here]
        is_later = np.ones(tag_ids.shape[1], dtype=np.bool_)
        is_later[starts] = False
        steps[:, 1:] = np.where(is_later[1:], later, steps[:, 1:])
        probs: Probs = np.multiply.reduceat(steps, starts, axis=1)
        return probs

    def following(self, posterior: Posterior, at: Ids, tags: Ids) -> Probs:
        """Compute the probabilities (places, tags) of each tag after tokens with these tags.

        Args:
            posterior: Of the sentences.
            at: (places,), tokens that are not the last of their sentence.
            tags: (places,), the tag of each.
        """
        following: Probs = self._between[tags] * posterior.onward[at + 1]
        # Nothing may follow a tag that its place rules out.
        following /= np.maximum(following.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
        return following


def softmax(emissions: Floats, lengths: Ids, temperature: float = 1.0) -> Probs:
    """Compute the probabilities of each token's tags alone: (tokens, tags) of (tokens, tags)."""
    weights = np.exp(_shifted(emissions, temperature))
    probs: Probs = weights / weights.sum(axis=1, keepdims=True)
    return probs


def _shifted(emissions: Floats, temperature: float) -> Probs:
    """Emissions less the best of each token, divided by a temperature, in double precision."""
    scores = emissions.astype(np.float64)
    shifted: Probs = scores - scores.max(axis=1, keepdims=True)
    if temperature != 1:
        shifted /= temperature
    return shifted
