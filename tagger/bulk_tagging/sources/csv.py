"""CSV with a header: a file is a shard, since a quoted value may hold line ends."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from typing import Any

from tagger.bulk_tagging.sources.lines import not_text, opened
from tagger.bulk_tagging.sources.rows import (
    Description,
    Rows,
    Shard,
    Source,
    Wanted,
    blocks,
    column_of,
    ends,
    parsed,
    shard_name,
)
from tagger.bulk_tagging.storage import file_system
from tagger.errors import first_line
from tagger.tables import counted

_LIMIT = 2**24
"""Characters of a value: without a limit a quote that is never closed would swallow all rows."""
_MAX_ROW = 2**25
"""Characters of a row."""
_MAX_COLUMNS = 10_000
_POINTER = 8
"""Bytes of an element of a list."""


def describe(source: Source) -> Description:
    """Read the header."""
    import pyarrow as pa

    fs, path = file_system(source.address)
    with opened(source.address) as file:
        damage = not_text(file)
    with _reader(source.address) as rows:
        header = None
        if not damage:
            try:
                header = _header(rows)
            except csv.Error as error:
                damage = f"not CSV: {first_line(error)}"
        if header and len(header) > _MAX_COLUMNS:
            header, damage = None, f"more than {_MAX_COLUMNS:,} columns"
    shard = Shard(
        name=shard_name(source, 0),
        format="csv",
        paths=(source.address,),
        size=source.size,
        fingerprint=ends(fs, path, 0, source.size),
        damage=damage,
    )
    schema = None if not header else pa.schema([(name, pa.string()) for name in header])
    return Description([shard], schema, is_exact=False)


def read(shard: Shard, wanted: Wanted) -> Iterator[Rows]:
    """Yield the rows after the header; values are strings where no other file states a type."""
    with _reader(shard.paths[0]) as reader:
        header = _header(reader)
        names = [wanted.text_column, *wanted.kept.names]
        places = [header.index(name) if name in header else -1 for name in names]
        rows = (row for row in _rows(reader) if row != [])
        for block in blocks(rows, lambda row: sum(map(len, row)) + _POINTER * len(row)):
            yield _columns(block, places, len(header), wanted)


def _header(reader: Any) -> list[str]:
    """Read the names of the columns; what is not UTF-8 in them is replaced."""
    names: list[str] = next(reader, [])
    return [name.encode(errors="surrogateescape").decode(errors="replace") for name in names]


def _rows(reader: Any) -> Iterator[list[str] | str]:
    """Yield rows, and in the place of one that cannot be read what is wrong with it."""
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield f"not CSV: {first_line(error)}"
        except (EOFError, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            yield f"damaged: it cannot be decompressed ({first_line(error)})"
            return


def _columns(
    rows: list[list[str] | str], places: list[int], n_columns: int, wanted: Wanted
) -> Rows:
    problems: dict[int, str] = {}
    columns: list[list[str | None]] = [[] for _ in places]
    for i, row in enumerate(rows):
        if isinstance(row, str):
            problems[i], row = row, []
        elif len(row) != n_columns:
            problems[i] = f"{counted(len(row), 'value')} in {counted(n_columns, 'column')}"
        for place, column in zip(places, columns, strict=True):
            value = row[place] if 0 <= place < len(row) else None
            if value is not None and not value.isascii():
                try:
                    value.encode()
                except UnicodeEncodeError:  # bytes that are not UTF-8
                    problems.setdefault(i, "not UTF-8")
                    value = value.encode(errors="surrogateescape").decode(errors="replace")
            column.append(value)
    kept = [
        column_of([parsed(value, field.type) for value in column], field.type, field.name, problems)
        for column, field in zip(columns[1:], wanted.kept, strict=True)
    ]
    texts = [None if i in problems else text for i, text in enumerate(columns[0])]
    for i, text in enumerate(texts):
        if text is None:
            problems.setdefault(i, "null")
    return Rows(texts, problems, kept)


@contextmanager
def _reader(address: str) -> Iterator[Any]:
    limit = csv.field_size_limit(_LIMIT)
    try:
        with opened(address) as file:
            text = TextIOWrapper(file, "utf-8-sig", errors="surrogateescape", newline="")
            name = address.lower().removesuffix(".gz").removesuffix(".bz2").removesuffix(".zst")
            yield _Reader(text, "\t" if name.endswith(".tsv") else ",")
    finally:
        csv.field_size_limit(limit)


class _Reader:
    """Rows of CSV, none of which is endless."""

    def __init__(self, text: TextIOWrapper, delimiter: str) -> None:
        self._text = text
        self._n_chars = 0
        self._rows = csv.reader(self._lines(), delimiter=delimiter)

    def __iter__(self) -> _Reader:
        return self

    def __next__(self) -> list[str]:
        self._n_chars = 0
        return next(self._rows)

    def _lines(self) -> Iterator[str]:
        while line := self._text.readline(_MAX_ROW + 1):
            self._n_chars += len(line)
            if self._n_chars > _MAX_ROW:
                raise csv.Error(f"a row of more than {_MAX_ROW:,} characters")
            yield line
