"""Counts of spans to precision, recall and F1.

The last two functions have the names, arguments and results of seqeval's, for a deployment that
does not have it: it needs scikit-learn and SciPy, which are larger than everything else that
predicting takes. A test compares them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Literal

import msgspec

from tagger.schemes import Scheme, spans


class LabelScore(msgspec.Struct, frozen=True, kw_only=True):
    """Scores of one label, or over all labels; shares between 0 and 1."""

    precision: float
    recall: float
    f1: float
    n_gold: int
    n_predicted: int


def label_score(n_gold: int, n_predicted: int, n_correct: int) -> LabelScore:
    """Score spans by their numbers.

    >>> label_score(n_gold=4, n_predicted=2, n_correct=1).f1
    0.3333333333333333
    """
    precision = n_correct / max(n_predicted, 1)
    recall = n_correct / max(n_gold, 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-12)
    return LabelScore(
        precision=precision, recall=recall, f1=f1, n_gold=n_gold, n_predicted=n_predicted
    )


def macro_average(labels: Collection[LabelScore]) -> LabelScore:
    """Average the shares over labels and add up the numbers."""

    def mean(values: Iterable[float]) -> float:
        return sum(values) / max(len(labels), 1)

    return LabelScore(
        precision=mean(label.precision for label in labels),
        recall=mean(label.recall for label in labels),
        f1=mean(label.f1 for label in labels),
        n_gold=sum(label.n_gold for label in labels),
        n_predicted=sum(label.n_predicted for label in labels),
    )


def get_entities(sentences: Sequence[Sequence[str]]) -> list[tuple[str, int, int]]:
    """Return the spans of BIO tags as ``(label, first token, last token)``.

    Tokens are counted over all sentences, with one place between two sentences.
    """
    found = []
    offset = 0
    for tags in sentences:
        found += [
            (label, offset + start, offset + end - 1)
            for start, end, label in spans(tags, Scheme.BIO)
        ]
        offset += len(tags) + 1
    return found


def precision_recall_fscore_support(
    gold: Sequence[Sequence[str]],
    predicted: Sequence[Sequence[str]],
    *,
    average: Literal["micro", "macro"] | None = None,
    zero_division: Literal[0] = 0,
) -> tuple[list[float] | float, list[float] | float, list[float] | float]:
    """Return precision, recall and F1: of each label in order, or averaged over the labels.

    Args:
        gold: The gold tags of each sentence, in BIO.
        predicted: The predicted tags of each sentence.
        average: ``micro`` over all spans, ``macro`` over the labels, None for each label.
        zero_division: The score where there is nothing to divide by.
    """
    right, found = set(get_entities(gold)), set(get_entities(predicted))
    n_gold, n_predicted = _by_label(right), _by_label(found)
    n_correct = _by_label(right & found)
    if average == "micro":
        micro = label_score(n_gold.total(), n_predicted.total(), n_correct.total())
        return micro.precision, micro.recall, micro.f1
    labels = sorted(n_gold | n_predicted)
    each = [label_score(n_gold[x], n_predicted[x], n_correct[x]) for x in labels]
    if average == "macro":
        macro = macro_average(each)
        return macro.precision, macro.recall, macro.f1
    return [one.precision for one in each], [one.recall for one in each], [one.f1 for one in each]


def _by_label(entities: Iterable[tuple[str, int, int]]) -> Counter[str]:
    return Counter(label for label, _, _ in entities)
