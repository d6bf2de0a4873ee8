"""Scores of spans and tags: the numbers of conlleval."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tagger.evaluation.predictions import score_file
from tagger.evaluation.scores import score_spans, score_tokens

# Files of token, gold and predicted tag, each with the output of the official script.
CONLLEVAL = Path(os.environ.get("TAGGER_CONLLEVAL") or "no conlleval output")


@pytest.mark.skipif(not CONLLEVAL.is_dir(), reason="no conlleval output in $TAGGER_CONLLEVAL")
@pytest.mark.parametrize("name", sorted(path.stem for path in CONLLEVAL.glob("*.txt")))
def test_scores_equal_those_of_conlleval(name: str) -> None:
    lines = (CONLLEVAL / f"{name}.expected").read_text().splitlines()
    scores = score_file(CONLLEVAL / f"{name}.txt").spans["tags"]
    counts = re.findall(r"(\d+)(?= tokens| phrases|;|\.)", lines[0])
    n_tokens, n_gold, n_found, n_correct = map(int, counts)
    assert (scores.n_tokens, scores.micro.n_gold, scores.micro.n_predicted) == (
        n_tokens, n_gold, n_found,
    )  # fmt: skip
    assert round(scores.micro.recall * n_gold) == n_correct
    percent = [float(x) for x in re.findall(r"([\d.]+)(?=%|$)", lines[1])]
    micro = scores.micro
    for expected, found in zip(
        percent, (scores.accuracy, micro.precision, micro.recall, micro.f1), strict=True
    ):
        assert f"{100 * found:.2f}" == f"{expected:.2f}"
    labels = {}
    for line in lines[2:]:
        label, rest = line.strip().split(":", 1)
        labels[label] = [float(x) for x in re.findall(r"[\d.]+", rest.replace("FB1", ""))]
    assert set(labels) == set(scores.labels)
    for label, (precision, recall, f1, found) in labels.items():
        by_label = scores.labels[label]
        assert by_label.n_predicted == found
        shown = [f"{100 * x:.2f}" for x in (by_label.precision, by_label.recall, by_label.f1)]
        assert shown == [f"{x:.2f}" for x in (precision, recall, f1)], label


def test_adjacent_spans_and_odd_tags_are_counted_as_conlleval_does() -> None:
    gold = [["B-PER", "B-PER", "O", "I-LOC", "I-ORG"]]
    scores = score_spans(gold, [["B-PER", "I-PER", "O", "B-LOC", "B-ORG"]])
    assert (scores.micro.n_gold, scores.micro.n_predicted) == (4, 3)
    assert scores.labels["PER"].f1 == 0.0
    assert scores.labels["LOC"].f1 == scores.labels["ORG"].f1 == 1.0


def test_nothing_to_find_is_zero_and_no_warning() -> None:
    scores = score_spans([["O"]], [["O"]])
    assert scores.micro.f1 == 0.0
    assert scores.accuracy == 1.0
    assert score_tokens([[None]], [["A"]]).n_tokens == 0


def test_token_accuracy_leaves_out_what_has_no_gold_tag() -> None:
    scores = score_tokens([["A", None, "B", "C"]], [["A", "A", "A", "C"]], known=["A", "B"])
    assert (scores.accuracy, scores.n_tokens, scores.n_unknown) == (2 / 3, 3, 1)
