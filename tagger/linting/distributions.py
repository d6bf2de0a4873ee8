"""Checks of splits: labels that one lacks or has more often, entities that train has already."""

from __future__ import annotations

import math
from collections import Counter

from tagger.formats.text_labels import as_list
from tagger.linting.records import OF_CONTEXT, Collector, GoldCorpus, PlacedSentence
from tagger.tables import counted

__all__ = ["check_distributions"]

_EXPECTED = 10
"""Expected occurrences from which on it is no accident that a label is missing."""

_RATIO, _DEVIATIONS = 2.0, 5.0
"""Frequencies differ if one is twice the other and five standard deviations away from it."""

_SEEN, _MIN_SPANS = 0.9, 50
"""The share of entities seen in train from which on a split measures memory."""


def check_distributions(corpus: GoldCorpus, found: Collector) -> None:
    """Compare dev and test with train."""
    splits = corpus.splits()
    train = splits.get("train", [])
    if not train:
        return
    paths = {file.split: file.path for file in reversed(corpus.files)}
    for head in corpus.text_heads:
        of_train = _labels(train, head)
        for split, sentences in splits.items():
            of_split = _labels(sentences, head)
            if split != "train" and of_train[1] and of_split[1]:
                _compare(head, of_train, of_split, split, paths, found, "texts")
    for head in corpus.heads:
        known, n_known = _counts(corpus, train, head)
        for split, sentences in splits.items():
            if split == "train" or not any(head in sentence.tags for sentence in sentences):
                continue
            counts, n = _counts(corpus, sentences, head)
            if n and n_known:
                _compare(head, (known, n_known), (counts, n), split, paths, found)
            if corpus.heads[head] == "span" and head != OF_CONTEXT:
                _check_seen(head, train, sentences, split, paths[split], found)


def _labels(sentences: list[PlacedSentence], head: str) -> tuple[Counter[str], int]:
    """Count the labels of texts, and the texts that have any."""
    found = [as_list(label) for one in sentences if (label := one.labels.get(head)) is not None]
    return Counter(label for labels in found for label in labels), len(found)


def _counts(
    corpus: GoldCorpus, sentences: list[PlacedSentence], head: str
) -> tuple[Counter[str], int]:
    """Count labels or tags, and all the tokens."""
    counts: Counter[str] = Counter()
    for sentence in sentences:
        if corpus.heads[head] == "span":
            counts.update(span.label for span in sentence.spans.get(head, ()))
        else:
            counts.update(tag for tag in sentence.tags.get(head, ()) if tag)
    return counts, sum(len(sentence.tokens) for sentence in sentences)


def _compare(
    head: str,
    train: tuple[Counter[str], int],
    other: tuple[Counter[str], int],
    split: str,
    paths: dict[str, str],
    found: Collector,
    unit: str = "tokens",
) -> None:
    (known, n_known), (counts, n) = train, other
    for label in sorted(known.keys() | counts.keys()):
        in_train, in_split = known[label], counts[label]
        expected = in_train / n_known * n
        if not in_train:
            found.add(
                "D301",
                paths["train"],
                None,
                f"{label}, {counted(in_split, 'time')} in {split}",
                head=head,
            )
        elif not in_split:
            if expected >= _EXPECTED:
                example = f"{label}, {counted(in_train, 'time')} in train"
                found.add("D301", paths[split], None, example, head=head)
        elif expected >= _EXPECTED:
            ratio = max(in_split / expected, expected / in_split)
            if ratio >= _RATIO and abs(in_split - expected) >= _DEVIATIONS * math.sqrt(expected):
                example = (
                    f"{label} is {1000 * in_split / n:.1f} in 1,000 {unit}, "
                    f"{1000 * in_train / n_known:.1f} in train"
                )
                found.add("D302", paths[split], None, example, head=head)


def _check_seen(
    head: str,
    train: list[PlacedSentence],
    sentences: list[PlacedSentence],
    split: str,
    path: str,
    found: Collector,
) -> None:
    known = {
        (sentence.form(span), span.label)
        for sentence in train
        for span in sentence.spans.get(head, ())
    }
    spans = [
        (sentence.form(span), span.label)
        for sentence in sentences
        for span in sentence.spans.get(head, ())
    ]
    if not spans:
        return
    n_seen = sum(span in known for span in spans)
    share = n_seen / len(spans)
    found.facts.append(
        f"{head}: {share:.0%} of the {len(spans):,} entities of {split} occur in train"
    )
    if share >= _SEEN and len(spans) >= _MIN_SPANS:
        found.add("D303", path, None, f"{n_seen:,} of {len(spans):,} occur in train", head=head)
