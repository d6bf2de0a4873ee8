"""The time left of a comparison."""

from __future__ import annotations

import pytest

from tagger.insight.compare.progress import TimeLeft


def test_time_left() -> None:
    now = 0.0
    left = TimeLeft(lambda: now)
    assert left.seconds(3) is None
    for seconds in (10, 20):
        left.start()
        now += seconds
        left.finish()
    assert left.seconds(2) == pytest.approx(30)
