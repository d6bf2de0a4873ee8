"""Scores: conlleval's numbers, files of predictions, raw text."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

import tagger
from tagger.corpus import load_corpus
from tagger.errors import CorpusError, FormatError, UsageError
from tagger.evaluation.predictions import score_file, write_predictions
from tagger.evaluation.raw import evaluate_raw
from tagger.evaluation.scores import score_spans, score_tokens
from tagger.evaluation.selection import select_split
from tagger.evaluation.split import evaluate_split
from tests.helpers.commands import assert_one_line
from tests.helpers.corpora import TOKENS, write_corpus

# Files of token, gold and predicted tag, each with what the official script prints for it.
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


def test_predictions_file_scores_as_the_evaluation_did(
    model: Path, corpus: Path, tmp_path: Path
) -> None:
    loaded = tagger.load(model)
    data, heads, *_ = select_split(model, loaded, str(corpus), "dev")
    evaluation, tagged = evaluate_split(loaded, data, heads)
    path = tmp_path / "out.txt"
    write_predictions(path, tagged, ["ner"])
    assert path.read_text().splitlines()[0] == "Mary\tB-PER\tB-PER"
    assert score_file(path).spans["tags"] == evaluation.spans["ner"]
    write_predictions(path, tagged, ["ner", "upos"])
    again = score_file(path)
    assert again.spans["ner"] == evaluation.spans["ner"]
    assert again.tokens["upos"].accuracy == evaluation.tokens["upos"].accuracy


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


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a O\n", "out.txt:1: 2 columns where 3 are expected"),
        ("a O O\nb O\n", "out.txt:2: 2 columns where 3 are expected"),
        ("", "empty"),
        ("\n\n", "empty"),
    ],
)
def test_bad_prediction_files_name_the_line(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "out.txt"
    path.write_text(content)
    with pytest.raises(FormatError, match=message):
        score_file(path)
    path.write_bytes(b"a O O\n\xff O O\n")
    with pytest.raises(FormatError, match=r"out\.txt:2: not UTF-8"):
        score_file(path)
    with pytest.raises(CorpusError, match="no such file"):
        score_file(tmp_path / "none.txt")


def test_a_single_file_is_what_is_scored(model: Path, corpus: Path) -> None:
    loaded = tagger.load(model)
    path = corpus / "train.txt"
    data, _, split, *_ = select_split(model, loaded, str(path), columns="token,upos,ner")
    assert (len(data), split) == (5, "train")


def test_splits_and_heads_that_are_not_there(model: Path, corpus: Path, tmp_path: Path) -> None:
    loaded = tagger.load(model)
    with pytest.raises(UsageError, match="unknown split 'tset': did you mean 'test'"):
        select_split(model, loaded, str(corpus), "tset")
    (tmp_path / "train.txt").write_text("a\tX1\n\nb\tX2\n")
    with pytest.raises(UsageError, match="no test split"):
        select_split(model, loaded, str(tmp_path), "test")
    with pytest.raises(UsageError, match="no gold tags"):
        select_split(model, loaded, str(tmp_path), None)
    assert load_corpus(str(corpus)).splits.keys() == {"train", "dev", "test"}


def test_a_label_that_a_corpus_does_not_annotate_does_not_count(
    model: Path, tmp_path: Path
) -> None:
    loaded = tagger.load(model)
    without = [line.replace("B-LOC", "O").replace("I-LOC", "O") for line in TOKENS["train"]]
    folder = write_corpus(tmp_path / "c", {"test": without})
    data, heads, _, not_annotated, *_ = select_split(model, loaded, str(folder), "test", ["ner"])
    assert not_annotated == {"ner": {"LOC"}}
    scores = evaluate_split(loaded, data, heads, not_annotated)[0].spans["ner"]
    assert scores.not_scored == {"LOC": 4}
    raw = evaluate_raw(loaded, data, heads, not_annotated).spans["ner"]
    assert raw.not_scored == scores.not_scored
    assert (raw.micro.n_gold, raw.micro.n_predicted) == (
        scores.micro.n_gold,
        scores.micro.n_predicted,
    )
    assert "LOC" not in raw.labels
    # A file of predictions says so too, and is scored alike.
    evaluation, tagged = evaluate_split(loaded, data, heads, not_annotated)
    write_predictions(tmp_path / "out.txt", tagged, ["ner"], not_annotated)
    assert score_file(tmp_path / "out.txt").spans == evaluation.spans
    assert scores.micro.f1 == 1.0
    assert evaluate_split(loaded, data, heads)[0].spans["ner"].micro.f1 < 1.0
    # A label that another split annotates is annotated.
    folder = write_corpus(tmp_path / "d", {"test": without, "dev": TOKENS["train"]})
    assert select_split(model, loaded, str(folder), "test", ["ner"]).not_annotated == {
        "ner": frozenset()
    }


def test_no_label_in_common_is_an_error(run, model: Path, tmp_path: Path) -> None:
    foreign = [
        line.replace("-LOC", "-Gene").replace("-PER", "-Drug").replace("-ORG", "-Cell")
        for line in TOKENS["train"]
    ]
    folder = write_corpus(tmp_path / "c", {"test": foreign})
    with pytest.raises(UsageError, match="none of the model's labels of ner") as caught:
        tagger.evaluate(model, folder)
    assert caught.value.expected == ("LOC", "ORG", "PER")
    assert_one_line(run("evaluate", model, folder), 2, "--heads", "[corpora.c.labels]")
    assert tagger.evaluate(model, folder, heads=["upos"]).main == {"upos": 1.0}


def test_evaluate_is_the_function_of_the_command(run, model: Path, corpus: Path) -> None:
    scores = tagger.evaluate(model, corpus, "train", heads=["ner"])
    assert repr(scores) == "Evaluation(ner F1 100.00; 5 sentences)"
    printed = json.loads(run("evaluate", model, corpus, "--split", "train", "--json").out)
    assert printed["spans"]["ner"]["micro"]["f1"] == scores.main["ner"] == 1.0
    raw = tagger.evaluate(model, corpus, "train", raw=True)
    assert raw.raw
    assert set(raw.main) == {"tokens", "ner", "upos"}
    with pytest.raises(UsageError) as caught:
        tagger.evaluate(model, corpus, raw=True, predictions="out.txt")
    assert "{predictions}" in (caught.value.hint or "")


def test_a_token_without_a_gold_tag_does_not_count(model: Path, tmp_path: Path) -> None:
    loaded = tagger.load(model)
    line = {"tokens": ["John", "left"], "upos": ["PROPN", None]}
    path = tmp_path / "half.jsonl"
    path.write_text(json.dumps(line) + "\n")
    data, heads, *_ = select_split(model, loaded, str(path), None, ["upos"])
    tokens = evaluate_split(loaded, data, heads)[0].tokens["upos"]
    raw = evaluate_raw(loaded, data, heads).spans
    upos = raw["upos"].micro
    assert tokens.n_tokens == upos.n_gold == upos.n_predicted == 1
    assert raw["tokens"].micro.n_predicted == 2


def test_predictions_replace_nothing_unasked(run, model: Path, corpus: Path) -> None:
    gold = corpus / "test.txt"
    before = gold.read_bytes()
    options = ("evaluate", model, gold, "--heads", "ner", "--predictions", gold)
    assert_one_line(run(*options), 2, "exists", "--force")
    assert_one_line(run(*options, "--force"), 2, "is the input too")
    options = ("evaluate", model, corpus, "--heads", "ner", "--predictions", gold)
    assert_one_line(run(*options, "--force"), 2, "is the input too")
    assert gold.read_bytes() == before
