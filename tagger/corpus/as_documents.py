"""Files of any format as documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, count
from pathlib import Path
from typing import Any

from tagger.corpus.records import name_parts
from tagger.corpus.scan import FileSource, Scan, located, scan
from tagger.corpus.store import as_row
from tagger.corpus.text_labels import find_labels, keep_labels
from tagger.findings import Findings
from tagger.formats.documents import Document
from tagger.formats.offsets import NO_SPANS
from tagger.formats.records import Columns, Layout
from tagger.formats.table import Format
from tagger.schemes import Scheme, Span, spans

__all__ = ["read_documents"]


def read_documents(
    paths: Sequence[Path], form: Format, findings: Findings, columns: str | Columns | None = None
) -> tuple[Layout | None, Iterator[Document]]:
    """Read files as documents; in files of sentences without documents, each sentence is one.

    Args:
        paths: The files.
        form: Their format.
        findings: Collects problems.
        columns: What the user states about columns, where the format takes them.

    Returns:
        The layout of files of sentences, None for those of documents, and the documents.

    Raises:
        FormatError: A line is wrong.
        CorpusError: The file cannot be read.
        UsageError: ``columns`` are impossible.
    """
    stated = Columns.of(columns)
    columns, names = stated.without_labels(), stated.text_labels
    if form.documents is not None:
        return None, iter(_labelled(paths, form, findings, columns, names))
    files = name_parts({"train": paths})
    source = FileSource(files, form, columns, names)
    found = scan(source)
    for finding in located(found.findings, files):
        findings.add(finding)
    return found.layout, _documents(source, found)


def _labelled(
    paths: Sequence[Path],
    form: Format,
    findings: Findings,
    columns: str | Columns | None,
    names: Sequence[str],
) -> list[Document]:
    """Read documents, with the labels of texts that are labels."""
    read = [(path, list(form.read_documents(path, findings, columns))) for path in paths]
    heads = find_labels(read, names, is_certain=form.labels == "own place")
    columns_of_first = list(read[0][1][0].labels) if read[0][1] else []
    documents = [document for _, found in read for document in found]
    for document in documents:
        keep_labels(document, heads)
    if heads:
        findings.remove(NO_SPANS)
    elif columns_of_first and form.name == "table":
        findings.count(
            "columns that may hold labels",
            paths[0],
            example=", ".join(columns_of_first),
            action="not read",
        )
    return documents


def _documents(source: FileSource, found: Scan) -> Iterator[Document]:
    numbers = count(1)
    for path in source.paths.values():
        rows: list[dict[str, Any]] = []
        for sentence in source.read(path, found.layout, Findings()):
            row = as_row(sentence, found)
            if rows and (row["document"] < 0 or row["document"] != rows[0]["document"]):
                yield _document(path, next(numbers), rows, found)
                rows = []
            rows.append(row)
        if rows:
            yield _document(path, next(numbers), rows, found)


def _document(path: Path, number: int, rows: list[dict[str, Any]], found: Scan) -> Document:
    spaces = [row.get("space_after") for row in rows]
    document = Document(
        str(number),
        path,
        rows[0]["line"],
        tokens=[token for row in rows for token in row["tokens"]],
        ends=list(accumulate(len(row["tokens"]) for row in rows)),
        space_after=None if None in spaces else [space for one in spaces for space in one or ()],
        is_part=rows[0]["document"] < 0,
    )
    for head in found.heads:
        if head.kind == "text":
            document.labels[head.name] = [row[head.name] for row in rows]
            continue
        if head.kind == "token":
            document.tags[head.name] = [tag for row in rows for tag in row[head.name]]
            continue
        document.spans[head.name] = [
            Span(first + start, first + end, label)
            for (first, _), row in zip(document.bounds(), rows, strict=True)
            for start, end, label in spans([tag or "O" for tag in row[head.name]], Scheme.BIO)
        ]
        tags = [tag for row in rows for tag in row[head.name]]
        if None in tags:
            document.unknown[head.name] = [(i, i + 1) for i, t in enumerate(tags) if t is None]
    return document
