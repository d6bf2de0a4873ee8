"""Files of word vectors: their formats, and the rows of text and of word2vec's binary form."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from itertools import chain
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import numpy as np

from tagger.errors import VectorsError
from tagger.features.vectors.selection import Matrix, Row, Selection
from tagger.features.vectors.subwords import (
    MAX_WORD,
    MODEL_MAGIC,
    FloretTable,
    floret_rows,
    model_rows,
)
from tagger.tables import counted

COMPRESSIONS = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
BUFFER = 1 << 16
MAX_LINE = 16 << 20
"""Bytes."""
MAX_NOT_UTF8 = 0.01
"""Share of words: some training programs cut words within a character, so a few are left out."""
MAX_DIM = 1 << 16
"""A header that announces more is wrong: one such row could fill the memory."""

_Lines = Iterator[tuple[int, bytes]]
_Keeps = Callable[[int, str], bool]

_VALUE = re.compile(r"[-+]?[0-9]*\.[0-9]+(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+")
_CONTROLS = frozenset(range(32)) - frozenset(b"\t\n\r")


def file_rows(path: Path, selection: Selection) -> Iterator[Row]:
    """Read the vectors of a file, whose format is detected from its content.

    Args:
        path: Text (GloVe, word2vec, fastText ``.vec``, floret's table) or word2vec's binary
            form, also compressed by gzip or zstandard; or a binary model of fastText or floret.
        selection: Which words are kept.

    Raises:
        VectorsError: The file is empty, truncated, damaged, or in no known format.
        OSError: It cannot be read.
    """
    with _open(path) as file:
        if file.peek(len(MODEL_MAGIC)).startswith(MODEL_MAGIC):
            yield from model_rows(path, selection)
            return
        lines = _lines(file, path)
        first = next(lines, None)
        if first is None:
            raise VectorsError(
                "empty", path=path, hint="word vectors are expected, one word and its values a line"
            )
        header = _read_header(first[1], path)
        if header is None:
            yield from _text_rows(chain([first], lines), path, None, selection.keeps)
        elif header.floret:
            table = _read_table(lines, path, header)
            yield from floret_rows(table, selection.missing(()))
        elif _is_binary(file.peek(BUFFER), header.dim):
            yield from _binary_rows(file, path, header, selection.keeps)
        else:
            yield from _text_rows(lines, path, header, selection.keeps)


def _is_binary(head: bytes, dim: int) -> bool:
    """Return whether control bytes rather than a row of text follow a header."""
    _, *values = head.partition(b"\n")[0].rstrip().rsplit(b" ", dim)
    try:
        if list(map(float, values)):
            return False
    except ValueError:
        pass
    return not _CONTROLS.isdisjoint(head[:4096])


@contextmanager
def _open(path: Path) -> Iterator[BufferedReader]:
    file: BufferedReader = BufferedReader(path.open("rb", buffering=0), BUFFER)
    with file:
        head = file.peek(4)
        for magic, compression in COMPRESSIONS.items():
            if head.startswith(magic):
                import pyarrow

                stream = pyarrow.input_stream(file, compression=compression)
                with BufferedReader(stream, BUFFER) as unpacked:
                    yield unpacked
                return
        yield file


def _lines(file: BinaryIO, path: Path) -> _Lines:
    number = 0
    while line := file.readline(MAX_LINE):
        number += 1
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if b"\0" in line or len(line) == MAX_LINE:
            raise VectorsError(
                "binary, in no known format",
                path=path,
                line=number,
                hint="vectors are read from text, the binary formats of word2vec, fastText and "
                "floret, and spaCy pipelines",
            )
        yield number, line.rstrip(b" \r\n")


class _Place(NamedTuple):
    """A row of a file: a line of text, or a numbered row of a binary file."""

    path: Path
    line: int | None = None
    row: int | None = None

    def error(self, message: str, *, hint: str | None = None) -> VectorsError:
        if self.row is not None:
            message = f"row {self.row:,}: {message}"
        return VectorsError(message, path=self.path, line=self.line, hint=hint)


@dataclass(frozen=True)
class _Header:
    n: int
    dim: int
    floret: tuple[int, int, int, int] | None = None  # minn, maxn, hash_count, hash_seed
    bow: str = ""
    eow: str = ""


def _read_header(line: bytes, path: Path) -> _Header | None:
    parts = line.split(b" ")
    numbers = [int(part) for part in parts[:6] if part.isdigit() and len(part) < 19]
    if len(parts) == len(numbers) == 2:
        header = _Header(n=numbers[0], dim=numbers[1])
    elif len(parts) == 8 and len(numbers) == 6 and not parts[6].isdigit():
        n, dim, minn, maxn, hash_count, hash_seed = numbers
        bow, eow = (part.decode(errors="replace") for part in parts[6:])
        # To floret, unlike spaCy, zero characters are not an n-gram.
        header = _Header(n, dim, (max(minn, 1), maxn, hash_count, hash_seed), bow, eow)
    else:
        return None
    if header.n == 0:
        raise VectorsError("empty, according to its header", path=path, line=1)
    if not 0 < header.dim <= MAX_DIM:
        raise VectorsError(
            f"the header announces vectors of {header.dim:,} values",
            path=path,
            line=1,
            hint="is it damaged?",
        )
    return header


def _text_rows(lines: _Lines, path: Path, header: _Header | None, keeps: _Keeps) -> Iterator[Row]:
    dim = header.dim if header else 0
    words = _Words()
    i = -1
    for i, (number, line) in enumerate(row for row in lines if row[1]):
        place = _Place(path, number)
        if header and i == header.n:
            raise place.error(
                f"more rows than the {header.n:,} that the header announces",
                hint="is the header wrong?",
            )
        dim = dim or _first_dim(line, place)
        raw, *values = line.rsplit(b" ", dim)  # some words contain spaces
        if len(values) != dim:
            raise place.error(
                f"{counted(len(values), 'value')} where {dim} are expected",
                hint="is the file truncated, or its header wrong?",
            )
        word = words.decode(raw, place)
        if word is None:
            continue
        if " " in word and _VALUE.fullmatch(word.rpartition(" ")[2]):
            raise place.error(
                f"more than {dim} values", hint="is the file damaged, or its header wrong?"
            )
        if keeps(i, word):
            yield word, _parse(values, place)
    words.check(i + 1)
    if header and i + 1 < header.n:
        raise VectorsError(
            f"{i + 1:,} rows where the header announces {header.n:,}",
            path=path,
            hint="is the file truncated?",
        )


def _first_dim(line: bytes, place: _Place) -> int:
    dim = line.count(b" ")
    if dim < 2:
        raise place.error(
            f"{dim} values in the first row",
            hint="vectors are expected: on each line a word and its values, separated by spaces",
        )
    return dim


class _Words:
    """Decodes the words of a file, and counts those that are not UTF-8."""

    def __init__(self) -> None:
        self._first: _Place | None = None
        self._n_bad = 0

    def decode(self, raw: bytes, place: _Place) -> str | None:
        """Return the word; None where it is not UTF-8."""
        if not raw:
            raise place.error("a row without a word", hint="is the file damaged?")
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            self._first = self._first or place
            self._n_bad += 1
            return None

    def check(self, n_rows: int) -> None:
        """Refuse a file of which more than a few words are not UTF-8."""
        if self._first is not None and self._n_bad > MAX_NOT_UTF8 * n_rows:
            raise self._first.error(
                f"the word is not UTF-8, as {self._n_bad:,} of {n_rows:,}",
                hint="convert the file with `iconv -t utf-8`, or get it again if it is binary",
            )


def _parse(values: list[bytes], place: _Place) -> Matrix:
    try:
        with np.errstate(over="ignore"):  # infinite values are refused below
            vector = np.array(values, dtype=np.float64).astype(np.float32)
    except ValueError:
        raise place.error(
            "a value is not a number", hint=f"{len(values)} numbers are expected after the word"
        ) from None
    return _finite(vector, place)


def _finite(vector: Matrix, place: _Place) -> Matrix:
    if not np.isfinite(vector).all():
        raise place.error("a value is NaN or infinite", hint="is the file damaged? get it again")
    return vector


def _binary_rows(file: BinaryIO, path: Path, header: _Header, keeps: _Keeps) -> Iterator[Row]:
    words = _Words()
    for i in range(header.n):
        place = _Place(path, row=i + 1)
        raw = _read_word(file)
        values = file.read(4 * header.dim)
        if len(values) < 4 * header.dim:
            raise place.error(
                f"ends early, {header.n:,} rows of {header.dim} values are announced",
                hint="is the file truncated?",
            )
        word = words.decode(raw, place)
        if word is not None and keeps(i, word):
            yield word, _finite(np.frombuffer(values, dtype="<f4"), place)
    words.check(header.n)
    if file.read(2).strip():
        raise VectorsError(
            f"more data after the {header.n:,} rows that the header announces",
            path=path,
            hint="is the header wrong?",
        )


def _read_word(file: BinaryIO) -> bytes:
    word = bytearray()
    while (byte := file.read(1)) not in (b" ", b"") and len(word) < MAX_WORD:
        word += byte
    return bytes(word.lstrip(b"\n"))  # some writers end each row with it


def _read_table(lines: _Lines, path: Path, header: _Header) -> FloretTable:
    assert header.floret
    minn, maxn, hash_count, hash_seed = header.floret

    def values() -> Iterator[Matrix]:
        rows = _text_rows(lines, path, header, lambda i, word: True)
        for i, (word, vector) in enumerate(rows):
            if word != str(i):
                raise _Place(path, i + 2).error(f"{word!r} where floret's row {i} is expected")
            yield vector

    row = np.dtype((np.float32, (header.dim,)))
    matrix = cast("Matrix", np.fromiter(values(), dtype=row))
    table = FloretTable(matrix, minn, maxn, hash_count, hash_seed, header.bow, header.eow)
    table.check(path)
    return table
