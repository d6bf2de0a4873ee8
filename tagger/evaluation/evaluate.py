"""A model's scores on a split of a corpus."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from tagger.errors import UsageError, unknown_name
from tagger.evaluation.scores import Scores, SpanScores, TokenScores, score_spans, score_tokens

if TYPE_CHECKING:
    import datasets

    from tagger.model.heads import HeadSpec
    from tagger.runtime.tagger import Tagger

PIECE = 1000


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """Scores by head, and how fast the tagging was."""

    spans: dict[str, SpanScores]
    tokens: dict[str, TokenScores]
    n_sentences: int
    n_tokens: int
    seconds: float
    """Wall time of the tagging alone."""

    @property
    def main(self) -> dict[str, float]:
        """By head the number that models are compared by: F1 or accuracy."""
        by_head: dict[str, Scores] = {**self.spans, **self.tokens}
        return {head: scores.main for head, scores in by_head.items()}


class Tagged(msgspec.Struct, frozen=True):
    """A sentence with its gold and predicted tags by head."""

    tokens: list[str]
    gold: dict[str, list[str | None]]
    predicted: dict[str, list[str]]


class Selection(NamedTuple):
    """What a model is scored on."""

    data: datasets.Dataset
    heads: list[HeadSpec]
    """The heads that both have."""
    split: str
    not_annotated: dict[str, frozenset[str]]
    """By span head the model's labels that occur nowhere in the corpus."""
    mended: list[str]
    """What of the corpus is read in another way than it stands in its files."""
    files: tuple[str, ...]
    """The files of the corpus."""


def select_split(
    directory: Path,
    tagger: Tagger,
    source: str,
    split: str | None = None,
    heads: Sequence[str] | None = None,
    *,
    columns: str | None = None,
    data_dir: Path | None = None,
    strict: bool = False,
) -> Selection:
    """Load a split as the model knows the corpus, with the heads that both have.

    Args:
        directory: The model's directory, whose configuration may rename the corpus's labels.
        tagger: The model.
        source: A corpus.
        split: ``train``, ``dev`` or ``test``; None for test, or for the only one there is.
        heads: The heads wanted; None for all that both have.
        columns: The columns of the corpus's files.
        data_dir: Where to look for named corpora first.
        strict: Stop at a tag outside its scheme.

    Raises:
        UsageError: No such split or head, or nothing to compare.
        CorpusError: The corpus is not found or cannot be read.
    """
    from tagger.config import corpus_settings
    from tagger.corpus import SPLITS
    from tagger.corpus.renaming import load_configured
    from tagger.model.directory import read_config_of

    settings = corpus_settings(read_config_of(directory), source)
    corpus = load_configured(
        source, settings, data_dir=data_dir, strict=strict, columns=columns, may_lack=True
    )
    if split is None:
        split = next(iter(corpus.splits)) if len(corpus.splits) == 1 else "test"
    if split not in SPLITS:
        raise UsageError(unknown_name("split", split, SPLITS))
    if split not in corpus.splits:
        raise UsageError(f"{corpus.name}: no {split} split (there: {', '.join(corpus.splits)})")
    columns_there = {head.name: head.kind for head in corpus.heads}
    shared = [head for head in tagger.choose(heads) if columns_there.get(head.name) == head.kind]
    missing = [name for name in heads or () if name not in {head.name for head in shared}]
    if missing or not shared:
        raise UsageError(
            f"{corpus.name} has no gold tags for {', '.join(missing) or 'any head of the model'} "
            f"(it has: {', '.join(columns_there)}; the model: "
            f"{', '.join(head.name for head in tagger.heads)})"
        )
    # Labels that the split itself lacks may be in the others; those need not be read as a rule.
    left_out = not_annotated((corpus.splits[split], *corpus.splits.values()), shared)
    files = tuple(corpus.files.values())
    return Selection(corpus.splits[split], shared, split, left_out, corpus.mended, files)


def not_annotated(
    splits: Iterable[datasets.Dataset], heads: Sequence[HeadSpec]
) -> dict[str, frozenset[str]]:
    """By span head the labels that a corpus has nowhere.

    Args:
        splits: Of the corpus; no more of them are read than it takes to see every label.
        heads: Of the model, those that the corpus has.
    """
    lacking = {head.name: set(head.labels) for head in heads if head.kind == "span"}
    for data in splits:
        for name, labels in lacking.items():
            if labels:
                labels -= labels_of(data, name)
    return {name: frozenset(labels) for name, labels in lacking.items()}


def labels_of(data: datasets.Dataset, head: str) -> set[str]:
    """The labels of the spans of a split."""
    return {
        tag[2:]
        for rows in data.select_columns([head]).iter(PIECE)
        for tags in rows[head]
        for tag in tags
        if tag not in (None, "O")
    }


def tag_split(
    tagger: Tagger, split: datasets.Dataset, heads: Sequence[str]
) -> Iterator[list[Tagged]]:
    """Tag a split piece by piece.

    Args:
        tagger: The model.
        split: Sentences with a column for each of ``heads``.
        heads: Heads that both have.
    """
    for rows in split.select_columns(["tokens", *heads]).iter(PIECE):
        predicted = tagger.tag(rows["tokens"], heads)
        yield [
            Tagged(tokens, {head: rows[head][i] for head in heads}, predicted[i])
            for i, tokens in enumerate(rows["tokens"])
        ]


def evaluate(
    tagger: Tagger,
    split: datasets.Dataset,
    heads: Sequence[HeadSpec],
    not_annotated: Mapping[str, Set[str]] | None = None,
) -> tuple[Evaluation, list[Tagged]]:
    """Score a model on gold tokens.

    Args:
        tagger: The model.
        split: Sentences with a column for each of ``heads``.
        heads: The heads to score.
        not_annotated: By span head labels that the corpus does not annotate: what is predicted
            with them can be neither right nor wrong, and is counted apart.

    Returns:
        The scores, and every sentence as it was tagged.
    """
    names = [head.name for head in heads]
    started = time.perf_counter()
    tagged = [sentence for piece in tag_split(tagger, split, names) for sentence in piece]
    seconds = time.perf_counter() - started
    spans: dict[str, SpanScores] = {}
    tokens: dict[str, TokenScores] = {}
    for head in heads:
        gold: list[Any] = [sentence.gold[head.name] for sentence in tagged]
        predicted = [sentence.predicted[head.name] for sentence in tagged]
        if head.kind == "span":
            left_out = (not_annotated or {}).get(head.name, frozenset())
            spans[head.name] = score_spans(gold, predicted, head.labels, left_out)
        else:
            tokens[head.name] = score_tokens(gold, predicted, head.tags)
    return Evaluation(
        spans=spans,
        tokens=tokens,
        n_sentences=len(tagged),
        n_tokens=sum(len(sentence.tokens) for sentence in tagged),
        seconds=seconds,
    ), tagged
