"""Scores on raw text."""

from __future__ import annotations

from pathlib import Path

import tagger
from tagger.evaluation.raw import evaluate_raw
from tagger.evaluation.selection import select_split


def test_raw_scores_of_a_perfect_model_show_tokenization_alone(model: Path, corpus: Path) -> None:
    loaded = tagger.load(model)
    data, heads, *_ = select_split(model, loaded, str(corpus), "train")
    scores = evaluate_raw(loaded, data, heads).spans
    assert set(scores) == {"tokens", "ner", "upos"}
    assert scores["tokens"].micro.f1 == scores["ner"].micro.f1 == 1.0
    labels = scores["ner"].labels
    assert list(labels) == ["LOC", "ORG", "PER"]
    assert sum(label.n_gold for label in labels.values()) == scores["ner"].micro.n_gold
    assert {label.f1 for label in labels.values()} == {1.0}
    assert not scores["upos"].labels
