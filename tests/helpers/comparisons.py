"""Rows of comparisons."""

from __future__ import annotations

from typing import Any

from tagger.insight.compare.results import RowResult


def row_result(name: str, **fields: Any) -> RowResult:
    """A row with two seeds."""
    values = {
        "cell": "lstm",
        "direction": "bi",
        "n_parameters": 1,
        "output_dim": 1,
        "model_mb": 1.0,
        "scores": (0.5, 0.75),
        "train_speed": 1.0,
        "tag_speed": 1.0,
        "p_first": None,
        "p_best": None,
        "n_rising": 0,
        "curve": (0.5, 0.6),
        "by_length": {},
        "by_span": {},
        "by_position": (),
        "failed": (),
    }
    return RowResult(name=name, **{**values, **fields})
