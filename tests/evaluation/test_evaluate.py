"""`tagger.evaluate`: labels and tags that do not count, and the command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import tagger
from tagger.errors import UsageError
from tagger.evaluation.predictions import score_file, write_predictions
from tagger.evaluation.raw import evaluate_raw
from tagger.evaluation.selection import select_split
from tagger.evaluation.split import evaluate_split
from tests.helpers.commands import assert_one_line
from tests.helpers.corpora import TOKENS, write_corpus


def test_labels_of_raw_texts_are_scored(intent_model: Path, utterances: Path) -> None:
    raw = tagger.evaluate(intent_model, utterances, "train", raw=True)
    expected = tagger.evaluate(intent_model, utterances, "train").texts["intent"]
    assert raw.texts["intent"] == expected
    assert set(raw.main) == {"tokens", "slots", "intent"}
    alone = tagger.evaluate(intent_model, utterances, "train", raw=True, heads=["intent"])
    assert alone.texts["intent"] == expected


def test_evaluate_is_the_function_of_the_command(run, model: Path, corpus: Path) -> None:
    scores = tagger.evaluate(model, corpus, "train", heads=["ner"])
    assert repr(scores) == "Evaluation(ner F1 100.00; 5 sentences)"
    printed = json.loads(run("evaluate", model, corpus, "--split", "train", "--json").out)
    assert printed["spans"]["ner"]["micro"]["f1"] == scores.main["ner"] == 1.0
    assert tagger.evaluate(tagger.load(model), corpus, "train", heads=["ner"]).main == scores.main
    raw = tagger.evaluate(model, corpus, "train", raw=True)
    assert raw.raw
    assert set(raw.main) == {"tokens", "ner", "upos"}
    with pytest.raises(UsageError) as caught:
        tagger.evaluate(model, corpus, raw=True, predictions="out.txt")
    assert "{predictions}" in (caught.value.hint or "")


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
