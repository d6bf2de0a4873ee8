"""Corpora of sentences as documents: columns, CoNLL-U, JSON lines by tokens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Literal

from tagger.corpus import columns as column_files
from tagger.corpus import conllu as conllu_files
from tagger.corpus import jsonl as json_files
from tagger.corpus.formats.documents import Document, Notes
from tagger.corpus.records import Layout
from tagger.corpus.scan import FileSource, Scan, scan
from tagger.corpus.schemes import Scheme, Span, spans
from tagger.corpus.store import as_row

__all__ = ["read"]

Kind = Literal["columns", "conllu", "jsonl"]


@dataclass(frozen=True)
class _KnownSource(FileSource):
    """A file whose format is known, whatever it is called."""

    kind: Kind = "columns"

    def detect(self) -> Layout:
        (path,) = self.paths.values()
        if self.kind == "conllu":
            return conllu_files.detect_layout([path])
        if self.kind == "jsonl":
            return json_files.detect_layout(path)
        return column_files.detect_layout(path, self.columns, iob2=path.suffix == ".iob2")


def read(path: Path, notes: Notes, *, kind: Kind, columns: str | None = None) -> Iterator[Document]:
    """Give the documents of a file; where it marks none, each sentence is one.

    Raises:
        FormatError: for the first line that is wrong.
        CorpusError: where the file cannot be read.
        UsageError: for impossible ``columns``.
    """
    source = _KnownSource({"train": path}, columns, kind)
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
