"""spaCy pipelines with the component, and examples to train them."""

from __future__ import annotations

from pathlib import Path

import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from tests.helpers.corpora import TOKENS

TEXT = "John works at Apple in California"
TEXTS = [TEXT, "", "Kim left New York for Berlin . Siemens hired Mary .", "  \n", "nothing here ."]
SETTINGS = {
    "embedder": {"word_dim": 16, "char_out_dim": 16, "affix_dim": 8, "n_affix_buckets": 64},
    "encoder": {"hidden_dim": 16, "input_dropout": 0.1, "output_dropout": 0.1},
    "training": {"learning_rate": 0.02, "ema_decay": 0.9},
}


def pipeline(model: Path | str, **config: object) -> Language:
    """Return an English pipeline with the component alone."""
    nlp = spacy.blank("en")
    nlp.add_pipe("recurrent_tagger", config={"model": str(model), "precision": "fp32", **config})
    return nlp


def entities(doc: Doc) -> list[tuple[str, str]]:
    """Return the texts and labels of a document's entities."""
    return [(entity.text, entity.label_) for entity in doc.ents]


def annotations(doc: Doc) -> list[tuple[object, ...]]:
    """Return what the component writes of each token."""
    return [(t.text, t.ent_iob_, t.ent_type_, t.tag_, t.pos_, t.is_sent_start) for t in doc]


def examples(nlp: Language, n: int = 1) -> list[Example]:
    """Return the sentences of the tiny corpus, ``n`` times."""
    found = []
    for line in TOKENS["train"] * n:
        words, pos, tags = zip(*(token.split("/") for token in line.split()), strict=True)
        doc = Doc(nlp.vocab, words=words, ents=list(tags), pos=list(pos))
        found.append(Example(Doc(nlp.vocab, words=words), doc))
    return found
