"""Tables with a text a row and its labels in other columns: CSV, values between tabs, Parquet.

The column of the text has one of the usual names, or the user names it. All other columns may hold
labels; a cell of CSV with a JSON array has several.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tagger.errors import CorpusError, FormatError, UsageError
from tagger.extras import install_hint
from tagger.findings import Findings
from tagger.formats.arrow_errors import damaged_names
from tagger.formats.documents import Document, check_text
from tagger.formats.fields import MARKS, parse_delimiter
from tagger.formats.label_names import find_names
from tagger.formats.records import TOKEN_KEYS, Columns, TextLabel
from tagger.formats.sample import Sample
from tagger.formats.text_labels import KNOWN, are_choices, count_others, labels_in
from tagger.formats.writing import count_spans, encode_lines
from tagger.lines import NOT_JSON, read_lines
from tagger.schemes import Scheme
from tagger.tables import counted

if TYPE_CHECKING:
    from _csv import Reader as _Reader

__all__ = ["TEXT_KEYS", "is_stated", "read", "sniff", "write"]

TEXT_KEYS = ("text", "sentence", "utterance", "query", "question", "content", "review", "tweet")
"""Columns of texts, in lower case; the first that is there counts."""

_TOKENS = (*TOKEN_KEYS, "word")
_SAMPLE = 100
_MARKS = ("\t", ",", ";")
_PARQUET = b"PAR1"
_SHARE = 0.5
"""The share of rows whose text must have several words."""


def is_stated(columns: Columns) -> bool:
    """Return whether the user names a column of texts."""
    return "text" in _names(columns)


def _names(columns: Columns) -> list[str]:
    return [name.strip() for name in columns.names.split(",")]


def sniff(sample: Sample) -> bool:
    """Return whether a header names a column of texts, and most rows have several words there."""
    if sample.start.startswith(_PARQUET):
        return _text_of_parquet(sample.path) is not None
    if not sample.lines or not any(mark in sample.lines[0] for mark in _MARKS):
        return False
    try:
        return any(_are_texts(sample.lines[: _SAMPLE + 1], mark) for mark in _MARKS)
    except csv.Error:
        return False


def _are_texts(lines: Sequence[str], mark: str) -> bool:
    """Return whether lines are a table whose header names texts, most of them of several words."""
    rows = _rows(lines, mark)
    header: list[str] = next(rows, [])
    text = _text_column(header)
    if text is None or len(header) < 2:
        return False
    cells: list[str] = []
    try:
        cells.extend(row[text] for row in rows if len(row) == len(header))
    except csv.Error:
        return True  # reading it reports the line
    if not cells:  # no rows, or a quotation mark that is not closed: reading it reports that
        return any(name.strip().casefold() in KNOWN for name in header)
    n_texts = sum(len(cell.split()) > 1 for cell in cells)
    return n_texts >= _SHARE * len(cells)


def _text_column(header: Sequence[str]) -> int | None:
    names = [name.strip().casefold() for name in header]
    if any(name in _TOKENS for name in names):
        return None
    return next((names.index(key) for key in TEXT_KEYS if key in names), None)


def read(path: Path, findings: Findings, columns: Columns | None = None) -> Iterator[Document]:
    """Yield the texts of a table.

    Args:
        path: The file.
        findings: Collects rows that cannot be read.
        columns: What the user states; ``text`` names the column of texts.

    Raises:
        FormatError: There is no column of texts, or a row has another number of columns.
        CorpusError: The file cannot be read.
        UsageError: The columns are impossible.
    """
    stated = columns or Columns()
    with path.open("rb") as file:
        is_parquet = file.read(len(_PARQUET)) == _PARQUET
    rows = _of_parquet(path) if is_parquet else _of_lines(path, stated, findings)
    for number, (line, text, record, names) in enumerate(rows, start=1):
        check_text(path, line, text)
        labels = labels_in(record, names=names)
        count_others(record, (), path, line, findings)
        yield Document(
            str(number), path, line, text=text, labels={head: [v] for head, v in labels.items()}
        )


_Row = tuple[int, str, Mapping[str, Any], Mapping[str, Mapping[int, str]]]
"""The line of a row, its text, its other values, and the names of values that are numbers."""


def _of_lines(path: Path, stated: Columns, findings: Findings) -> Iterator[_Row]:
    first = [line for _, line in islice(read_lines(path), _SAMPLE) if line.strip()]
    if not first:
        return
    mark = _mark(first[0], stated)
    rows = _numbered(path, _rows((line for _, line in read_lines(path)), mark, first))
    start = next(rows)
    names = [name for name in _names(stated) if name]
    column = _text_column(start[1])
    has_header = stated.header if stated.header is not None else _is_header(start[1], names, column)
    header = names or start[1]
    if names:
        column = names.index("text") if names.count("text") == 1 else None
    if column is None or not (has_header or names):
        raise FormatError(
            path,
            start[0],
            f"no column is known to hold texts (there: {', '.join(start[1])[:80]})",
            hint="name the columns, as in {columns=text,intent}",
        )
    titles = [name.strip() for name in header]
    kept = [i for i, name in enumerate(titles) if i != column and name not in ("", "-", "_")]
    for i in kept:
        if titles.index(titles[i]) < i:
            raise FormatError(
                path,
                start[0],
                f"two columns are called {titles[i]!r}",
                hint="name the columns, with - for one to leave out, as in {columns=text,intent,-}",
            )
    for at, row in rows if has_header else chain([start], rows):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            findings.reject(
                FormatError(
                    path,
                    at,
                    f"{counted(len(row), 'column')} where {len(header)} are expected "
                    f"({', '.join(header)})",
                    hint="are all quotation marks closed, and fields with the separator quoted?",
                )
            )
            continue
        values = {titles[i]: _value(row[i]) for i in kept}
        yield at, row[column], values, {}


def _is_header(row: Sequence[str], names: Sequence[str], column: int | None) -> bool:
    """Return whether the first row names the columns, which the user may have named, too."""
    cells = [cell.strip().casefold() for cell in row]
    return column is not None or any(
        cell == name.casefold() for cell, name in zip(cells, names, strict=False)
    )


def _mark(line: str, stated: Columns) -> str:
    """Return the character between columns.

    Raises:
        UsageError: The user states one that no table of texts has.
    """
    if stated.delimiter:
        mark = MARKS.get(parse_delimiter(stated.delimiter))
        if mark is None:
            raise UsageError("spaces cannot separate texts", hint="name another {delimiter}")
        return mark
    return next((mark for mark in _MARKS if mark in line), ",")


def _rows(lines: Any, mark: str, sample: Sequence[str] | None = None) -> _Reader:
    ended = (f"{line}\n" for line in lines)
    if mark != "\t" or _is_quoted(sample if sample is not None else lines):
        return csv.reader(ended, delimiter=mark)
    return csv.reader(ended, delimiter=mark, quoting=csv.QUOTE_NONE)


def _is_quoted(lines: Sequence[str]) -> bool:
    """Return whether fields between tabs are quoted: all that begin with a mark end with it."""
    fields = [field for line in lines for field in line.split("\t") if field.startswith('"')]
    return bool(fields) and all(len(one) > 1 and one.endswith('"') for one in fields)


def _numbered(path: Path, rows: _Reader) -> Iterator[tuple[int, list[str]]]:
    """Yield rows with the lines at which they begin.

    Raises:
        FormatError: A field is larger than the library reads, or quotation marks are odd.
    """
    at = 1
    try:
        for row in rows:
            yield at, row
            at = rows.line_num + 1
    except csv.Error as error:
        raise FormatError(path, at, str(error), hint="is a quotation mark not closed?") from None


def _value(cell: str) -> object:
    """Return the value of a cell: a list, where it is a JSON array of strings or has choices."""
    if (cell[:1], cell[-1:]) in (("[", "]"), ("{", "}")):
        try:
            value = msgspec.json.decode(cell)
        except NOT_JSON:
            return cell
        is_list = isinstance(value, list) and all(isinstance(one, str) for one in value)
        if is_list or are_choices(value):
            return value
    return cell


def _text_of_parquet(path: Path) -> str | None:
    """Return the column of texts of a Parquet file; None if it has lists of tokens, or no texts."""
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:  # an installation that only predicts
        return None
    try:
        with damaged_names():
            fields = [(field.name, field.type) for field in parquet.read_schema(path)]
    except (pa.ArrowException, OSError):
        return None  # its reader says what is wrong
    strings = [
        name
        for name, kind in fields
        if (kind.value_type if pa.types.is_dictionary(kind) else kind)
        in (pa.string(), pa.large_string(), pa.string_view())
    ]
    lists = [name for name, kind in fields if pa.types.is_list(kind)]
    if any(name in TOKEN_KEYS for name in lists):
        return None
    column = _text_column(strings)
    return None if column is None else strings[column]


def _of_parquet(path: Path) -> Iterator[_Row]:
    from tagger.formats import parquet

    column = _text_of_parquet(path)
    if column is None:
        try:
            import pyarrow  # noqa: F401
        except ImportError:
            raise CorpusError("Parquet needs pyarrow", path=path, hint=install_hint()) from None
        raise FormatError(path, None, "no column of texts", expected=TEXT_KEYS)
    names: dict[str, dict[int, str]] = {}
    for number, row in parquet.rows(path):
        if number == 1:
            names = {
                key: find_names(path, key, row, is_only=False)
                for key, value in row.items()
                if type(value) is int
            }
        values = {key: value for key, value in row.items() if key not in (column, "features")}
        yield number, row[column] or "", values, names


def write(documents: Sequence[Document], scheme: Scheme, findings: Findings) -> bytes:
    """Lay out documents of text as CSV with a header, several labels as a JSON array.

    Raises:
        FormatError: A text or label contains a NUL.
    """
    heads = list(dict.fromkeys(head for document in documents for head in document.labels))
    rows = [["text", *heads]]
    for document in documents:
        count_spans(document, findings)
        labels = [document.labels.get(head, [None])[0] for head in heads]
        text = document.text or ""
        if n := text.count("\r\n"):  # which readers of lines take for the end of one
            kind, action = "line end within a text", "written as a line feed"
            findings.count(kind, document.path, document.line, count=n, action=action)
        rows.append([text.replace("\r\n", "\n"), *map(_cell, labels)])
    return encode_lines(documents, map(_line, rows))


def _line(fields: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(fields)  # which it also quotes in fields
    return line.getvalue().removesuffix("\r\n")


def _cell(label: TextLabel) -> str:
    if isinstance(label, list):
        return msgspec.json.encode(label).decode()
    return label or ""
