"""Training of heads that label whole texts, beside tags and alone."""

from __future__ import annotations

import json
import math
from pathlib import Path

import msgspec
import numpy as np
import pytest

import tagger
from tagger.config import Config, config_from_dict
from tagger.errors import CorpusError, Interrupted
from tagger.model.directory import read_model
from tagger.model.meta import read_meta
from tagger.model.pooling import TextHead
from tagger.runtime.loading import load
from tagger.training.reporting import Reporter
from tagger.training.run import train
from tests.helpers.corpora import UTTERANCES, small_config, with_slots, write_utterances


def config(*heads: str, **sections: object) -> Config:
    """A small network for these heads."""
    given = msgspec.to_builtins(small_config(epochs=2))
    given["heads"] = list(heads)
    for section, values in sections.items():
        given[section] |= values
    return config_from_dict(given)


class Notes(Reporter):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def test_slots_and_intents_are_learned_together(intent_model: Path) -> None:
    saved = read_model(intent_model)
    kinds = {head.name: (head.kind, head.decoder, head.pooling) for head in saved.heads}
    assert kinds == {"slots": ("span", "crf", ""), "intent": ("text", "softmax", "final")}
    assert saved.meta.dev_scores == {"slots": 1.0, "intent": 1.0}
    assert set(saved.meta.calibration) == {"slots", "intent"}
    assert "| intent | final, softmax | book, greet, weather |" in saved.card
    document = load(intent_model)("book a ticket to Boston")
    label = document.labels["intent"]
    assert (label.label, [entity.text for entity in document.entities]) == ("book", ["Boston"])
    assert 0.5 < label.prob <= 1


def test_both_precisions_give_the_labels_of_pytorch(intent_model: Path) -> None:
    texts = [[word for word, _ in with_slots(text)] for _, text in UTTERANCES["train"]]
    expected = load(intent_model, engine="torch").annotate(texts)
    for precision in ("fp32", "int8"):
        found = load(intent_model, precision=precision).annotate(texts)
        for one, other in zip(expected, found, strict=True):
            assert one.labels["intent"].label == other.labels["intent"].label
            assert abs(one.labels["intent"].prob - other.labels["intent"].prob) < 0.1


def test_texts_without_a_label_are_left_out_of_the_loss_and_counted(tmp_path: Path) -> None:
    pairs = [(None, "nobody knows this"), *UTTERANCES["train"]]
    corpus = write_utterances(tmp_path / "c", {**UTTERANCES, "train": pairs})
    notes = Notes()
    train([str(corpus)], tmp_path / "m", config("intent"), reporter=notes)
    assert any("intent: 1 of 11 training texts have no label" in note for note in notes.notes)
    assert read_model(tmp_path / "m").heads[0].labels == ("book", "greet", "weather")


def test_the_loss_of_texts_without_a_label_is_zero() -> None:
    import torch

    head = TextHead(input_dim=4, n_labels=3, pooling="mean", multi_label=False)
    scores = torch.randn(2, 3)
    targets = torch.tensor([[0.0, 1.0, 0.0], [-1.0, -1.0, -1.0]])
    both, one = head.loss(scores, targets), head.loss(scores[:1], targets[:1])
    assert torch.equal(both.mean, one.mean)
    assert head.loss(scores[1:], targets[1:]).mean == 0


def test_texts_with_several_labels_make_independent_ones(tmp_path: Path) -> None:
    pairs = [
        ("book|greet", "hello book a flight to [Boston](city)"),
        ("greet", "hello"),
        ("book", "book a flight"),
        ("book|greet", "hello I need a ticket"),
    ]
    corpus = write_utterances(tmp_path / "c", {"train": pairs, "dev": pairs})
    learned = config("intent", training={"epochs": 40})
    train([str(corpus)], tmp_path / "m", learned)
    assert read_model(tmp_path / "m").heads[0].decoder == "sigmoid"
    model = load(tmp_path / "m")
    found = model("hello book a flight").labels["intent"]
    assert {label.label for label in found} == {"book", "greet"}
    assert model("").labels == {"intent": None} or model("").labels == {"intent": []}
    scores = tagger.evaluate(tmp_path / "m", corpus, "train").texts["intent"]
    assert (scores.multi_label, scores.accuracy, scores.main) == (True, 1.0, 1.0)
    refused = config("intent", head={"multi_label": "no"})
    with pytest.raises(CorpusError, match="several labels") as caught:
        train([str(corpus)], tmp_path / "n", refused)
    assert "multi_label" in str(caught.value)


def test_a_single_label_is_nothing_to_learn(tmp_path: Path) -> None:
    pairs = [("book", text) for _, text in UTTERANCES["train"]]
    corpus = write_utterances(tmp_path / "c", {"train": pairs, "dev": pairs})
    with pytest.raises(CorpusError, match="only label of intent"):
        train([str(corpus)], tmp_path / "m", config("intent"))
    assert not (tmp_path / "m").exists()


