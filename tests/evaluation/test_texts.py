"""Scores of labels of whole texts."""

from __future__ import annotations

from tagger.evaluation.report import text_line
from tagger.evaluation.texts import score_texts


def test_texts_with_several_labels_are_wrong_for_a_model_that_finds_one() -> None:
    gold = [["a", "b"], ["a"], None]
    scores = score_texts(gold, ["a", "a", "b"], ["a", "b"])
    assert (scores.accuracy, scores.n_several, scores.n_missing) == (0.5, 1, 1)
    assert "1 with several labels" in text_line("x", scores)
    several = score_texts(gold, [["a", "b"], ["a"], []], ["a", "b"], multi_label=True)
    assert (several.accuracy, several.n_several) == (1.0, 0)
