"""Which epoch is the best, and when a training stops."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.training.state import EpochRecord, best_of, epochs_without_gain, kept


def history(scores: Sequence[float], losses: Sequence[float]) -> list[EpochRecord]:
    return [
        EpochRecord(
            epoch=i,
            loss=loss,
            scores={"ner": score},
            score=score,
            learning_rate=0.0,
            tokens_per_second=0.0,
            seconds=0.0,
        )
        for i, (score, loss) in enumerate(zip(scores, losses, strict=True), start=1)
    ]


@pytest.mark.parametrize(
    ("scores", "losses", "best", "without_gain"),
    [
        ([0.5, 0.9, 0.7], [3, 2, 1], 2, 1),
        ([1.0, 1.0, 1.0], [3, 1, 2], 2, 2),  # a small dev set: the loss decides
        ([0.8, 1.0, 0.9, 1.0], [4, 3, 2, 1], 4, 2),  # but a tie is no gain
        ([0.0, 0.0], [1, 2], 2, 0),
        ([0.0, 0.1, 0.0], [1, 2, 1], 2, 1),
    ],
)
def test_best_epoch(scores: list[float], losses: list[float], best: int, without_gain: int) -> None:
    found = history(scores, losses)
    record = best_of(found)
    assert record is not None
    assert record.epoch == best
    assert kept(found, "best") is record
    assert kept(found, "last") is found[-1]
    assert epochs_without_gain(found) == without_gain


def test_no_epochs() -> None:
    assert best_of([]) is None
    assert kept([], "last") is None
    assert epochs_without_gain([]) == 0


@given(
    st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([0.1, 0.2])), min_size=1)
)
def test_no_epoch_is_better_than_the_best(pairs: list[tuple[float, float]]) -> None:
    found = history(*zip(*pairs, strict=True))
    best = best_of(found)
    assert best is not None
    assert all((r.score, -r.loss) <= (best.score, -best.loss) for r in found if best.score)
    assert 0 <= epochs_without_gain(found) < len(found)
