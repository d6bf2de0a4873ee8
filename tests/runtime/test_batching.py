"""Sentences in batches and slices: each once, within the budget."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tagger.runtime.batching import batched, batches_by_length, slices_by_tokens

LENGTHS = st.lists(st.integers(1, 50), max_size=60)


@given(LENGTHS, st.integers(1, 200))
def test_batches_hold_each_sentence_once_within_the_budget(lengths: list[int], budget: int) -> None:
    batches = batches_by_length(lengths, budget)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    longest = [max(lengths[i] for i in batch) for batch in batches]
    for batch, width in zip(batches, longest, strict=True):
        assert len(batch) == 1 or len(batch) * width <= budget
    assert longest == sorted(longest)


@given(LENGTHS, st.integers(1, 200))
def test_slices_hold_each_sentence_in_order(lengths: list[int], budget: int) -> None:
    slices = list(slices_by_tokens(lengths, budget))
    assert [n for some in slices for n in lengths[some]] == lengths
    for some in slices:
        assert len(lengths[some]) == 1 or sum(lengths[some]) <= budget


@given(st.lists(st.integers()), st.integers(1, 9))
def test_pieces_are_full_but_for_the_last(items: list[int], size: int) -> None:
    pieces = list(batched(iter(items), size))
    assert [item for piece in pieces for item in piece] == items
    assert all(len(piece) == size for piece in pieces[:-1])
