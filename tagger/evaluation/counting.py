"""Counts of spans without seqeval, for a deployment that does not have it.

seqeval needs scikit-learn and SciPy, which are larger than everything else that predicting takes.
The two functions have the names, arguments and results of seqeval's; a test compares them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

from tagger.schemes import Scheme, spans


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
    zero_division: float = 0,
) -> tuple[list[float] | float, list[float] | float, list[float] | float]:
    """Return precision, recall and F1: of each label in order, or averaged over the labels.

    Args:
        gold: The right tags of each sentence, in BIO.
        predicted: The predicted tags of each sentence.
        average: ``micro`` over all spans, ``macro`` over the labels, None for each label.
        zero_division: The score where there is nothing to divide by.
    """
    right, found = set(get_entities(gold)), set(get_entities(predicted))
    n_gold, n_predicted = _by_label(right), _by_label(found)
    n_correct = _by_label(right & found)
    labels = sorted(n_gold | n_predicted)

    def scores(correct: int, n_predicted: int, n_gold: int) -> tuple[float, float, float]:
        precision = correct / n_predicted if n_predicted else zero_division
        recall = correct / n_gold if n_gold else zero_division
        total = precision + recall
        return precision, recall, 2 * precision * recall / total if total else 0.0

    if average == "micro":
        return scores(n_correct.total(), n_predicted.total(), n_gold.total())
    each = [scores(n_correct[x], n_predicted[x], n_gold[x]) for x in labels]
    columns = [list(values) for values in zip(*each, strict=True)]
    if average is None:
        return columns[0], columns[1], columns[2]
    precision, recall, f1 = (sum(values) / len(values) for values in columns)
    return precision, recall, f1


def _by_label(entities: Iterable[tuple[str, int, int]]) -> Counter[str]:
    return Counter(label for label, _, _ in entities)
