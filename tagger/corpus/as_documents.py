"""Files of any format as documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, chain, count
from pathlib import Path
from typing import Any

from tagger.corpus.records import name_parts
from tagger.corpus.scan import FileSource, Scan, located, scan
from tagger.corpus.store import as_row
from tagger.findings import Findings
from tagger.formats.documents import Document
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
    if form.documents is not None:
        read = form.documents.read
        return None, chain.from_iterable(read(path, findings) for path in paths)
    files = name_parts({"train": paths})
    source = FileSource(files, form, columns)
    found = scan(source)
    for finding in located(found.findings, files):
        findings.add(finding)
    return found.layout, _documents(source, found)


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
