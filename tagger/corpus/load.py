"""Corpora by their name, path or address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path

from tagger.corpus.alignment import SPAN_KINDS
from tagger.corpus.catalogue import CorpusEntry
from tagger.corpus.records import Corpus, split_of_part
from tagger.corpus.resolve import Resolved, resolve
from tagger.corpus.scan import EMPTY_TOKEN, FileSource, FoundHead, Source, located
from tagger.corpus.store import Store
from tagger.corpus.tally import OUTSIDE_SCHEME
from tagger.errors import CorpusError, UsageError
from tagger.findings import refuse, summary
from tagger.formats.records import Columns

__all__ = ["load_corpus", "open_corpus"]

_NOT_STRICT = (OUTSIDE_SCHEME, EMPTY_TOKEN, *SPAN_KINDS)
"""Kinds of findings that ``strict`` refuses."""


def load_corpus(
    source: str,
    *,
    data_dir: Path | None = None,
    columns: str | Columns | None = None,
    strict: bool = False,
    read_predictions: bool = False,
) -> Corpus:
    """Load a corpus, reading its files only where the cache does not have them.

    Args:
        source: The name of a corpus, ``hub:owner/name[@revision]``, the path of a folder or file,
            a pattern of paths, or several of these with commas between them.
        data_dir: The folder of corpora to look in first, or the folder of the corpus.
        columns: The columns of its files, as ``token,pos,-,ner``, or a `tagger.Columns`; detected
            where not given.
        strict: Refuse tags outside their scheme, empty tokens and spans off token bounds, which
            are otherwise corrected and counted.
        read_predictions: Read the predictions in exports of Label Studio where a task is not
            annotated.

    Raises:
        UsageError: The name is unknown, or ``columns`` are impossible.
        FormatError: A file has wrong content, at its first wrong line.
        CorpusError: The corpus is not found or cannot be read.
    """
    where, found = open_corpus(
        source, data_dir=data_dir, columns=columns, read_predictions=read_predictions
    )
    files = {split: str(path) for split, path in found.paths.items()}
    store = Store(found)
    scan = store.scan()
    findings = summary(chain(located(scan.findings, files), found.findings(store.folder)))
    if strict:
        refused = (finding for finding in findings if finding.kind in _NOT_STRICT)
        refuse(refused, hint="correct it, or leave out {strict=True}")
    return Corpus(
        name=where.name,
        splits={
            split: store.split(split, scan) for split in dict.fromkeys(map(split_of_part, files))
        },
        heads=tuple(head.column() for head in scan.heads),
        main_heads=_main_heads(scan.heads, where.entry),
        layout=scan.layout,
        findings=tuple(findings),
        files=files,
        licence=where.entry.licence if where.entry else "",
        citation=where.entry.citation if where.entry else "",
        fingerprint=store.fingerprint,
    )


def open_corpus(
    source: str,
    *,
    data_dir: Path | None = None,
    columns: str | Columns | None = None,
    read_predictions: bool = False,
) -> tuple[Resolved, Source]:
    """Find a corpus and what reads it; arguments and errors as those of `load_corpus`."""
    where = resolve(source, data_dir)
    stated = Columns.of(columns)
    columns, labels = stated.without_labels(), stated.text_labels
    if where.files:
        if where.entry is not None and not stated.names:
            columns = Columns.of(columns).named(where.entry.columns)
        return where, _files(where.files, columns, read_predictions, labels)
    if columns is not None:
        raise UsageError("columns can be named for files, not for the hub", path=where.name)
    return where, _fetch(where, labels)


def _files(
    files: Mapping[str, Path],
    columns: str | Columns | None,
    read_predictions: bool,
    labels: tuple[str, ...],
) -> Source:
    """Return the source of files of documents, which are cut into sentences, or of sentences.

    Files in no known format are taken for columns.

    Raises:
        UsageError: Some hold documents and some sentences, columns are named for documents, or
            a format has no predictions to read.
        CorpusError: A file cannot be read.
    """
    from tagger.corpus.document_source import DocumentSource
    from tagger.formats.detect import detect
    from tagger.formats.table import FORMATS
    from tagger.formats.text_table import is_stated

    is_table = is_stated(Columns.of(columns))
    formats = {
        split: FORMATS["table"] if is_table else detect(path) or FORMATS["conll"]
        for split, path in files.items()
    }
    if read_predictions:
        formats = {split: form.with_predictions(files[split]) for split, form in formats.items()}
    first = next(iter(files.values()))
    if all(form.reads == "sentences" for form in formats.values()):
        main = next(iter(formats.values()))
        for part, form in formats.items():
            if form is not main:
                raise UsageError(
                    f"is {form.title}, other files are {main.title}",
                    path=files[part],
                    hint="convert it with `tagger convert`",
                )
        return FileSource(files, next(iter(formats.values())), columns, labels)
    for split, form in formats.items():
        if form.reads == "sentences":
            raise UsageError(
                "holds sentences, other files documents",
                path=files[split],
                hint="convert it with `tagger convert`",
            )
    if columns is not None and not all(form.takes_columns for form in formats.values()):
        raise UsageError(
            "columns cannot be named for documents, which have spans instead of tags", path=first
        )
    return DocumentSource(files, formats, columns, labels)


def _fetch(where: Resolved, labels: tuple[str, ...]) -> Source:
    from tagger.corpus.hub import fetch

    tried = list(where.tried)
    if where.hub:
        try:
            return fetch(where.hub, labels)
        except CorpusError as error:
            tried.append(str(error))
    if where.entry is None:
        raise CorpusError("; ".join(tried), hint="copy its files here and name their path")
    name, source = where.entry.name, where.entry.source
    raise CorpusError(
        f"corpus {name} is not found: tried {'; '.join(tried)}",
        hint=f"get its files from {source} and put them into data/{where.entry.folders[0]}, or "
        "name their folder with {data_dir} or TAGGER_DATA",
    )


def _main_heads(heads: Sequence[FoundHead], entry: CorpusEntry | None) -> tuple[str, ...]:
    """Return the heads to train: those of the catalogue, or else entities before all others.

    Labels of texts are trained with them.
    """
    of_texts = tuple(head.name for head in heads if head.kind == "text")
    names = [head.name for head in heads if head.kind != "text"]
    for main in (entry.main_heads if entry else (), ("ner",), ("chunk",), ("upos", "xpos")):
        present = tuple(name for name in main if name in names)
        if present:
            return present + of_texts
    spans = tuple(head.name for head in heads if head.kind == "span")
    return (spans or tuple(names)) + of_texts
