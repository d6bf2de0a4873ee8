"""Shards, rows, and what every kind of source reads and describes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, TypeVar

import msgspec

from tagger.printable import one_line

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")
SourceFormat: TypeAlias = Literal["parquet", "arrow", "jsonl", "csv", "text"]

ROWS = 1000
"""Rows that are read together."""
MAX_BLOCK = 64_000_000
"""Bytes of a block, unless its only row has more."""
SAMPLE = 2**16
"""Number of bytes at each end of a piece of a file that its fingerprint reads."""


class Source(NamedTuple):
    """An input file."""

    address: str
    """Its path or URL."""
    name: str
    """Its path within the given folder, without suffixes; the output is named after it."""
    format: SourceFormat
    is_compressed: bool = False
    size: int = 0
    """In bytes."""


class Shard(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the input that is tagged by itself and becomes one file of the output."""

    name: str
    """Of its output, without suffix."""
    format: SourceFormat
    paths: tuple[str, ...]
    """Its file, or several of which each is a text."""
    part: int = 0
    """The row group."""
    start: int = 0
    end: int | None = None
    """The bytes in which its lines begin; None for all."""
    size: int
    """In bytes, to know how much is done."""
    fingerprint: str
    """Of its content."""
    damage: str = ""
    """Why the file cannot be read at all; its output is one row with this error."""

    @property
    def place(self) -> str:
        """Its file, for errors."""
        return self.paths[0]


class Description(NamedTuple):
    """The shards of a source, and its columns."""

    shards: list[Shard]
    schema: pa.Schema | None = None
    """None where it has no rows that could show it."""
    is_exact: bool = True
    """Whether the file states its types; otherwise they are those of its first rows."""


class Wanted(NamedTuple):
    """The columns to read."""

    text_column: str
    kept: pa.Schema
    document: bool = False
    """Whether a file of text is one text."""


class Rows(NamedTuple):
    """Some rows of a shard."""

    texts: list[str | None]
    problems: dict[int, str]
    """What is wrong with a row, by its index; such rows are not tagged."""
    kept: list[pa.Array]
    """The kept columns."""
    share: float = 0.0
    """How much of the shard is read with them, 0 to 1; 0 where that is not known."""


def fingerprint(*parts: object) -> str:
    """Digest what identifies a piece of input."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        content = part if isinstance(part, bytes) else str(part).encode()
        digest.update(f"{len(content)} ".encode() + content)
    return digest.hexdigest()


def ends(fs: Any, path: str, start: int, end: int) -> str:
    """Digest the first and last bytes of a piece of a file, and its place."""
    if end - start <= 2 * SAMPLE:
        return fingerprint(start, end, fs.cat_file(path, start=start, end=end))
    head = fs.cat_file(path, start=start, end=start + SAMPLE)
    return fingerprint(start, end, head, fs.cat_file(path, start=end - SAMPLE, end=end))


def shard_name(source: Source, number: int) -> str:
    """Return the name of the output of a source's shard."""
    return f"{source.name}-{number:05}"


def blocks(rows: Iterable[T], size: Callable[[T], int]) -> Iterator[list[T]]:
    """Yield rows together: `ROWS` of them, or fewer that are large.

    Args:
        rows: The rows; an exception of theirs is raised after all that came before it.
        size: Returns the bytes of a row.
    """
    block: list[T] = []
    n_bytes = 0
    try:
        for row in rows:
            block.append(row)
            n_bytes += size(row)
            if len(block) == ROWS or n_bytes >= MAX_BLOCK:
                full, block, n_bytes = block, [], 0
                yield full
    except Exception:
        if block:
            yield block
        raise
    if block:
        yield block


def wrong_row(problem: str, wanted: Wanted) -> Rows:
    """Return a single row that stands for what could not be read."""
    return Rows([None], {0: one_line(problem)}, nulls(wanted, 1))


def nulls(wanted: Wanted, n: int) -> list[pa.Array]:
    """Return kept columns without values."""
    import pyarrow as pa

    return [pa.nulls(n, field.type) for field in wanted.kept]


