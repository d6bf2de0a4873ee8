"""Where tags go: entities, span groups, tokens, extensions."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import spacy
from spacy.tokens import Span

import tagger
from tagger.integrations.spacy.errors import ComponentError
from tagger.model.directory import read_model, write_model
from tagger.runtime.loading import load
from tests.helpers.pipelines import (
    TEXT,
    entities,
    pipeline,
)
from tests.helpers.tables import read_rows


def test_blocked_tokens_stay_blocked(model: Path) -> None:
    for overwrite in (False, True):
        nlp = pipeline(model, overwrite_ents=overwrite)
        component = nlp.get_pipe("recurrent_tagger")
        doc = nlp.make_doc("Kim left New York for Berlin")
        doc.set_ents([], blocked=[doc[0:1], doc[3:4]])
        component(doc)
        assert entities(doc) == [("Berlin", "LOC")]
        assert [(doc[i].ent_iob_, doc[i].ent_type_) for i in (0, 3)] == [("B", ""), ("B", "")]


def test_annotations_of_the_document_are_kept_unless_overwritten(model: Path) -> None:
    def given(**config: object) -> list[tuple[str, str]]:
        nlp = pipeline(model, **config)
        doc = nlp.make_doc(TEXT)
        doc.set_ents([Span(doc, 3, 5, "GIVEN")])
        doc[0].pos_ = "X"
        doc = nlp.get_pipe("recurrent_tagger")(doc)
        return [*entities(doc), (doc[0].pos_, doc[1].pos_)]

    assert given() == [
        ("John", "PER"), ("Apple in", "GIVEN"), ("California", "LOC"), ("X", "VERB")
    ]  # fmt: skip
    assert given(overwrite_ents=True, overwrite_tags=True) == [
        ("John", "PER"), ("Apple", "ORG"), ("California", "LOC"), ("PROPN", "VERB")
    ]  # fmt: skip


def test_heads_go_where_the_configuration_says(model: Path) -> None:
    heads = {"ner": "spans:found", "upos": "ext:part"}
    doc = pipeline(model, heads=heads, labels={"PER": "PERSON", "PROPN": "NAME"})(TEXT)
    assert not doc.ents
    assert [(s.text, s.label_) for s in doc.spans["found"]] == [
        ("John", "PERSON"), ("Apple", "ORG"), ("California", "LOC")
    ]  # fmt: skip
    assert doc[0]._.part == "NAME"
    assert not doc[0].pos_
    only = pipeline(model, heads={"upos": "tag"})(TEXT)
    assert only[0].tag_ == "PROPN"
    assert not only.ents


def test_confidence(model: Path) -> None:
    nlp = spacy.blank("en")
    config = {"model": str(model), "confidence": True, "precision": "fp32"}
    nlp.add_pipe("recurrent_tagger", config=config)
    doc = nlp("Mary Jones left  New York.")
    assert [(ent.text, ent.label_) for ent in doc.ents] == [
        ("Mary Jones", "PER"),
        ("New York", "LOC"),
    ]
    for ent in doc.ents:
        assert 0 < ent._.confidence <= 1
        assert ent[0]._.confidence["ner"] == ent._.confidence
    assert set(doc[2]._.confidence) == {"ner", "upos"}
    assert doc[3].is_space
    assert doc[3]._.confidence is None


def test_threshold(model: Path) -> None:
    for threshold, labels in ((1, []), ({"LOC": 1.0}, ["PER"]), (None, ["PER", "LOC"])):
        nlp = spacy.blank("en")
        config = {"model": str(model), "threshold": threshold}
        nlp.add_pipe("recurrent_tagger", config=config)
        again = spacy.blank("en")
        again.add_pipe("recurrent_tagger").from_bytes(nlp.get_pipe("recurrent_tagger").to_bytes())
        for either in (nlp, again):
            assert [ent.label_ for ent in either("Mary Jones left New York.").ents] == labels


def test_a_wrong_threshold_is_one_line(model: Path) -> None:
    for threshold in (2.0, {"PRE": 0.5}):
        nlp = spacy.blank("en")
        nlp.add_pipe("recurrent_tagger", config={"model": str(model), "threshold": threshold})
        with pytest.raises(ComponentError, match="threshold"):
            nlp("Mary Jones left New York.")


def test_confidence_is_that_of_the_span_that_is_kept(model: Path) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "TOWN", "pattern": "New York"}])
    nlp.add_pipe("recurrent_tagger", config={"model": str(model), "confidence": True})
    doc = nlp("Mary Jones left New York.")
    assert {ent.label_: ent._.confidence is None for ent in doc.ents} == {
        "PER": False,
        "TOWN": True,
    }
    nlp = spacy.blank("en")
    heads = {"ner": "spans:names"}
    nlp.add_pipe(
        "recurrent_tagger", config={"model": str(model), "confidence": True, "heads": heads}
    )
    doc = nlp("Mary Jones left New York.")
    assert len(doc.spans["names"]) == 2
    for span in doc.spans["names"]:
        assert 0 < span._.ner_confidence <= 1
        assert span._.confidence is None


@pytest.mark.parametrize(
    ("config", "words", "expected"),
    [
        ({"heads": {"nerr": "ents"}}, "'nerr'", ("ner", "upos")),
        ({"heads": {"ner": "tag"}}, "spans", ("ents", "spans:KEY")),
        ({"heads": {"upos": "ents"}}, "single tokens", ("tag", "pos", "ext:NAME")),
        (
            {"heads": {"upos": "somewhere"}},
            "'somewhere'",
            ("ents", "spans:KEY", "tag", "pos", "ext:NAME", "cats"),
        ),
        ({"heads": {"upos": "ext:confidence"}}, "confidence", ()),
        ({"labels": {"PROPN": "NAME"}}, "parts of speech", ()),
    ],
)
def test_places_that_do_not_fit_are_refused(
    model: Path, config: dict[str, object], words: str, expected: tuple[str, ...]
) -> None:
    with pytest.raises(ComponentError, match=words) as caught:
        pipeline(model, **config)(TEXT)
    assert caught.value.expected == expected


def test_labels_of_texts_are_categories_averaged_over_sentences(intent_model: Path) -> None:
    nlp = pipeline(intent_model)
    doc = nlp("Is it sunny in Boston? Will it rain?")
    expected = load(intent_model, precision="fp32")(doc.text).labels["intent"]
    assert set(doc.cats) == {"book", "greet", "weather"}
    assert doc.cats[expected.label] == pytest.approx(expected.prob, abs=1e-4)
    assert doc.ents[0].text == "Boston"
    with pytest.raises(ComponentError, match="labels of texts"):
        pipeline(intent_model, heads={"intent": "tag"})(TEXT)


@pytest.mark.parametrize("is_whole", [False, True])
def test_labels_of_texts_are_the_same_everywhere(
    intent_model: Path, tmp_path: Path, run: Callable[..., Any], is_whole: bool
) -> None:
    model = tmp_path / "m"
    shutil.copytree(intent_model, model)
    saved = read_model(intent_model)
    rules = msgspec.structs.replace(saved.rules, whole_texts=is_whole)
    write_model(model, msgspec.structs.replace(saved, rules=rules))
    text = "Is it sunny in Boston? Will it rain there? Hello Anna!"
    (tmp_path / "in.jsonl").write_text(json.dumps({"text": text}), encoding="utf-8")
    doc = pipeline(model, set_sentences=True)(text)
    label = max(doc.cats, key=doc.cats.__getitem__)
    expected = load(model, precision="fp32")(text)
    assert len(expected.sentences) == (1 if is_whole else 3)
    assert expected.labels["intent"].label == label
    assert doc.cats[label] == pytest.approx(expected.labels["intent"].prob, abs=1e-6)
    assert len(list(doc.sents)) == 3
    shown = run("predict", "-m", model, "--precision", "fp32", "--format", "json", text)
    prob = pytest.approx(doc.cats[label], abs=1e-6)
    assert json.loads(shown.out)["labels"]["intent"] == {"label": label, "prob": prob}
    tagger.bulk(tmp_path / "in.jsonl", tmp_path / "out", model=model, workers=1)
    (row,) = read_rows(tmp_path / "out")
    assert row["labels"]["intent"]["label"] == label
    assert row["labels"]["intent"]["prob"] == pytest.approx(doc.cats[label], abs=1e-2)
