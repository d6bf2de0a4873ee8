"""The sentences of the batches of an epoch, a pure function of seed and epoch; and padding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tagger.runtime.batching import batches_by_length

Ids = NDArray[np.int64]
Lengths = NDArray[np.int32]

BUCKET_BATCHES = 50
"""Batches' worth of sentences that are sorted by length together; these groups are random."""


MOST_BATCH_TOKENS = 8000


def default_batch_tokens(n_tokens: int, least: int = 0) -> int:
    """Return the tokens of a batch: about 400 batches per epoch, within bounds.

    Smaller batches make small data learn in few epochs; larger ones keep the processor busy.

    Args:
        n_tokens: Tokens of the training data.
        least: The tokens of as many texts as a batch should have.
    """
    return max(min(max(n_tokens // 400, 100), 500), min(least, MOST_BATCH_TOKENS))


class BatchPlan(NamedTuple):
    """The sentences of one batch, all of one corpus."""

    corpus: int
    sentences: Ids


def plan_epoch(
    lengths: Sequence[Lengths], *, batch_tokens: int, seed: int, epoch: int, min_batches: int = 0
) -> list[BatchPlan]:
    """Plan the batches of an epoch.

    Of one corpus every sentence is seen once, or more often until there are enough batches: a
    hundred sentences take as many steps to learn as a thousand. Of several, each gives batches in
    proportion to the square root of its number of tokens, their sum that of all tokens: small
    corpora are seen more than once, of large ones an epoch sees a part, another one each time.

    Args:
        lengths: Tokens of each sentence, by corpus.
        batch_tokens: The most tokens of a batch, padding included.
        seed: The training's seed.
        epoch: Counted from 0; with the seed it decides all, so that a resumed run continues alike.
        min_batches: Batches, at least.
    """
    n_tokens = np.array([corpus.sum() for corpus in lengths], dtype=np.float64)
    shares = np.sqrt(n_tokens) / np.sqrt(n_tokens).sum()
    batches: list[BatchPlan] = []
    for corpus, share in enumerate(shares):
        wanted = share * n_tokens.sum()
        least = len(batches) + share * min_batches
        rng = np.random.default_rng((seed, epoch, corpus))
        while wanted >= 1 or len(batches) < least:
            for sentences in _shuffled_batches(lengths[corpus], batch_tokens, rng):
                batches.append(BatchPlan(corpus, sentences))
                wanted -= float(lengths[corpus][sentences].sum())
                if wanted < 1 and len(batches) >= least:
                    break
    order = np.random.default_rng((seed, epoch)).permutation(len(batches))
    return [batches[i] for i in order]


def _shuffled_batches(lengths: Lengths, batch_tokens: int, rng: np.random.Generator) -> list[Ids]:
    order = rng.permutation(len(lengths))
    mean = max(float(lengths.mean()), 1.0)
    bucket = max(int(BUCKET_BATCHES * batch_tokens / mean), 1)
    batches: list[Ids] = []
    for first in range(0, len(order), bucket):
        part = order[first : first + bucket]
        batches += [part[batch] for batch in batches_by_length(lengths[part], batch_tokens)]
    return [batches[i] for i in rng.permutation(len(batches))]


def pad(rows: Sequence[Sequence[int] | Ids | Lengths], fill: int) -> tuple[Ids, Ids]:
    """Put rows of unequal length into one array.

    Args:
        rows: Ids, one row a sentence.
        fill: The value after the end of a row.

    Returns:
        The array (rows, longest) and the length of each row.
    """
    lengths = np.array([len(row) for row in rows], dtype=np.int64)
    padded = np.full((len(rows), int(lengths.max())), fill, dtype=np.int64)
    padded[np.arange(padded.shape[1]) < lengths[:, None]] = np.concatenate(rows)
    return padded, lengths
