"""The split of a corpus that a model is scored on, and the heads and labels that both have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tagger.corpus.records import split_of_part
from tagger.errors import UsageError, unknown_name
from tagger.findings import Finding
from tagger.formats.records import Columns

if TYPE_CHECKING:
    import datasets

    from tagger.model.heads import HeadSpec
    from tagger.runtime.tagger import Tagger

PIECE = 1000
"""Sentences that are read together."""


class Selection(NamedTuple):
    """The data that a model is scored on."""

    data: datasets.Dataset
    heads: list[HeadSpec]
    """The heads that model and corpus share."""
    split: str
    not_annotated: dict[str, frozenset[str]]
    """By span head the model's labels that occur nowhere in the corpus."""
    findings: tuple[Finding, ...]
    """Problems in the files, and what was done about them."""
    files: tuple[str, ...]
    """The files of the corpus."""
    split_files: tuple[str, ...]
    """Those of the split, in order."""
    train: datasets.Dataset | None
    """The training sentences of the corpus, if it has any and another split was chosen."""


def select_split(
    directory: Path | None,
    tagger: Tagger,
    source: str,
    split: str | None = None,
    heads: Sequence[str] | None = None,
    *,
    columns: str | Columns | None = None,
    read_predictions: bool = False,
    data_dir: Path | None = None,
    strict: bool = False,
    preferred: str = "test",
) -> Selection:
    """Load a split of a corpus with the heads that the model and the corpus share.

    Args:
        directory: The model's directory, whose configuration may rename the corpus's labels; None
            to rename none.
        tagger: The model.
        source: A corpus.
        split: ``train``, ``dev`` or ``test``; None for the only one, or for ``preferred``.
        heads: The heads wanted; None for all shared ones.
        columns: The columns of the corpus's files.
        read_predictions: Take predictions for gold where a task of Label Studio is not annotated.
        data_dir: Where to look for named corpora first.
        strict: Stop at a tag outside its scheme.
        preferred: The split where none is named and there are several.

    Raises:
        UsageError: There is no such split or head, or no head or label in common.
        CorpusError: The corpus is not found or cannot be read.
    """
    from tagger.config import Config, corpus_settings
    from tagger.corpus import SPLITS
    from tagger.corpus.renaming import load_configured
    from tagger.model.directory import read_config_of

    config = Config() if directory is None else read_config_of(directory)
    settings = corpus_settings(config, source)
    corpus = load_configured(
        source,
        settings,
        data_dir=data_dir,
        strict=strict,
        columns=columns,
        read_predictions=read_predictions,
        may_lack=True,
    )
    if split is None:
        split = next(iter(corpus.splits)) if len(corpus.splits) == 1 else preferred
    if split not in SPLITS:
        raise UsageError(unknown_name("split", split, SPLITS), expected=SPLITS)
    if split not in corpus.splits:
        raise UsageError(
            f"{corpus.name}: no {split} split (it has: {', '.join(corpus.splits)})",
            expected=corpus.splits,
        )
    kinds = {head.name: head.kind for head in corpus.heads}
    shared = [head for head in tagger.predictor.choose(heads) if kinds.get(head.name) == head.kind]
    missing = [name for name in heads or () if name not in {head.name for head in shared}]
    of_texts = [
        head.name for head in tagger.heads if head.kind == "text" and head.name not in kinds
    ]
    if missing or not shared:
        raise UsageError(
            f"{corpus.name} has no gold tags for {', '.join(missing) or 'any head of the model'} "
            f"(it has: {', '.join(kinds)}; the model: "
            f"{', '.join(head.name for head in tagger.heads)})",
            expected=kinds,
            hint=f"name the key of labels of texts with {{text_labels={of_texts[0]}}}"
            if of_texts
            else None,
        )
    # A label that the split lacks may occur in the others, which rarely have to be read.
    left_out = not_annotated((corpus.splits[split], *corpus.splits.values()), shared)
    for head in shared:
        if head.labels and left_out.get(head.name) == frozenset(head.labels):
            raise UsageError(
                f"{corpus.name} annotates none of the model's labels of {head.name} "
                f"({', '.join(head.labels)})",
                expected=head.labels,
                hint=f"rename them in the model's configuration, [corpora.{corpus.name}.labels], "
                "or choose {heads}",
            )
    files = tuple(corpus.files.values())
    of_split = tuple(path for part, path in corpus.files.items() if split_of_part(part) == split)
    train = corpus.splits.get("train") if split != "train" else None
    return Selection(
        corpus.splits[split], shared, split, left_out, corpus.findings, files, of_split, train
    )


def not_annotated(
    splits: Iterable[datasets.Dataset], heads: Sequence[HeadSpec]
) -> dict[str, frozenset[str]]:
    """Find the labels of each span head that a corpus has nowhere.

    Args:
        splits: Of the corpus; they are read only until every label has occurred.
        heads: The heads of the model that the corpus has.
    """
    lacking = {head.name: set(head.labels) for head in heads if head.kind == "span"}
    for data in splits:
        for name, labels in lacking.items():
            if labels:
                labels -= labels_of(data, name)
    return {name: frozenset(labels) for name, labels in lacking.items()}


def labels_of(data: datasets.Dataset, head: str) -> set[str]:
    """Return the labels of the spans of a split."""
    return {
        tag[2:]
        for rows in data.select_columns([head]).iter(PIECE)
        for tags in rows[head]
        for tag in tags
        if tag not in (None, "O")
    }
