"""Entity-level precision, recall and F1, and token accuracy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence, Set
from typing import TypeAlias

import msgspec

from tagger.evaluation.counting import LabelScore
from tagger.schemes import Scheme, spans

Sentences: TypeAlias = Sequence[Sequence[str]]


class SpanScores(msgspec.Struct, frozen=True, kw_only=True):
    """Scores of spans, counted as conlleval counts: a span is right if bounds and label are."""

    micro: LabelScore
    macro: LabelScore
    """Means over the labels; equal to ``micro`` where there are no labels."""
    labels: dict[str, LabelScore]
    accuracy: float | None
    """The share of tokens with the right tag, ``O`` included; None on raw text."""
    n_tokens: int
    unknown_labels: tuple[str, ...] = ()
    """Gold labels that the model does not have and cannot find."""
    not_scored: dict[str, int] = {}
    """Predicted spans by label that the corpus does not annotate; they do not count."""

    @property
    def main(self) -> float:
        """The score that models are compared by: micro F1."""
        return self.micro.f1


class TokenScores(msgspec.Struct, frozen=True, kw_only=True):
    """Scores of a head with a tag for each token."""

    accuracy: float
    n_tokens: int
    n_unknown: int
    """Gold tags that the model does not have and cannot assign."""

    @property
    def main(self) -> float:
        """The score that models are compared by: accuracy."""
        return self.accuracy


Scores: TypeAlias = SpanScores | TokenScores


def score_spans(
    gold: Sequence[Sequence[str | None]],
    predicted: Sentences,
    known: Iterable[str] | None = None,
    left_out: Set[str] = frozenset(),
) -> SpanScores:
    """Score BIO tags with seqeval, whose default mode reads tags as conlleval does.

    Args:
        gold: The gold tags of each sentence; where one is None, nothing is right or wrong.
        predicted: As many tags for each sentence.
        known: The labels that the model has.
        left_out: Labels of which predicted spans do not count.
    """
    try:
        from seqeval.metrics.sequence_labeling import get_entities, precision_recall_fscore_support
    except ModuleNotFoundError:
        from tagger.evaluation.counting import get_entities, precision_recall_fscore_support

    n_tokens = sum(tag is not None for tags in gold for tag in tags)
    given, predicted = gold, [list(tags) for tags in predicted]
    not_scored: Counter[str] = Counter()
    if left_out:
        not_scored.update(label for label, _, _ in get_entities(predicted) if label in left_out)
        predicted = [without(tags, left_out) for tags in predicted]
    n_equal = _n_equal(given, predicted)
    pairs = [where_known(*pair) for pair in zip(given, predicted, strict=True)]
    gold, predicted = [list(right) for right, _ in pairs], [found for _, found in pairs]
    n_gold = Counter(label for label, _, _ in get_entities(gold))
    n_predicted = Counter(label for label, _, _ in get_entities(predicted))
    labels = sorted(n_gold | n_predicted)

    def averaged(average: str | None) -> tuple[list[float], ...]:
        if not labels:
            return ([0.0], [0.0], [0.0])
        scores = precision_recall_fscore_support(gold, predicted, average=average, zero_division=0)
        return tuple(
            [float(x) for x in scores_of] if average is None else [float(scores_of)]
            for scores_of in scores[:3]
        )

    def score(values: Iterable[float], n_gold: int, n_predicted: int) -> LabelScore:
        precision, recall, f1 = values
        return LabelScore(
            precision=precision, recall=recall, f1=f1, n_gold=n_gold, n_predicted=n_predicted
        )

    by_label = zip(labels, *averaged(None), strict=False)
    return SpanScores(
        micro=score([x[0] for x in averaged("micro")], n_gold.total(), n_predicted.total()),
        macro=score([x[0] for x in averaged("macro")], n_gold.total(), n_predicted.total()),
        labels={
            label: score(values, n_gold[label], n_predicted[label]) for label, *values in by_label
        },
        accuracy=n_equal / max(n_tokens, 1),
        n_tokens=n_tokens,
        unknown_labels=tuple(sorted(set(n_gold) - set(n_gold if known is None else known))),
        not_scored=dict(not_scored),
    )


def where_known(
    gold: Sequence[str | None], predicted: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Remove predicted spans that touch a token without a gold tag, and gold spans under them."""
    right = [tag or "O" for tag in gold]
    if None not in gold:
        return right, list(predicted)
    found = list(predicted)
    for start, end, _ in spans(predicted, Scheme.BIO):
        if None in gold[start:end]:
            found[start:end] = ["O"] * (end - start)
            for first, past, _ in spans(right, Scheme.BIO):
                if first < end and start < past:
                    right[first:past] = ["O"] * (past - first)
    return right, found


def without(tags: Sequence[str], labels: Set[str]) -> list[str]:
    """Return tags without the spans of some labels."""
    return ["O" if tag[2:] in labels else tag for tag in tags]


def score_tokens(
    gold: Sequence[Sequence[str | None]], predicted: Sentences, known: Iterable[str] | None = None
) -> TokenScores:
    """Score a tag for each token; a token without a gold tag (None) does not count.

    Args:
        gold: The gold tags of each sentence.
        predicted: As many tags for each sentence.
        known: The tags that the model has.
    """
    tags = [tag for sentence in gold for tag in sentence if tag is not None]
    valid = set(tags if known is None else known)
    return TokenScores(
        accuracy=_n_equal(gold, predicted) / max(len(tags), 1),
        n_tokens=len(tags),
        n_unknown=sum(tag not in valid for tag in tags),
    )


def _n_equal(gold: Sequence[Sequence[str | None]], predicted: Sentences) -> int:
    return sum(
        right == tag
        for sentence, tags in zip(gold, predicted, strict=True)
        for right, tag in zip(sentence, tags, strict=True)
    )
