"""Labels and heads of a corpus under other names, so that several corpora share them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tagger.config import CorpusConfig
from tagger.corpus.load import load_corpus
from tagger.corpus.records import Corpus, HeadColumn
from tagger.corpus.store import mapped
from tagger.errors import UsageError, unknown_name
from tagger.formats.records import Columns, TextLabel, can_name_head
from tagger.formats.text_labels import as_list

if TYPE_CHECKING:
    import datasets


def load_configured(
    source: str,
    settings: CorpusConfig,
    *,
    data_dir: Path | None,
    strict: bool,
    columns: str | Columns | None = None,
    read_predictions: bool = False,
    may_lack: bool = False,
) -> Corpus:
    """Load a corpus with the columns and names that its configuration gives it.

    Args:
        source: As `load_corpus`.
        settings: The configuration.
        data_dir: As `load_corpus`.
        strict: As `load_corpus`.
        columns: The columns of its files, in place of those of the configuration.
        read_predictions: As `load_corpus`; or the configuration asks for it.
        may_lack: As `rename`.

    Raises:
        TaggerError: As `load_corpus` and `rename`.
    """
    corpus = load_corpus(
        source,
        data_dir=data_dir,
        columns=_merged(columns, settings),
        strict=strict,
        read_predictions=read_predictions or settings.predictions,
    )
    return rename(corpus, labels=settings.labels, heads=settings.heads, may_lack=may_lack)


def _merged(columns: str | Columns | None, settings: CorpusConfig) -> str | Columns | None:
    """Return what is stated about columns, and about labels of texts, or else the settings."""
    given, own = Columns.of(columns), Columns.of(stated_columns(settings))
    chosen = own if given.without_labels() is None else given
    labels = given.text_labels or own.text_labels
    return msgspec.structs.replace(chosen, text_labels=labels).named(chosen.names or None)


def stated_columns(settings: CorpusConfig) -> str | Columns | None:
    """Return what the configuration states about columns; None where it states nothing."""
    prefix = settings.comment_prefix
    stated = Columns(
        settings.columns,
        {"auto": None, "yes": True, "no": False}[settings.header],
        settings.delimiter,
        None if prefix == "auto" else prefix,
        settings.text_labels,
    )
    return (settings.columns or None) if stated == Columns(settings.columns) else stated


def rename(
    corpus: Corpus,
    *,
    labels: Mapping[str, str],
    heads: Mapping[str, str],
    may_lack: bool = False,
) -> Corpus:
    """Rename heads, and labels of spans or tags of tokens, in all of a corpus's splits.

    Args:
        corpus: The corpus.
        labels: New label by old one, for every head that has the old one; spans whose new label
            is ``O`` are removed.
        heads: New head by old one.
        may_lack: The corpus may lack them, for example when one file of it is scored.

    Raises:
        UsageError: The corpus has no such head or label, two heads would have one name, or a
            new name is impossible.
    """
    if not labels and not heads:
        return corpus
    names = [head.name for head in corpus.heads]
    for old in heads:
        if old not in names and not may_lack:
            raise UsageError(unknown_name("head", old, names), path=corpus.name, expected=names)
    for new in heads.values():
        if not can_name_head(new):
            raise UsageError(
                f"{new!r} cannot name a head", path=corpus.name, hint="choose another word"
            )
    for new in labels.values():
        if not new:
            raise UsageError("a label cannot be renamed to nothing", path=corpus.name)
    renamed = [heads.get(name, name) for name in names]
    for name in renamed:
        if renamed.count(name) > 1:
            raise UsageError(f"two heads would be called {name!r}", path=corpus.name)
    splits = {
        split: _rename_split(data, corpus.heads, labels).rename_columns(
            {old: new for old, new in heads.items() if old in names}
        )
        for split, data in corpus.splits.items()
    }
    if labels and not may_lack:
        seen = {label for data in corpus.splits.values() for label in _labels(data, corpus.heads)}
        known = sorted(seen)
        for old in labels:
            if old not in seen:
                raise UsageError(
                    unknown_name("label", old, known), path=corpus.name, expected=known
                )
    return replace(
        corpus,
        splits=splits,
        heads=tuple(replace(head, name=heads.get(head.name, head.name)) for head in corpus.heads),
        main_heads=tuple(heads.get(name, name) for name in corpus.main_heads),
    )


def _new_tag(tag: str | None, kind: str, labels: Mapping[str, str]) -> str | None:
    if tag is None or (kind == "span" and tag == "O"):
        return tag
    if kind == "span" and labels.get(tag[2:]) == "O":
        return "O"
    if kind == "span":
        return f"{tag[:2]}{labels.get(tag[2:], tag[2:])}"
    return labels.get(tag, tag)


def _new_tags(
    tags: TextLabel | list[str | None], kind: str, labels: Mapping[str, str]
) -> TextLabel | list[str | None]:
    """Rename the tags of a sentence, or its label."""
    if tags is None or isinstance(tags, str):
        return _new_tag(tags, kind, labels)
    return [_new_tag(tag, kind, labels) for tag in tags]


def _rename_split(
    data: datasets.Dataset, heads: tuple[HeadColumn, ...], labels: Mapping[str, str]
) -> datasets.Dataset:
    if not labels:
        return data

    def renamed(rows: dict[str, list[Any]]) -> dict[str, list[Any]]:
        return {
            head.name: [_new_tags(tags, head.kind, labels) for tags in rows[head.name]]
            for head in heads
        }

    content = repr((data._fingerprint, heads, sorted(labels.items())))
    return mapped(
        data,
        renamed,
        fingerprint=hashlib.blake2b(content.encode(), digest_size=8).hexdigest(),
        features=data.features,
    )


def _labels(data: datasets.Dataset, heads: tuple[HeadColumn, ...]) -> set[str]:
    labels: set[str] = set()
    for rows in data.select_columns([head.name for head in heads]).iter(1000):
        for head in heads:
            start = 2 if head.kind == "span" else 0
            labels.update(
                tag[start:]
                for tags in rows[head.name]
                for tag in (as_list(tags) if head.kind == "text" else tags)
                if tag is not None
            )
    return labels - {""}
