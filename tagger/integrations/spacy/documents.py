"""spaCy's documents as sentences of tokens, and their gold tags."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from tagger.runtime.labelling import LEAST_PROB
from tagger.text.sentences import Newline, group_sentences

if TYPE_CHECKING:
    from spacy.tokens import Doc
    from spacy.training import Example

    from tagger.integrations.spacy.training import Sentence

CATS = "cats"
"""The head of spaCy's categories, unless the base has a head of texts by another name."""


def sentences_of(doc: Doc, newline: Newline = "space") -> list[list[int]]:
    """Return the indices of each sentence's tokens, without white space.

    Sentences are those of the document, if it has any; else they are found in its text, with line
    ends read as ``newline``.
    """
    words = np.flatnonzero(doc.to_array("IS_SPACE") == 0).tolist()
    if doc.has_annotation("SENT_START"):
        starts = np.zeros(len(doc), dtype=np.intp)
        starts[[sentence.start for sentence in doc.sents]] = 1
        numbers = starts.cumsum()
        return [list(sentence) for _, sentence in groupby(words, key=numbers.__getitem__)]
    begins, lengths = doc.to_array(["IDX", "LENGTH"]).reshape(-1, 2)[words].T
    offsets = list(zip(begins.tolist(), (begins + lengths).tolist(), strict=True))
    remaining = iter(words)
    found = group_sentences(doc.text, offsets, newline)
    return [[next(remaining) for _ in sentence] for sentence in found]


def whole_text(doc: Doc) -> list[list[int]]:
    """Return the indices of all tokens but white space, as one sentence; none without any."""
    words = np.flatnonzero(doc.to_array("IS_SPACE") == 0).tolist()
    return [words] if words else []


def joined(sentences: Sequence[Sentence]) -> list[Sentence]:
    """Join the sentences of an example (see `gold_of`) into one; without any there is none."""
    if len(sentences) < 2:
        return list(sentences)
    tokens = [token for of_sentence, _ in sentences for token in of_sentence]
    heads = sentences[0][1]
    tags = {
        head: heads[head] if head == CATS else [tag for _, of in sentences for tag in of[head]]
        for head in heads
    }
    return [(tokens, tags)]


def mark_sentences(doc: Doc, sentences: Sequence[Sequence[int]]) -> None:
    """Mark where sentences start.

    All are written at once: spaCy scans the whole document at each ``token.is_sent_start = …``,
    and refuses it if any token, even white space, has a dependency label.
    """
    starts = np.full(len(doc), -1, dtype=np.int64)
    starts[[0, *(sentence[0] for sentence in sentences[1:])]] = 1
    doc.from_array(["SENT_START"], starts.astype(np.uint64))  # type: ignore[arg-type]  # as in targets


def gold_of(example: Example) -> list[Sentence]:
    """Return the sentences of an example: tokens, and the gold tags of each annotated head.

    Spans are in BILUO, as in spaCy. None stands for an unknown tag: one that is missing, or whose
    tokens are not aligned. The labels of the document are those of each of its sentences.
    """
    doc = example.predicted
    columns: dict[str, list[str | None]] = {}
    if example.reference.has_annotation("ENT_IOB"):
        columns["ner"] = [None if tag in (None, "-") else tag for tag in example.get_aligned_ner()]
    for head, attribute in (("xpos", "TAG"), ("upos", "POS")):
        if example.reference.has_annotation(attribute):
            tags = example.get_aligned(attribute, as_string=True)
            columns[head] = [tag or None for tag in tags]
    cats = example.reference.cats
    labels: dict[str, list[str | None]] = {}
    if cats:
        labels[CATS] = [label for label, prob in cats.items() if prob >= LEAST_PROB]
    return [
        (
            [doc[i].text for i in sentence],
            {head: [tags[i] for i in sentence] for head, tags in columns.items()} | labels,
        )
        for sentence in sentences_of(doc)
    ]
