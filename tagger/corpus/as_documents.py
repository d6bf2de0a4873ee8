"""Files of any format as documents."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

from tagger.corpus.scan import FileSource, Scan, located, scan
from tagger.corpus.store import as_row
from tagger.findings import Findings
from tagger.formats.documents import Document
from tagger.formats.records import Columns, Layout
from tagger.formats.table import Format
from tagger.schemes import Scheme, Span, spans

__all__ = ["read_documents"]


def read_documents(
    path: Path, form: Format, findings: Findings, columns: str | Columns | None = None
) -> tuple[Layout | None, Iterator[Document]]:
    """Read a file as documents; in a file of sentences without documents, each sentence is one.

    Args:
        path: The file.
        form: Its format.
        findings: Collects problems.
        columns: What the user states about columns, where the format takes them.

    Returns:
        The layout of a file of sentences, None for one of documents, and the documents.

    Raises:
        FormatError: A line is wrong.
        CorpusError: The file cannot be read.
        UsageError: ``columns`` are impossible.
    """
    if form.documents is not None:
        return None, form.documents.read(path, findings)
    files = {"train": path}
    source = FileSource(files, form, columns)
    found = scan(source)
    for finding in located(found.findings, files):
        findings.add(finding)
    return found.layout, _documents(path, source, found)


def _documents(path: Path, source: FileSource, found: Scan) -> Iterator[Document]:
    rows: list[dict[str, Any]] = []
    number = 0
    for sentence in source.read(path, found.layout, Findings()):
        row = as_row(sentence, found)
        if rows and (row["document"] < 0 or row["document"] != rows[0]["document"]):
            number += 1
            yield _document(path, number, rows, found)
            rows = []
        rows.append(row)
    if rows:
        yield _document(path, number + 1, rows, found)


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
