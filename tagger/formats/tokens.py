"""Corpora of sentences as documents: columns, CoNLL-U, JSON lines by tokens."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

from tagger.corpus.scan import FileKind, FileSource, Scan, scan
from tagger.corpus.store import as_row
from tagger.formats.documents import Document, Notes
from tagger.schemes import Scheme, Span, spans

__all__ = ["read"]


def read(
    path: Path, notes: Notes, *, kind: FileKind, columns: str | None = None
) -> Iterator[Document]:
    """Give the documents of a file; where it marks none, each sentence is one.

    Raises:
        FormatError: for the first line that is wrong.
        CorpusError: where the file cannot be read.
        UsageError: for impossible ``columns``.
    """
    source = FileSource({"train": path}, kind, columns)
    found = scan(source)
    for repair in found.repairs:
        what = "empty tokens, read as U+FFFD" if repair.head == "token" else ""
        what = what or f"{repair.head} tags outside their scheme, which begin a span"
        notes[f"{what} (the first at {path}:{repair.line})"] += repair.n
    rows: list[dict[str, Any]] = []
    number = 0
    for sentence in source.reader(found.layout).read(path):
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
            for start, end, label in spans(row[head.name], Scheme.BIO)
        ]
    return document