def test_a_stopped_training_resumes_as_if_it_had_not(utterances: Path, tmp_path: Path) -> None:
    recipe = config("intent", head={"pooling": "attention"})
    train([str(utterances)], tmp_path / "whole", recipe)

    class Stop(Reporter):
        def event(self, event: object) -> None:
            if hasattr(event, "record"):
                raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        train([str(utterances)], tmp_path / "cut", recipe, reporter=Stop())
    train([str(utterances)], tmp_path / "cut", recipe, resume=True)
    one, other = (read_model(tmp_path / name) for name in ("whole", "cut"))
    assert one.heads[0].pooling == "attention"
    for name in one.weights:
        assert np.array_equal(one.weights[name], other.weights[name])


def test_a_training_from_a_model_keeps_its_labels(intent_model: Path, tmp_path: Path) -> None:
    pairs = [("cancel", "cancel my flight"), ("book", "book a flight"), ("cancel", "never mind")]
    corpus = write_utterances(tmp_path / "c", {"train": pairs, "dev": pairs})
    base = read_model(intent_model).config
    recipe = msgspec.structs.replace(
        base,
        heads=("intent",),
        training=msgspec.structs.replace(base.training, epochs=1),
    )
    train([str(corpus)], tmp_path / "m", recipe, base=intent_model)
    (head,) = read_model(tmp_path / "m").heads
    assert head.labels == ("book", "greet", "weather", "cancel")
    assert head.pooling == "final"


def test_results_in_every_format(intent_model: Path, run, tmp_path: Path) -> None:
    text = "is it sunny in Boston"
    found = json.loads(run("predict", "-m", intent_model, "--format", "json", text).out)
    assert found["labels"]["intent"]["label"] == "weather"
    assert math.isclose(found["labels"]["intent"]["prob"], 1, abs_tol=0.5)
    assert tagger.Document.from_dict(found).labels["intent"].label == "weather"
    line = run("predict", "-m", intent_model, "--format", "text", text).out
    assert line == "is it sunny in [Boston](city)\tintent=weather\n"
    columns = run("predict", "-m", intent_model, "--format", "conll", text).out
    assert columns.startswith("# intent = weather\nis\tO\n")
    empty = json.loads(run("predict", "-m", intent_model, "--format", "json", "").out)
    assert empty["labels"] == {"intent": None}


def test_a_text_of_several_sentences_has_their_mean(intent_model: Path) -> None:
    model = load(intent_model, precision="fp32")
    document = model("Is it sunny in Boston? Will it rain?")
    assert len(document.sentences) == 2
    of_each = [
        model.annotate([[t.text for t in document.tokens[first:past]]])[0].label_probs["intent"]
        for first, past in document.sentences
    ]
    n = [past - first for first, past in document.sentences]
    mean = sum(probs * k for probs, k in zip(of_each, n, strict=True)) / sum(n)
    assert math.isclose(document.labels["intent"].prob, mean.max(), rel_tol=1e-4)


def test_texts_of_several_sentences_are_read_as_a_whole(tmp_path: Path) -> None:
    pairs = [(intent, f"{text} . thank you .") for intent, text in UTTERANCES["train"]]
    corpus = write_utterances(tmp_path / "c", {"train": pairs, "dev": pairs})
    train([str(corpus)], tmp_path / "m", config("intent"))
    document = load(tmp_path / "m")("Book a flight. Thank you.\n\nBye!")
    assert document.sentences == [(0, 9)]
    assert load(tmp_path / "m")("").sentences == []


def test_scores_of_labels_and_of_whole_sentences(
    intent_model: Path, utterances: Path, run, tmp_path: Path
) -> None:
    found = tagger.evaluate(intent_model, utterances, "train")
    assert found.texts["intent"].accuracy == 1.0
    assert found.texts["intent"].labels["book"].n_gold == 4
    assert (found.exact.heads, found.exact.n_sentences) == (("intent", "slots"), 10)
    assert found.exact.share == 1.0
    assert found.reliability["intent"].n == 10
    shown = run("evaluate", intent_model, utterances, "--split", "test")
    assert "all of intent, slots right" in shown.out
    read = json.loads(run("evaluate", intent_model, utterances, "--json").out)
    assert read["texts"]["intent"]["n_texts"] == 2
    path = tmp_path / "p.tsv"
    tagger.evaluate(intent_model, utterances, "test", predictions=path)
    assert path.read_text().startswith("# intent = weather\tweather\n")


def test_old_models_have_no_labels(model: Path) -> None:
    document = load(model)("John works at Apple")
    assert document.labels == {}
    assert "labels" not in document.to_dict()


def test_the_format_is_the_one_that_knows_text_heads(intent_model: Path) -> None:
    assert read_meta(intent_model).format_version >= 4
    heads = json.loads((intent_model / "heads.json").read_text())
    assert [head.get("pooling") for head in heads] == [None, "final"]
