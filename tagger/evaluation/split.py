"""The scores of a loaded model on a split with gold tokens."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

import msgspec

from tagger.evaluation.by_threshold import AtThreshold
from tagger.evaluation.coverage import Coverage
from tagger.evaluation.reliability import Reliability, reliability
from tagger.evaluation.scores import Scores, SpanScores, TokenScores, score_spans, score_tokens
from tagger.evaluation.selection import PIECE
from tagger.evaluation.texts import ExactScore, TextScores, score_exact, score_texts
from tagger.findings import Finding
from tagger.formats.records import TextLabel
from tagger.formats.text_labels import listed
from tagger.runtime.labelling import label_names
from tagger.runtime.results import Labels, each_label
from tagger.schemes import Scheme, spans

if TYPE_CHECKING:
    import datasets

    from tagger.model.heads import HeadSpec
    from tagger.runtime.tagger import Tagger, TagsWithConfidence


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """Scores of a model by head, and the speed of tagging."""

    spans: dict[str, SpanScores]
    """Scores of heads with spans; on raw text of all heads, and of the bounds of ``tokens``."""
    tokens: dict[str, TokenScores]
    """Scores of heads with a tag for each token; empty on raw text."""
    texts: dict[str, TextScores] = {}
    """Scores of heads with labels of whole texts."""
    exact: ExactScore | None = None
    """Sentences with all labels and spans right, where there are heads of both kinds."""
    n_sentences: int
    n_tokens: int
    seconds: float
    """Wall time of the tagging alone; 0 where it was not measured."""
    raw: bool = False
    """Whether untokenized text was tagged and spans of characters were compared."""
    title: str = ""
    """The model, the corpus and the split."""
    findings: tuple[Finding, ...] = ()
    """Problems in the files of the corpus, and what was done about them."""
    reliability: dict[str, Reliability] = {}
    """By head, how well the confidence of what it finds agrees with what is right, where it was
    asked for."""
    by_threshold: dict[str, tuple[AtThreshold, ...]] = {}
    """By head with spans, the scores at each of several thresholds, where they were asked for."""
    coverage: dict[str, tuple[Coverage, ...]] = {}
    """By head with spans, what masking would leave, where it was asked for."""

    @property
    def main(self) -> dict[str, float]:
        """By head the score that models are compared by: F1 or accuracy."""
        by_head: dict[str, Scores | TextScores] = {**self.spans, **self.tokens, **self.texts}
        return {head: scores.main for head, scores in by_head.items()}

    def __repr__(self) -> str:
        scores = [f"{head} F1 {100 * scores.main:.2f}" for head, scores in self.spans.items()]
        others: dict[str, Scores | TextScores] = {**self.tokens, **self.texts}
        scores += [f"{head} {100 * scores.main:.2f} %" for head, scores in others.items()]
        return f"Evaluation({', '.join(scores)}; {self.n_sentences:,} sentences)"


class Tagged(msgspec.Struct, frozen=True):
    """A sentence with its gold and predicted tags by head."""

    tokens: list[str]
    gold: dict[str, list[str | None]]
    predicted: dict[str, list[str]]
    confidence: dict[str, list[float]] = {}
    """By head a probability for each token, as in `TagsWithConfidence`, where it was asked for."""
    gold_labels: dict[str, TextLabel] = {}
    """By head that labels texts."""
    labels: dict[str, Labels] = {}
    """The predicted ones, with their probabilities."""


class TagsSentences(Protocol):
    """Tags sentences of tokens; `tagger.runtime.tagger.Tagger` is one."""

    def tag(
        self, sentences: Iterable[Sequence[str]], heads: Sequence[str]
    ) -> list[dict[str, list[str]]]:
        """Return the tags of each sentence by head."""
        ...


class LabelsSentences(TagsSentences, Protocol):
    """Labels sentences as a whole, too; `tagger.runtime.tagger.Tagger` is one."""

    def annotate(
        self, sentences: Iterable[Sequence[str]], heads: Sequence[str], *, confidence: bool = False
    ) -> list[TagsWithConfidence]:
        """Return the tags and the labels of each sentence by head."""
        ...


def tag_split(
    tagger: TagsSentences | LabelsSentences, split: datasets.Dataset, heads: Sequence[HeadSpec]
) -> Iterator[list[Tagged]]:
    """Tag a split piece by piece.

    Args:
        tagger: The model; one that labels sentences where a head is of kind ``text``.
        split: Sentences with a column for each of ``heads``.
        heads: Heads that both have.
    """
    names = [head.name for head in heads]
    if any(head.kind == "text" for head in heads):
        yield from _annotated(cast("LabelsSentences", tagger), split, heads, confidence=False)
        return
    for sentences, gold, _ in _pieces(split, heads):
        yield list(map(Tagged, sentences, gold, tagger.tag(sentences, names)))


def _annotated(
    tagger: LabelsSentences, split: datasets.Dataset, heads: Sequence[HeadSpec], *, confidence: bool
) -> Iterator[list[Tagged]]:
    names = [head.name for head in heads]
    for sentences, gold, labels in _pieces(split, heads):
        found = tagger.annotate(sentences, names, confidence=confidence)
        yield [
            Tagged(tokens, right, one.tags, one.confidence, of_text, one.labels)
            for tokens, right, of_text, one in zip(sentences, gold, labels, found, strict=True)
        ]


Piece: TypeAlias = tuple[
    list[list[str]], list[dict[str, list[str | None]]], list[dict[str, TextLabel]]
]


def _pieces(split: datasets.Dataset, heads: Sequence[HeadSpec]) -> Iterator[Piece]:
    """Yield the tokens of some sentences, and for each its gold tags and labels by head."""
    names = [[h.name for h in heads if (h.kind == "text") is whole] for whole in (False, True)]
    for rows in split.select_columns(["tokens", *names[0], *names[1]]).iter(PIECE):
        sentences = rows["tokens"]
        tags, labels = (
            [{head: rows[head][i] for head in some} for i in range(len(sentences))]
            for some in names
        )
        yield sentences, tags, labels


def evaluate_split(
    tagger: TagsSentences | LabelsSentences,
    split: datasets.Dataset,
    heads: Sequence[HeadSpec],
    not_annotated: Mapping[str, Set[str]] | None = None,
) -> tuple[Evaluation, list[Tagged]]:
    """Score a model on gold tokens.

    Args:
        tagger: The model.
        split: Sentences with a column for each of ``heads``.
        heads: The heads to score.
        not_annotated: By span head labels that the corpus does not annotate: predictions of them
            can be neither right nor wrong, and are counted separately.

    Returns:
        The scores, and every sentence as it was tagged.
    """
    started = time.perf_counter()
    pieces = tag_split(tagger, split, heads)
    tagged = [sentence for piece in pieces for sentence in piece]
    seconds = time.perf_counter() - started
    return _scored(tagged, heads, not_annotated or {}, seconds), tagged


def evaluate_confidence(
    tagger: Tagger,
    split: datasets.Dataset,
    heads: Sequence[HeadSpec],
    not_annotated: Mapping[str, Set[str]] | None = None,
) -> tuple[Evaluation, list[Tagged]]:
    """Score a model on gold tokens, its confidence included; see `evaluate_split`."""
    left_out = not_annotated or {}
    started = time.perf_counter()
    pieces = _annotated(tagger, split, heads, confidence=True)
    tagged = [sentence for piece in pieces for sentence in piece]
    scores = _scored(tagged, heads, left_out, time.perf_counter() - started)
    found = {
        head.name: reliability_of_labels(tagged, head)
        if head.kind == "text"
        else reliability_of(tagged, head, left_out.get(head.name, frozenset()))
        for head in heads
    }
    return msgspec.structs.replace(scores, reliability=found), tagged


def _scored(
    tagged: Sequence[Tagged],
    heads: Sequence[HeadSpec],
    not_annotated: Mapping[str, Set[str]],
    seconds: float,
) -> Evaluation:
    of_spans: dict[str, SpanScores] = {}
    of_tokens: dict[str, TokenScores] = {}
    of_texts: dict[str, TextScores] = {}
    for head in heads:
        if head.kind == "text":
            of_texts[head.name] = score_texts(
                [sentence.gold_labels[head.name] for sentence in tagged],
                [label_names(sentence.labels[head.name]) for sentence in tagged],
                head.labels,
                multi_label=head.decoder == "sigmoid",
            )
            continue
        gold: list[Any] = [sentence.gold[head.name] for sentence in tagged]
        predicted = [sentence.predicted[head.name] for sentence in tagged]
        if head.kind == "span":
            left_out = not_annotated.get(head.name, frozenset())
            of_spans[head.name] = score_spans(gold, predicted, head.labels, left_out)
        else:
            of_tokens[head.name] = score_tokens(gold, predicted, head.tags)
    return Evaluation(
        spans=of_spans,
        tokens=of_tokens,
        texts=of_texts,
        exact=exact_of(tagged, list(of_texts), list(of_spans)) if of_texts and of_spans else None,
        n_sentences=len(tagged),
        n_tokens=sum(len(sentence.tokens) for sentence in tagged),
        seconds=seconds,
    )


def exact_of(tagged: Sequence[Tagged], texts: Sequence[str], spans: Sequence[str]) -> ExactScore:
    """Count the sentences whose labels of some heads and spans of others are all right."""
    return score_exact(
        [*texts, *spans],
        [
            [(one.gold_labels[head], label_names(one.labels[head])) for head in texts]
            for one in tagged
        ],
        [[(one.gold[head], one.predicted[head]) for head in spans] for one in tagged],
    )


def reliability_of_labels(tagged: Sequence[Tagged], head: HeadSpec) -> Reliability:
    """Compare the probabilities of the labels that are found with what is right."""
    probs: list[float] = []
    right: list[bool] = []
    for sentence in tagged:
        gold, found = listed(sentence.gold_labels[head.name]), sentence.labels[head.name]
        if gold is not None:
            probs += [one.prob for one in each_label(found)]
            right += [one.label in gold for one in each_label(found)]
    return reliability(probs, right)


def reliability_of(tagged: Sequence[Tagged], head: HeadSpec, left_out: Set[str]) -> Reliability:
    """Compare the confidence of spans, or of tags, with what is right.

    Args:
        tagged: Sentences, with confidence.
        head: A head of theirs.
        left_out: Labels of which spans are neither right nor wrong, as are spans that touch a token
            without a gold tag.
    """
    probs: list[float] = []
    right: list[bool] = []
    for sentence in tagged:
        gold, found = sentence.gold[head.name], sentence.predicted[head.name]
        sure = sentence.confidence[head.name]
        if head.kind == "token":
            known = [i for i, tag in enumerate(gold) if tag is not None]
            probs += [sure[i] for i in known]
            right += [gold[i] == found[i] for i in known]
            continue
        of_gold = set(spans([tag or "O" for tag in gold], Scheme.BIO))
        for span in spans(found, Scheme.BIO):
            if span.label not in left_out and None not in gold[span.start : span.end]:
                probs.append(sure[span.start])
                right.append(span in of_gold)
    return reliability(probs, right)
