"""Training of the component by spaCy."""

from __future__ import annotations

from pathlib import Path

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example

from tagger.integrations.spacy.errors import ComponentError
from tests.helpers.corpora import UTTERANCES, with_slots
from tests.helpers.pipelines import (
    SETTINGS,
    TEXT,
    entities,
    examples,
    pipeline,
)


@pytest.mark.slow
def test_training_with_update(tmp_path: Path) -> None:
    nlp = pipeline("", settings=SETTINGS)
    data = examples(nlp)
    nlp.initialize(lambda: data)
    first = nlp.evaluate(data)["ents_f"] or 0.0
    for _ in range(150):
        losses: dict[str, float] = {}
        nlp.update(data, losses=losses)
    scores = nlp.evaluate(data)
    assert scores["ents_f"] == 1.0 > first
    assert scores["pos_acc"] == 1.0
    assert losses["recurrent_tagger"] < 0.5
    nlp.to_disk(tmp_path / "p")
    card = (tmp_path / "p" / "recurrent_tagger" / "README.md").read_text()
    assert card.startswith("# A tagger trained by spaCy\n")
    assert "epochs" not in card
    assert "## Scores" not in card
    loaded = spacy.load(tmp_path / "p")
    assert entities(loaded("Mary Jones lives in Ohio .")) == [
        ("Mary Jones", "PER"),
        ("Ohio", "LOC"),
    ]
    # The loaded pipeline is trained further.
    again = examples(loaded)
    optimizer = loaded.resume_training()
    loaded.initialize(lambda: again)
    loaded.update(again, sgd=optimizer)
    assert loaded.evaluate(again)["ents_f"] > 0.5


def test_settings_are_those_of_tagger_train(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from tagger.integrations.spacy import training as spacy_training

    seen = set()

    def capitals(tokens: list[str], prob: float) -> list[str]:
        seen.add(prob)
        return tokens

    monkeypatch.setattr(spacy_training, "recased", capitals)
    training = {**SETTINGS["training"], "recase_prob": 0.25}
    nlp = pipeline("", settings={**SETTINGS, "heads": ["ner"], "training": training})
    data = examples(nlp)
    nlp.initialize(lambda: data)
    nlp.update(data)
    assert seen == {0.25}
    assert set(nlp.get_pipe("recurrent_tagger").labels) == {"LOC", "ORG", "PER"}


def test_a_training_starts_from_the_base_rather_than_the_model(model: Path) -> None:
    nlp = pipeline("none-of-that-name", base=str(model))
    nlp.initialize(lambda: examples(nlp))
    assert nlp(TEXT).ents  # the base finds them without a step


def test_something_is_learned_in_a_few_steps() -> None:
    nlp = pipeline("")
    data = examples(nlp)
    nlp.initialize(lambda: data)
    for _ in range(30):
        nlp.update(data)
    assert nlp.evaluate(data)["ents_f"] > 0.5


def test_a_training_is_resumed_without_initialize(model: Path) -> None:
    for nlp in (pipeline(model), spacy.blank("en")):
        if not nlp.pipe_names:
            nlp.add_pipe("recurrent_tagger", source=pipeline(model))
        nlp.resume_training()
        data = examples(nlp)
        nlp.update(data)
        assert nlp.evaluate(data)["ents_f"] > 0.5
        reference = nlp.make_doc(TEXT)
        reference.set_ents([Span(reference, 0, 1, "GADGET")])
        with pytest.warns(UserWarning, match="GADGET"):
            nlp.update([Example(nlp.make_doc(TEXT), reference)])


def test_sentences_with_an_unknown_tag_teach_the_others() -> None:
    nlp = pipeline("", settings={**SETTINGS, "heads": ["ner", "upos"]})
    gold, partial = examples(nlp), []
    for number, example in enumerate(gold):
        words = [token.text for token in example.reference]
        unknown = number % len(words)  # one token of each sentence
        pos = [token.pos_ for token in example.reference]
        pos[unknown] = ""
        doc = Doc(nlp.vocab, words=words, pos=pos)
        spans = [
            Span(doc, span.start, span.end, span.label_)
            for span in example.reference.ents
            if not span.start <= unknown < span.end
        ]
        doc.set_ents(spans, missing=[doc[unknown : unknown + 1]])
        partial.append(Example(Doc(nlp.vocab, words=words), doc))
    nlp.initialize(lambda: partial)
    for _ in range(60):
        losses = nlp.update(partial)
    assert 0 < losses["recurrent_tagger"] < 1
    scores = nlp.evaluate(partial)
    assert scores["ents_f"] > 0.9
    assert scores["pos_acc"] > 0.9


def test_examples_without_annotation_are_refused() -> None:
    nlp = pipeline("", settings=SETTINGS)
    empty = [Example(nlp.make_doc("a b"), nlp.make_doc("a b"))]
    with pytest.raises(ComponentError, match="nothing to learn") as caught:
        nlp.initialize(lambda: empty)
    assert caught.value.hint
    with pytest.raises(ComponentError, match="not initialized") as caught:
        pipeline("").get_pipe("recurrent_tagger").update(examples(nlp))
    assert "initialize" in caught.value.hint


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"encodr": {}}, "encodr"),
        ({"heads": ["pos"]}, "pos"),
        ({"description": 1}, "description"),
        ({"training": {"epochs": 3}}, "epochs"),
        ({"training": {"auxiliary_weight": 1.0}}, "auxiliary_weight"),
        ({"training": 3}, "training"),
        ({"pretraining": {"window": 3}}, "pretraining"),
        ({"corpora": {"sample": {}}}, "corpora"),
        ({"encoder": {"hidden_dim": 9}}, "hidden_dim"),
    ],
)
def test_settings_that_are_wrong_or_without_effect_are_refused(
    settings: dict[str, object], words: str
) -> None:
    nlp = pipeline("", settings=settings, base="en" if "encoder" in settings else "")
    with pytest.raises(ComponentError, match=words):
        nlp.initialize(lambda: examples(nlp))


