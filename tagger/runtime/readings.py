"""The best readings of sentences with their probabilities, and what else an entity may be."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import msgspec
import numpy as np

from tagger.errors import UsageError
from tagger.features.forms import Ids
from tagger.model.heads import HeadSpec
from tagger.runtime.candidates import Spans, SpanTags, candidates
from tagger.runtime.cutting import CutTexts
from tagger.runtime.documents import build_documents
from tagger.runtime.list_viterbi import ListViterbi, most_probable
from tagger.runtime.marginals import Probs
from tagger.runtime.predictor import DECODED_SCORES, Predictor
from tagger.runtime.results import Document, Entity, entity_to_dict

MOST = 100
"""The most readings of a sentence that can be asked for."""
LEAST = 0.01
"""The least probability of an alternative."""


class Reading(msgspec.Struct, frozen=True, gc=False):
    """One way to read a sentence."""

    probability: float
    """Of the whole sequence of tags, by the model, between 0 and 1."""
    entities: list[Entity]


class Readings(NamedTuple):
    """The best readings of a text."""

    document: Document
    """The text with its entities, with confidence."""
    sentences: list[list[Reading]]
    """Those of each sentence, the best first."""
    alternatives: list[list[Entity]]
    """For each entity of the document the spans that overlap it, with other bounds or another
    label, whose probability reaches `LEAST`; the most probable first."""

    def to_dict(self) -> dict[str, Any]:
        """Return the document as JSON holds it, with ``readings``, and ``alternatives`` inside."""
        data = self.document.to_dict()
        for entity, others in zip(data["entities"], self.alternatives, strict=True):
            entity["alternatives"] = list(map(entity_to_dict, others))
        data["readings"] = [
            [
                {
                    "probability": one.probability,
                    "entities": list(map(entity_to_dict, one.entities)),
                }
                for one in sentence
            ]
            for sentence in self.sentences
        ]
        return data


class _Found(NamedTuple):
    """What the sentences of some texts may be."""

    tag_ids: Ids  # (tokens,)
    confidence: Probs  # (tokens,)
    sequences: Ids  # (k, tokens)
    probs: Probs  # (k, sentences), 0 where there is no such sequence
    candidates: Spans


def head_of_readings(predictor: Predictor, names: Sequence[str] | None, k: int) -> HeadSpec:
    """Return the first head with spans of those named, or that of the entities for None.

    Raises:
        UsageError: It has no spans, or ``k`` is not a number from 1 to `MOST`.
    """
    if not isinstance(k, int) or isinstance(k, bool) or not 1 <= k <= MOST:
        raise UsageError(f"{k!r} readings; expected a whole number from 1 to {MOST}")
    chosen = predictor.choose(names)
    of_spans = [head for head in chosen if head.kind == "span"]
    if not of_spans:
        raise UsageError(
            f"only spans have readings, and {', '.join(head.name for head in chosen)} has none",
            hint="choose other {heads}",
        )
    return next((head for head in of_spans if head.name == "ner"), of_spans[0])


def read_texts(
    predictor: Predictor, cut: CutTexts, head: HeadSpec, k: int, thresholds: Mapping[str, Probs]
) -> list[Readings]:
    """Find the ``k`` best readings of each sentence of texts.

    Args:
        predictor: Of the model.
        cut: The texts.
        head: A head with spans.
        k: The number of readings.
        thresholds: As for `Predictor.predict`.
    """
    found = _joined(list(_read(predictor, cut, head, k, thresholds)), k)
    documents = build_documents(
        cut,
        {head.name: found.tag_ids},
        [head],
        predictor.tables,
        {head.name: found.confidence},
    )
    readings = _readings(predictor, cut, head, found)
    others = _alternatives(cut, head, documents, found.candidates)
    n_sentences = [0, *accumulate(len(of_text) for of_text in cut.sentences)]
    return [
        Readings(document, readings[first:past], of_document)
        for document, of_document, (first, past) in zip(
            documents, others, pairwise(n_sentences), strict=True
        )
    ]


def _read(
    predictor: Predictor, cut: CutTexts, head: HeadSpec, k: int, thresholds: Mapping[str, Probs]
) -> Iterator[_Found]:
    decode, tags = ListViterbi(predictor.transitions[head.name], k), SpanTags(head)
    marginals = predictor.marginals(head)
    least = np.full(len(head.labels), LEAST)
    past = 0
    budget = max(DECODED_SCORES // k, 1)
    for emissions, lengths in predictor.score(cut.forms, cut.lengths, [head], budget=budget):
        scores = emissions[head.name]
        posterior = marginals.posterior(scores, lengths)
        tag_ids, confidence = predictor.with_confidence(
            head, scores, lengths, posterior, thresholds.get(head.name)
        )
        sequences, probs = most_probable(decode, marginals, posterior, scores, lengths)
        spans = candidates(marginals, posterior, lengths, tags, least)
        spans = spans._replace(first=spans.first + past, last=spans.last + past)
        yield _Found(tag_ids, confidence, sequences, probs, spans)
        past += len(scores)


def _joined(parts: Sequence[_Found], k: int) -> _Found:
    if not parts:
        none = np.zeros(0, dtype=np.int64)
        spans = Spans(none, none, none, np.zeros(0))
        return _Found(none, np.zeros(0), none.reshape(k, 0), np.zeros((k, 0)), spans)
    return _Found(
        np.concatenate([part.tag_ids for part in parts]),
        np.concatenate([part.confidence for part in parts]),
        np.concatenate([part.sequences for part in parts], axis=1),
        np.concatenate([part.probs for part in parts], axis=1),
        Spans.joined([part.candidates for part in parts]),
    )


def _readings(
    predictor: Predictor, cut: CutTexts, head: HeadSpec, found: _Found
) -> list[list[Reading]]:
    """Return the readings of each sentence, those that exist."""
    texts = [
        (text, first)
        for text, first, sentences in zip(cut.texts, _starts(cut), cut.sentences, strict=True)
        for _ in sentences
    ]
    readings: list[list[Reading]] = [[] for _ in texts]
    offsets = [place for of_text in cut.offsets for place in of_text]
    pasts = np.cumsum(cut.lengths).tolist()
    known: dict[tuple[int, int, str], Entity] = {}  # most are in all readings of a sentence
    for tag_ids, probs in zip(found.sequences, found.probs.tolist(), strict=True):
        spans = predictor.tables[head.name].spans(tag_ids)
        i = 0
        for sentence, past, prob, (text, base) in zip(readings, pasts, probs, texts, strict=True):
            entities = []
            while i < len(spans) and spans[i][0] < past:
                if spans[i] not in known:
                    known[spans[i]] = _entity(text, offsets, base, *spans[i], None)
                entities.append(known[spans[i]])
                i += 1
            if prob > 0:
                sentence.append(Reading(prob, entities))
    return readings


def _alternatives(
    cut: CutTexts, head: HeadSpec, documents: Sequence[Document], spans: Spans
) -> list[list[list[Entity]]]:
    """Return for each entity of each document the other spans that overlap it."""
    of_spans = spans.where(np.argsort(spans.first, kind="stable"))
    rows = list(zip(*(values.tolist() for values in of_spans), strict=True))
    offsets = [place for of_text in cut.offsets for place in of_text]
    labels = head.labels
    firsts = of_spans.first.tolist()
    reached = np.maximum.accumulate(of_spans.last).tolist()  # the last token of those so far
    found = []
    for document, base in zip(documents, _starts(cut), strict=True):
        of_document = []
        for entity in document.entities:
            first, past = base + entity.start_token, base + entity.end_token
            near = [
                _entity(document.text, offsets, base, begin, last, labels[label], prob)
                for begin, last, label, prob in rows[
                    bisect_left(reached, first) : bisect_left(firsts, past)
                ]
                if first <= last
                if (begin, last + 1, labels[label]) != (first, past, entity.label)
            ]
            near.sort(key=lambda other: -(other.confidence or 0))
            of_document.append(near)
        found.append(of_document)
    return found


def _starts(cut: CutTexts) -> list[int]:
    """Return the first token of each text."""
    return [0, *accumulate(map(len, cut.offsets))][:-1]


def _entity(
    text: str,
    offsets: Sequence[tuple[int, int]],
    base: int,
    begin: int,
    last: int,
    label: str,
    confidence: float | None,
) -> Entity:
    start, end = offsets[begin][0], offsets[last][1]
    return Entity(text[start:end], label, start, end, begin - base, last + 1 - base, confidence)
