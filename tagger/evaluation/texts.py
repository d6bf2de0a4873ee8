"""Scores of labels of whole texts, and of texts whose labels and spans are all right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from tagger.evaluation.counting import LabelScore, label_score, macro_average
from tagger.formats.records import TextLabel
from tagger.formats.text_labels import as_list, listed
from tagger.schemes import Scheme, spans

__all__ = ["ExactScore", "TextScores", "score_exact", "score_texts"]


class TextScores(msgspec.Struct, frozen=True, kw_only=True):
    """Scores of a head with labels of whole texts; texts whose label is missing do not count."""

    accuracy: float
    """The share of texts whose label is right, or all of whose labels are."""
    micro: LabelScore
    macro: LabelScore
    """Means over the labels."""
    labels: dict[str, LabelScore]
    multi_label: bool
    """Whether a text may have several labels."""
    n_texts: int
    """Texts with a gold label."""
    n_missing: int = 0
    """Texts without one."""
    n_empty: int = 0
    """Texts without tokens, which the model does not label: they are wrong."""
    n_several: int = 0
    """Texts with several gold labels where the model finds only one: they are wrong."""
    unknown_labels: tuple[str, ...] = ()
    """Gold labels that the model does not have and cannot find."""

    @property
    def main(self) -> float:
        """The score that models are compared by: accuracy, or micro F1 with several labels."""
        return self.micro.f1 if self.multi_label else self.accuracy


class ExactScore(msgspec.Struct, frozen=True, kw_only=True):
    """How many sentences have all labels and all spans right."""

    heads: tuple[str, ...]
    share: float
    n_sentences: int
    """Sentences with a gold label and without an unknown tag."""


def score_texts(
    gold: Sequence[TextLabel],
    predicted: Sequence[TextLabel],
    known: Iterable[str],
    *,
    multi_label: bool = False,
) -> TextScores:
    """Score labels of texts.

    Args:
        gold: The labels of each text; None where they are missing.
        predicted: As many, None for a text without tokens.
        known: The labels that the model has.
        multi_label: Whether the model finds any number of labels.
    """
    n_right = n_empty = 0
    of_gold, found, right = Counter[str](), Counter[str](), Counter[str]()
    pairs = [(listed(g), listed(p)) for g, p in zip(gold, predicted, strict=True) if g is not None]
    for labels, guessed in pairs:
        expected, given = set(labels or ()), set(guessed or ())
        n_right += guessed is not None and expected == given
        n_empty += guessed is None
        of_gold.update(expected)
        found.update(given)
        right.update(expected & given)
    names = sorted(of_gold | found)
    by_label = {name: label_score(of_gold[name], found[name], right[name]) for name in names}
    return TextScores(
        accuracy=n_right / max(len(pairs), 1),
        micro=label_score(of_gold.total(), found.total(), right.total()),
        macro=macro_average(by_label.values()),
        labels=by_label,
        multi_label=multi_label,
        n_texts=len(pairs),
        n_missing=len(gold) - len(pairs),
        n_empty=n_empty,
        n_several=0 if multi_label else sum(len(set(labels or ())) > 1 for labels, _ in pairs),
        unknown_labels=tuple(sorted(set(of_gold) - set(known))),
    )


def score_exact(
    heads: Sequence[str],
    labels: Sequence[Sequence[tuple[TextLabel, TextLabel]]],
    tags: Sequence[Sequence[tuple[Sequence[str | None], Sequence[str]]]],
) -> ExactScore:
    """Count the sentences all of whose labels and spans are right.

    Args:
        heads: The names of the heads.
        labels: For each sentence gold and predicted labels, one pair for each head of texts.
        tags: For each sentence gold and predicted tags in BIO, one pair for each head of spans.
    """
    n_right = n = 0
    for of_texts, of_spans in zip(labels, tags, strict=True):
        if any(right is None for right, _ in of_texts) or any(None in r for r, _ in of_spans):
            continue
        n += 1
        n_right += all(set(as_list(r)) == set(as_list(f)) for r, f in of_texts) and all(
            spans([tag or "O" for tag in r], Scheme.BIO) == spans(f, Scheme.BIO)
            for r, f in of_spans
        )
    return ExactScore(heads=tuple(heads), share=n_right / max(n, 1), n_sentences=n)
