"""The advice of a comparison."""

from __future__ import annotations

from tagger.insight.compare.report import advice
from tagger.insight.compare.results import Comparison, RowResult
from tests.helpers.comparisons import row_result


def comparison(*rows: RowResult, n_seeds: int = 3) -> Comparison:
    return Comparison(corpus="c", head="ner", measure="F1", split="dev", n_seeds=n_seeds, rows=rows)


def test_rising_curves_come_before_the_winner() -> None:
    settled = row_result("settled", n_rising=0)
    rising = row_result("rising", n_rising=1, scores=(0.1, 0.2))
    text = advice(comparison(settled, rising))
    assert text.index("Not settled") < text.index("settled scores highest so far")
    assert "the last epoch was the best of rising" in text
    assert "Not settled" not in advice(comparison(settled, settled))
    many = [row_result(f"r{i}", n_rising=2) for i in range(5)]
    assert "5 of 6" in advice(comparison(settled, *many))


def test_few_seeds() -> None:
    assert "one seed" in advice(comparison(row_result("a"), n_seeds=1))
    assert "seeds" not in advice(comparison(row_result("a"), n_seeds=3))


def test_equal_rows_and_faster_ones() -> None:
    best = row_result("best", scores=(0.9, 0.9))
    equal = row_result("equal", p_best=0.5, tag_speed=2.0)
    worse = row_result("worse", p_best=0.01)
    text = advice(comparison(best, equal, worse))
    assert "No significant difference from it (p ≥ 0.05): equal" in text
    assert "equal tags fastest, 2.0 times" in text
    assert "All others are worse" in advice(comparison(best, worse))
