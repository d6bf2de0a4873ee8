"""Which sentences to annotate next: those that a model is unsure of, and unlike each other."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LEAST_DOUBT = 0.01
"""A smaller doubt about a token is none."""
REPEATED = 0.5
"""What the doubt about a form counts each time that it has been chosen already."""


class Unsure(NamedTuple):
    """A sentence and what a model doubts in it.

    Attributes:
        number: Its place among all sentences; a smaller one wins between equals.
        doubts: By lower-cased form the doubt: 1 less the probability of each token's tag, a span
            as one.
        content: Anything that goes with it.
    """

    number: int
    doubts: dict[str, float]
    content: object

    def score(self, n_chosen: Counter[str]) -> float:
        """Return the sum of the doubts, given how often each form was chosen before."""
        return sum(doubt * REPEATED ** n_chosen[form] for form, doubt in self.doubts.items())


def doubts(
    forms: Sequence[str], probs: NDArray[np.float64], spans: Iterable[tuple[int, int]]
) -> dict[str, float]:
    """Return what a model doubts in a sentence.

    Args:
        forms: Its tokens.
        probs: (tokens,) the probability of each token's span or tag.
        spans: The predicted spans, ends exclusive.
    """
    found: dict[str, float] = {}
    unsure = 1.0 - probs
    for start, end in spans:
        unsure[start + 1 : end] = 0.0  # a span is one decision
    for i in np.flatnonzero(unsure >= LEAST_DOUBT).tolist():
        form = forms[i].lower()
        found[form] = found.get(form, 0.0) + float(unsure[i])
    return found


def most_unsure(sentences: Iterable[Unsure], n: int) -> list[Unsure]:
    """Return the sentences with the greatest sum of doubts, whatever the forms; bounded memory."""
    nothing = Counter[str]()
    return heapq.nlargest(n, sentences, key=lambda one: (one.score(nothing), -one.number))


def choose(pool: Iterable[Unsure], n: int) -> list[Unsure]:
    """Choose sentences one after the other, each the most doubtful given those before it.

    A doubt about a form counts half each time that the form has been chosen. The sum of the doubts
    is the expected number of wrong decisions (Settles & Craven 2008 compare such measures), and the
    halving makes the choice greedy on a submodular function, so that a sentence whose old value is
    too low need not be looked at again (Minoux 1978).

    Returns:
        ``n`` sentences, fewer if the pool has fewer with any doubt; the most useful first.
    """
    n_chosen: Counter[str] = Counter()
    queue = [(-one.score(n_chosen), one.number, one) for one in pool if one.doubts]
    heapq.heapify(queue)
    chosen: list[Unsure] = []
    while queue and len(chosen) < n:
        _, number, one = heapq.heappop(queue)
        score = one.score(n_chosen)
        if queue and score < -queue[0][0] - 1e-12:
            heapq.heappush(queue, (-score, number, one))
            continue
        chosen.append(one)
        n_chosen.update(one.doubts.keys())
    return chosen
