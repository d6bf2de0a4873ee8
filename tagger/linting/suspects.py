"""What a model doubts: gold spans, and their absence, by their exact probability.

The probability of a gold span is that of all tag sequences that contain exactly this span; that of
an absence, of all sequences that leave these tokens outside of spans (`tagger.runtime.marginals`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from typing import NamedTuple

import numpy as np

from tagger.linting.codes import CODES
from tagger.linting.records import CodedFinding, Collector, PlacedSentence, quoted
from tagger.model.heads import HeadSpec
from tagger.runtime.candidates import Spans, SpanTags
from tagger.runtime.decoding import Floats, Ids
from tagger.runtime.marginals import Marginals
from tagger.runtime.predictor import Predictor
from tagger.schemes import OUTSIDE, Span

__all__ = ["DOUBTED", "Doubt", "Suspect", "doubts", "report_suspects"]

DOUBTED = 0.5
"""The probability below which an annotation is suspect."""

_PIECE = 1000  # sentences


class Suspect(CodedFinding, frozen=True, kw_only=True):
    """An annotation that a model doubts.

    Attributes:
        annotated: The label of the gold span; ``O`` where there is none.
        predicted: The label of the model's span; ``O`` where there is none.
        probability: The probability of what is annotated.
        predicted_probability: The probability of what the model predicts.
        sentence: The tokens of the sentence, with spaces between them.
        start: The first token of the annotated span, or else of the predicted one, from 0.
        end: The token after its last one.
    """

    annotated: str
    predicted: str
    probability: float
    predicted_probability: float
    sentence: str
    start: int
    end: int


class Doubt(NamedTuple):
    """A gold span or the absence of one, and what a model predicts instead."""

    sentence: PlacedSentence
    gold: Span | None
    predicted: Span | None
    probability: float
    predicted_probability: float

    @property
    def is_suspect(self) -> bool:
        """Whether the model predicts something else, and doubts what is annotated."""
        return self.code is not None and self.probability < DOUBTED

    @property
    def code(self) -> str | None:
        """The code of the finding; None where the model predicts what is annotated."""
        if self.gold == self.predicted:
            return None
        if self.gold is None:
            return "M104"
        if self.predicted is None:
            return "M103"
        return "M101" if self.gold[:2] == self.predicted[:2] else "M102"


def doubts(
    predictor: Predictor,
    head: HeadSpec,
    sentences: Sequence[PlacedSentence],
    not_annotated: Set[str] = frozenset(),
) -> Iterator[Doubt]:
    """Yield each gold span that the model knows the label of, and each span that it adds.

    Args:
        predictor: The model.
        head: A head with spans.
        sentences: The sentences, with their gold spans.
        not_annotated: Labels of the model that the corpus does not annotate.
    """
    tags = SpanTags(head)
    marginals = predictor.marginals(head)
    for start in range(0, len(sentences), _PIECE):
        some = sentences[start : start + _PIECE]
        forms = [token for sentence in some for token in sentence.tokens]
        lengths = np.array([len(sentence.tokens) for sentence in some], dtype=np.int64)
        past = 0
        for emissions, of_some in predictor.score(forms, lengths, [head]):
            first, past = past, past + len(of_some)
            found = _Scored(predictor, head, tags, marginals, emissions[head.name], of_some)
            yield from found.doubts(some[first:past], not_annotated)


class _Scored:
    """Sentences with the probabilities of their spans."""

    def __init__(
        self,
        predictor: Predictor,
        head: HeadSpec,
        tags: SpanTags,
        marginals: Marginals,
        emissions: Floats,
        lengths: Ids,
    ) -> None:
        self._head, self._tags, self._lengths = head, tags, lengths
        self._table = predictor.tables[head.name]
        self._marginals = marginals
        self._posterior = marginals.posterior(emissions, lengths)
        self._best = predictor.decode(head, emissions, lengths)

    def doubts(
        self, sentences: Sequence[PlacedSentence], not_annotated: Set[str]
    ) -> Iterator[Doubt]:
        """Yield the doubts of each sentence."""
        head = self._head
        starts = np.cumsum(self._lengths) - self._lengths
        places = {label: i for i, label in enumerate(head.labels)}
        gold = [
            (number, span)
            for number, sentence in enumerate(sentences)
            for span in sentence.spans[head.name]
            if span.label in places
        ]
        gold_spans = self._spans(gold, starts, places)
        gold_ids = np.full(len(self._best), self._tags.outside, dtype=np.int64)
        self._tags.write(gold_spans, gold_ids)
        best_spans = self._table.spans(self._best)
        number_of = np.repeat(np.arange(len(sentences)), self._lengths)
        best = [
            (number, Span(first - int(starts[number]), last + 1 - int(starts[number]), label))
            for first, last, label in best_spans
            for number in [int(number_of[first])]
            if label not in not_annotated
        ]
        best_places = self._spans(best, starts, places)
        of_gold = self._probs(gold_ids, gold_spans)
        of_best = self._probs(self._best, best_places)
        outside = np.full(len(self._best), self._tags.outside, dtype=np.int64)
        gold_absent = self._probs(outside, gold_spans)
        best_absent = self._probs(outside, best_places)
        by_sentence: dict[int, list[tuple[Span, float]]] = {}
        for (number, span), prob in zip(best, of_best, strict=True):
            by_sentence.setdefault(number, []).append((span, prob))
        for (number, span), prob, absent in zip(gold, of_gold, gold_absent, strict=True):
            over = [one for one in by_sentence.get(number, ()) if _overlap(one[0], span)]
            # The one with the same bounds, or else the surest.
            equal = [one for one in over if one[0][:2] == span[:2]]
            predicted, sure = max(equal or over, key=_prob, default=(None, absent))
            yield Doubt(sentences[number], span, predicted, prob, sure)
        for (number, span), prob, absent in zip(best, of_best, best_absent, strict=True):
            sentence = sentences[number]
            known = sentence.tags[head.name][span.start : span.end]
            if None in known or any(_overlap(one, span) for one in sentence.spans[head.name]):
                continue
            yield Doubt(sentence, None, span, absent, prob)

    def _spans(
        self, found: Sequence[tuple[int, Span]], starts: Ids, places: dict[str, int]
    ) -> Spans:
        first = [int(starts[number]) + span.start for number, span in found]
        last = [int(starts[number]) + span.end - 1 for number, span in found]
        label = [places[span.label] for _, span in found]
        return Spans(_ids(first), _ids(last), _ids(label), np.zeros(len(found)))

    def _probs(self, tag_ids: Ids, spans: Spans) -> list[float]:
        """Return the probabilities that spans have just these tags and end there."""
        probs: list[float] = self._marginals.spans(
            self._posterior,
            self._lengths,
            tag_ids,
            spans.first,
            spans.last,
            self._table.continues,
        ).tolist()
        return [min(max(prob, 0.0), 1.0) for prob in probs]


def _ids(values: list[int]) -> Ids:
    return np.array(values, dtype=np.int64)


def _prob(one: tuple[Span | None, float]) -> float:
    return one[1]


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def report_suspects(found: Collector, head: str, ranked: Sequence[Doubt]) -> list[Suspect]:
    """Add the findings of doubts, and return them in the order that is given."""
    suspects = []
    for doubt in ranked:
        code = doubt.code
        if code is None or not doubt.is_suspect or not found.wants(code):
            continue
        sentence = doubt.sentence
        span = doubt.gold or doubt.predicted
        assert span is not None
        suspect = Suspect(
            code=code,
            kind=CODES[code].title,
            path=sentence.path,
            line=sentence.line(span.start),
            head=head,
            example=_words(doubt, span),
            annotated=doubt.gold.label if doubt.gold else OUTSIDE,
            predicted=doubt.predicted.label if doubt.predicted else OUTSIDE,
            probability=round(doubt.probability, 6),
            predicted_probability=round(doubt.predicted_probability, 6),
            sentence=" ".join(sentence.tokens),
            start=span.start,
            end=span.end,
        )
        suspects.append(suspect)
    found.findings += suspects
    return suspects


def _words(doubt: Doubt, span: Span) -> str:
    sentence, gold, predicted = doubt.sentence, doubt.gold, doubt.predicted
    annotated = gold.label if gold else OUTSIDE
    what = predicted.label if predicted else OUTSIDE
    if gold and predicted and gold[:2] != predicted[:2]:
        what = f"{quoted(sentence.form(predicted))} {what}"
    where = f" in document {sentence.document}" if sentence.document else ""
    return (
        f"{quoted(sentence.form(span))} is {annotated} ({doubt.probability:.1%}), "
        f"the model says {what} ({doubt.predicted_probability:.1%}){where}"
    )
