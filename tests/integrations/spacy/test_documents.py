"""Documents as sentences of tokens, with sentence starts and gold tags."""

from __future__ import annotations

from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example

from tagger.integrations.spacy.documents import gold_of
from tests.helpers.pipelines import (
    pipeline,
)


def test_a_white_space_token_with_a_dependency_label(model: Path) -> None:
    component = pipeline(model).get_pipe("recurrent_tagger")
    doc = Doc(component.vocab, words=["Kim", "left", ".", "\n", "Mary", "slept", "."])
    doc[3].dep_ = "dep"
    component(doc)
    assert [token.is_sent_start for token in doc] == [
        True, False, False, False, True, False, False
    ]  # fmt: skip


def test_sentences_of_a_hook(nlp: Language) -> None:
    component = nlp.get_pipe("recurrent_tagger")
    doc = nlp.make_doc("Kim left New York")
    doc.user_hooks["sents"] = lambda doc: [doc[:2], doc[2:]]
    [(sentences, _)] = component.predict([doc])
    assert sentences == [[0, 1], [2, 3]]


def test_gold_tags_that_are_missing_or_not_aligned_are_unknown(nlp: Language) -> None:
    words = ["Kim", "Lee", "left", "NewYork", "City"]
    predicted = Doc(nlp.vocab, words=words)
    reference = Doc(
        nlp.vocab,
        words=["Kim", "Lee", "left", "New", "York", "City"],
        spaces=[True, True, True, False, True, True],
        tags=["NNP", "", "VBD", "NNP", "NNP", "NN"],
    )
    reference.set_ents([Span(reference, 0, 2, "PER")], missing=[reference[2:3]])
    [(tokens, tags)] = gold_of(Example(predicted, reference))
    assert tokens == words
    assert tags == {
        "ner": ["B-PER", "L-PER", None, "O", "O"],
        "xpos": ["NNP", None, "VBD", "NNP", "NN"],
    }
