"""Files that are given one by one as one corpus."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tagger.config import Config, is_meant
from tagger.corpus import Corpus, load_corpus
from tagger.errors import TaggerError
from tagger.evaluation.selection import labels_of
from tagger.formats.records import Columns

__all__ = ["join_files"]


def join_files(
    sources: Sequence[str], config: Config, *, columns: str | Columns | None
) -> list[str]:
    """Join files of training data that annotate the same, as ``train=a.tsv,train=b.tsv``.

    Files stay apart if one annotates labels that the other lacks and the reverse, as their ``O``
    means something else; if the configuration names one of them; or if their split is stated.

    Args:
        sources: Names and paths of corpora.
        config: The configuration.
        columns: The columns of the files of all corpora.
    """
    groups: list[tuple[list[str], Corpus | None]] = []
    for source in sources:
        corpus = _file(source, config, columns) if len(sources) > 1 else None
        together = next(
            (group for group, other in groups if corpus and other and _are_alike(corpus, other)),
            None,
        )
        if together is None:
            groups.append(([source], corpus))
        else:
            together.append(source)
    return [
        group[0] if len(group) == 1 else ",".join(f"train={source}" for source in group)
        for group, _ in groups
    ]


def _file(source: str, config: Config, columns: str | Columns | None) -> Corpus | None:
    """Return the corpus of a single file of training data; None for other sources."""
    if "," in source or "=" in source or any(is_meant(key, source) for key in config.corpora):
        return None
    try:
        if not Path(source).is_file():
            return None
        corpus = load_corpus(source, columns=columns)
    except (TaggerError, OSError):
        return None  # training reports it
    return corpus if list(corpus.splits) == ["train"] else None


def _are_alike(one: Corpus, other: Corpus) -> bool:
    """Return whether files have the same format and heads, and labels of one are all of both."""
    names = [head.name for head in one.heads]
    if one.layout.format != other.layout.format or names != [head.name for head in other.heads]:
        return False
    for head in one.heads:
        if head.kind == "span":
            left, right = (labels_of(c.splits["train"], head.name) for c in (one, other))
            if not (left <= right or right <= left):
                return False
    return True