def with_categories(nlp: Language, n: int = 1) -> list[Example]:
    """Return utterances with their intents as categories, ``n`` times."""
    found = []
    for intent, utterance in UTTERANCES["train"] * n:
        words = [word for word, _ in with_slots(utterance)]
        doc = Doc(nlp.vocab, words=words)
        doc.cats = {label: float(label == intent) for label in ("book", "greet", "weather")}
        found.append(Example(Doc(nlp.vocab, words=words), doc))
    return found


@pytest.mark.slow
def test_categories_are_learned(tmp_path: Path) -> None:
    nlp = pipeline("", settings=SETTINGS)
    data = with_categories(nlp)
    nlp.initialize(lambda: data)
    for _ in range(60):
        nlp.update(data, losses={})
    assert nlp.evaluate(data)["cats_score"] == 1.0
    nlp.to_disk(tmp_path / "p")
    doc = spacy.load(tmp_path / "p")("is it cold in Boston")
    assert max(doc.cats, key=doc.cats.__getitem__) == "weather"
    assert sum(doc.cats.values()) == pytest.approx(1)


def test_documents_of_several_sentences_are_learned_whole(tmp_path: Path) -> None:
    nlp = pipeline("", settings=SETTINGS)
    data = with_categories(nlp)
    words = ["is", "it", "cold", "?", "will", "it", "rain", "?"]
    doc = Doc(nlp.vocab, words=words, sent_starts=[i in (0, 4) for i in range(8)])
    doc.cats = {"book": 0.0, "greet": 0.0, "weather": 1.0}
    starts = [token.is_sent_start for token in doc]
    data.append(Example(Doc(nlp.vocab, words=words, sent_starts=starts), doc))
    nlp.initialize(lambda: data)
    nlp.update(data, losses={})
    nlp.to_disk(tmp_path / "p")
    loaded = spacy.load(tmp_path / "p")
    component = loaded.get_pipe("recurrent_tagger")
    assert component.tagger.splitter.rules.whole_texts
    found = component(Doc(loaded.vocab, words=words, sent_starts=starts))
    (expected,) = component.tagger.annotate([words])
    assert found.cats == pytest.approx(
        dict(zip(["book", "greet", "weather"], expected.label_probs["cats"], strict=True))
    )
