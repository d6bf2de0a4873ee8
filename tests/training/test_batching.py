"""Batches: every sentence in its place, none too large, the same for the same seed and epoch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.training.batching import default_batch_tokens, pad, plan_epoch

LENGTHS = st.lists(st.integers(1, 40), min_size=1, max_size=60)


@given(LENGTHS, st.integers(1, 100), st.integers(0, 3), st.integers(0, 5))
def test_any_corpus_is_passed_over_whole_in_batches_of_the_budget(
    lengths: list[int], batch_tokens: int, epoch: int, min_batches: int
) -> None:
    given_lengths = [np.array(lengths, np.int32)]
    plan = plan_epoch(
        given_lengths, batch_tokens=batch_tokens, seed=1, epoch=epoch, min_batches=min_batches
    )
    assert len(plan) >= min_batches
    seen = np.bincount(np.concatenate([batch.sentences for batch in plan]), minlength=len(lengths))
    assert seen.min() >= 1
    for batch in plan:
        widest = max(lengths[i] for i in batch.sentences.tolist())
        assert widest * len(batch.sentences) <= batch_tokens or len(batch.sentences) == 1
    again = plan_epoch(
        given_lengths, batch_tokens=batch_tokens, seed=1, epoch=epoch, min_batches=min_batches
    )
    assert [b.sentences.tolist() for b in again] == [b.sentences.tolist() for b in plan]


@given(st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=8), min_size=1, max_size=8))
def test_padding_keeps_every_row(rows: list[list[int]]) -> None:
    padded, lengths = pad(rows, fill=-1)
    assert lengths.tolist() == [len(row) for row in rows]
    assert padded.shape == (len(rows), max(map(len, rows)))
    for row, found, n in zip(rows, padded.tolist(), lengths.tolist(), strict=True):
        assert found[:n] == row
        assert set(found[n:]) <= {-1}


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_larger_corpora_have_no_smaller_batches(one: int, other: int) -> None:
    small, large = sorted((one, other))
    assert 100 <= default_batch_tokens(small) <= default_batch_tokens(large) <= 500


def test_an_epoch_sees_every_sentence_once_and_depends_on_seed_and_number() -> None:
    lengths = np.random.default_rng(0).integers(1, 60, 500).astype(np.int32)
    plans = [
        plan_epoch([lengths], batch_tokens=200, seed=seed, epoch=epoch)
        for seed, epoch in ((1, 0), (1, 0), (1, 1), (2, 0))
    ]
    orders = [np.concatenate([batch.sentences for batch in plan]).tolist() for plan in plans]
    assert all(sorted(order) == list(range(500)) for order in orders)
    assert orders[0] == orders[1]
    assert orders[0] != orders[2] != orders[3]
    for batch in plans[0]:
        widest = lengths[batch.sentences].max()
        assert widest * len(batch.sentences) <= 200 or len(batch.sentences) == 1


def test_an_epoch_of_a_small_corpus_passes_over_it_several_times() -> None:
    plan = plan_epoch([np.full(30, 10, np.int32)], batch_tokens=50, seed=1, epoch=0, min_batches=24)
    assert len(plan) == 24
    seen = np.bincount(np.concatenate([batch.sentences for batch in plan]))
    assert seen.tolist() == [4] * 30
    both = [np.full(900, 10, np.int32), np.full(100, 10, np.int32)]
    plan = plan_epoch(both, batch_tokens=50, seed=1, epoch=0, min_batches=400)
    assert [sum(b.corpus == c for b in plan) for c in (0, 1)] == [300, 100]
    alone = plan_epoch([np.array([3], np.int32)], batch_tokens=50, seed=1, epoch=0, min_batches=7)
    assert [batch.sentences.tolist() for batch in alone] == [[0]] * 7


def test_several_corpora_are_sampled_by_the_root_of_their_size() -> None:
    lengths = [np.full(900, 10, np.int32), np.full(100, 10, np.int32)]
    plan = plan_epoch(lengths, batch_tokens=50, seed=1, epoch=0)
    tokens = [sum(10 * len(b.sentences) for b in plan if b.corpus == c) for c in (0, 1)]
    assert tokens[0] / tokens[1] == pytest.approx(3.0, rel=0.05)
    assert sum(tokens) == pytest.approx(10_000, rel=0.02)