def texts_of(column: pa.Array) -> tuple[list[str | None], dict[int, str]]:
    """Return the strings of a column, and what is wrong with those that are none."""
    import pyarrow as pa

    try:
        texts = column.to_pylist()
        problems: dict[int, str] = {}
    except UnicodeDecodeError:
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        texts, problems = [], {}
        for i, value in enumerate(column.cast(pa.large_binary()).to_pylist()):
            try:
                texts.append(None if value is None else value.decode())
            except UnicodeDecodeError as error:
                texts.append(None)
                problems[i] = f"not UTF-8 (byte {error.start + 1})"
    if column.null_count:
        problems |= {
            i: "null" for i, text in enumerate(texts) if text is None and i not in problems
        }
    return texts, problems


def check_places(column: pa.Array) -> None:
    """Check all of a column but that strings are UTF-8: wrong offsets would lead out of its memory.

    Raises:
        pyarrow.ArrowInvalid: Offsets or indices are wrong.
    """
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind) and is_string_type(kind):
        check_places(column.dictionary)
        places = pa.array(range(len(column.dictionary)), pa.int64())
        column = pa.DictionaryArray.from_arrays(column.indices, places)
    elif _is_text(kind):
        column = column.view(pa.large_binary() if pa.types.is_large_string(kind) else pa.binary())
    elif pa.types.is_string_view(kind):
        column = column.view(pa.binary_view())
    column.validate(full=True)


def intact(columns: Iterable[pa.Array], problems: dict[int, str]) -> list[pa.Array]:
    """Return columns with what is not UTF-8 escaped, which is noted as a problem of its row."""
    import pyarrow as pa

    found = []
    for column in columns:
        try:
            column.validate(full=True)
        except pa.ArrowInvalid:
            if not _is_text(column.type):
                raise
            check_places(column)
            values = column.cast(pa.large_binary()).to_pylist()
            for i, value in enumerate(values):
                escaped = None if value is None else value.decode(errors="backslashreplace")
                if escaped is not None and escaped.encode() != value:
                    problems.setdefault(i, "a kept column is not UTF-8")
                values[i] = escaped
            column = pa.array(values, column.type)
        found.append(column)
    return found


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def is_string_type(kind: Any) -> bool:
    """Return whether a column of an Arrow type holds strings."""
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(_is_text(kind) or pa.types.is_string_view(kind) or pa.types.is_null(kind))


def json_value(value: object) -> str | None:
    """Return a value as a string: one that is none as JSON."""
    if value is None or isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()


def column_of(values: Sequence[object], kind: Any, name: str, problems: dict[int, str]) -> pa.Array:
    """Return Python values as a column; one of another type is a problem of its row."""
    import pyarrow as pa

    if _is_text(kind):
        return pa.array([json_value(value) for value in values], kind)
    checked = list(values)
    for i, value in enumerate(values):
        if value is not None and not _fits(value, kind):
            checked[i] = None
            problems.setdefault(i, f"{name} is {value!r:.60}, where other rows have {kind}")
    return pa.array(checked, kind)


def _fits(value: object, kind: Any) -> bool:
    import pyarrow as pa

    if pa.types.is_boolean(kind):
        return isinstance(value, bool)
    if pa.types.is_integer(kind):
        n_bits = kind.bit_width
        first = 0 if pa.types.is_unsigned_integer(kind) else -(1 << n_bits - 1)
        return type(value) is int and first <= value < first + (1 << n_bits)
    return pa.types.is_floating(kind) and type(value) in (int, float)


def is_simple(kind: Any) -> bool:
    """Return whether values of an Arrow type can be read from JSON lines and CSV."""
    import pyarrow as pa

    numbers = pa.types.is_integer(kind) or pa.types.is_floating(kind)
    return bool(numbers or pa.types.is_boolean(kind) or _is_text(kind) or pa.types.is_null(kind))


def parsed(text: str | None, kind: Any) -> object:
    """Return the value of a string of CSV; the string where it is of another type.

    >>> import pyarrow as pa
    >>> parsed("7", pa.int32()), parsed("x", pa.int32()), parsed("", pa.int32())
    (7, 'x', None)
    """
    import pyarrow as pa

    if text is None or _is_text(kind):
        return text
    if not text:
        return None
    if pa.types.is_boolean(kind):
        return {"true": True, "false": False}.get(text.lower(), text)
    try:
        return int(text) if pa.types.is_integer(kind) else float(text)
    except ValueError:
        return text
