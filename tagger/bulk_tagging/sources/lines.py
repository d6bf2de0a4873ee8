"""JSON lines and text: a shard is a range of bytes, or a compressed file."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from typing import Any, BinaryIO

import msgspec

from tagger.bulk_tagging.sources.rows import (
    SAMPLE,
    Description,
    Rows,
    Shard,
    Source,
    Wanted,
    blocks,
    column_of,
    ends,
    nulls,
    shard_name,
    wrong_row,
)
from tagger.bulk_tagging.storage import file_system
from tagger.errors import FormatError, first_line
from tagger.lines import BOM, MAGIC, MAX_LINE, NOT_JSON, decompressed

RANGE = 2**25
"""Bytes of a file whose lines are a shard: a minute of work."""
_DAMAGED = (EOFError, OSError, zlib.error)


def describe(source: Source) -> Description:
    """Cut a file into ranges, and find the columns of JSON lines in its first rows."""
    fs, path = file_system(source.address)
    size = source.size
    schema, damage = _schema(source)
    bounds = range(0, size, RANGE) if size and not source.is_compressed else range(1)
    shards = []
    for number, start in enumerate(bounds):
        past = size if source.is_compressed else min(start + RANGE, size)
        shards.append(
            Shard(
                name=shard_name(source, number),
                format=source.format,
                paths=(source.address,),
                start=start,
                end=None if source.is_compressed else past,
                size=past - start,
                fingerprint=ends(fs, path, start, past),
                damage=damage,
            )
        )
    return Description(shards, schema, is_exact=False)


def not_text(file: BinaryIO) -> str:
    """Return what a file is that does not begin as text; empty for text."""
    start = file.read(max(map(len, MAGIC)))
    kinds = (kind for magic, kind in MAGIC.items() if start.startswith(magic))
    return "; ".join(next(kinds, ()))


def read_text(shard: Shard, wanted: Wanted) -> Iterator[Rows]:
    """Yield a text for each line."""
    if wanted.document:
        yield from _documents(shard, wanted)
        return
    for lines, problem, share in _blocks(shard):
        texts, problems = _decoded(lines)
        if texts:
            yield Rows(texts, problems, nulls(wanted, len(texts)), share)
        if problem:
            yield wrong_row(problem, wanted)


def read_jsonl(shard: Shard, wanted: Wanted) -> Iterator[Rows]:
    """Yield a row for each line that is not blank."""
    for lines, problem, share in _blocks(shard):
        filled = [line for line in lines if not line.isspace()]
        if filled:
            yield _json_rows(filled, wanted)._replace(share=share)
        if problem:
            yield wrong_row(problem, wanted)


def _json_rows(lines: list[bytes], wanted: Wanted) -> Rows:
    texts: list[str | None] = []
    problems: dict[int, str] = {}
    records: list[dict[str, Any]] = []
    for i, line in enumerate(lines):
        record: dict[str, Any] = {}
        text = None
        try:
            value = msgspec.json.decode(line)
        except NOT_JSON as error:
            problems[i] = f"not JSON ({first_line(error)}): {line[:60].decode(errors='replace')}"
        else:
            if not isinstance(value, dict):
                problems[i] = f"{value!r:.60} where a JSON object should be"
            else:
                record, text = value, value.get(wanted.text_column)
                if not isinstance(text, str):
                    problems[i] = _no_string(wanted.text_column, record)
                    text = None
        texts.append(text)
        records.append(record)
    kept = [
        column_of([record.get(field.name) for record in records], field.type, field.name, problems)
        for field in wanted.kept
    ]
    return Rows(texts, problems, kept)


def _no_string(column: str, record: dict[str, Any]) -> str:
    if column not in record:
        return f"no {column!r}"
    value = record[column]
    return "null" if value is None else f"{column!r} is {value!r:.60}, not a string"


def _documents(shard: Shard, wanted: Wanted) -> Iterator[Rows]:
    """Yield a text for each file, with its path as the id."""
    import pyarrow as pa

    for number, address in enumerate(shard.paths, 1):
        problems: dict[int, str] = {}
        text: str | None = None
        try:
            with opened(address) as file:
                content = file.read(MAX_LINE + 1)
            if len(content) > MAX_LINE:
                problems[0] = f"a text of more than {MAX_LINE >> 20} MB"
            else:
                text = content.decode().removeprefix(BOM)
        except UnicodeDecodeError as error:
            problems[0] = f"not UTF-8 (byte {error.start + 1})"
        except _DAMAGED as error:
            problems[0] = f"cannot be read ({first_line(error)})"
        kept = [pa.array([address], field.type) for field in wanted.kept]
        yield Rows([text], problems, kept, number / len(shard.paths))


@contextmanager
def opened(address: str) -> Iterator[BinaryIO]:
    """Open a file, decompressed."""
    fs, path = file_system(address)
    with fs.open(path, "rb") as raw:
        yield decompressed(BufferedReader(raw, 2**20), address)


def _blocks(shard: Shard) -> Iterator[tuple[list[bytes], str, float]]:
    """Yield lines without their ends in blocks, at last what damage keeps from being read.

    The number is the share of the shard that is read.
    """
    with opened(shard.paths[0]) as file:
        is_plain = shard.end is not None  # a position within what is compressed says nothing
        try:
            for block in blocks(_lines(file, shard), len):
                share = min((file.tell() - shard.start) / shard.size, 1.0) if is_plain else 0.0
                yield block, "", share
        except FormatError as error:
            yield [], error.message, 1.0
        except _DAMAGED as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            yield [], f"damaged: it cannot be decompressed ({first_line(error)})", 1.0


def _lines(file: BinaryIO, shard: Shard) -> Iterator[bytes]:
    position = shard.start
    if shard.start:  # the line that began before belongs to the range before
        file.seek(shard.start - 1)
        position -= 1
        while rest := file.readline(MAX_LINE):
            position += len(rest)
            if rest.endswith(b"\n"):
                break
    while shard.end is None or position < shard.end:
        line = file.readline(MAX_LINE + 1)
        if not line:
            return
        if len(line) > MAX_LINE:
            raise FormatError(shard.paths[0], None, f"a line of more than {MAX_LINE >> 20} MB")
        at, position = position, position + len(line)
        if at == 0:
            line = line.removeprefix(BOM.encode())
        yield line.removesuffix(b"\n").removesuffix(b"\r")


def _decoded(lines: list[bytes]) -> tuple[list[str | None], dict[int, str]]:
    texts: list[str | None] = []
    problems: dict[int, str] = {}
    for i, line in enumerate(lines):
        try:
            texts.append(line.decode())
        except UnicodeDecodeError as error:
            texts.append(None)
            problems[i] = f"not UTF-8 (byte {error.start + 1})"
    return texts, problems


def _schema(source: Source) -> tuple[Any, str]:
    """Return the columns of the first rows of JSON lines, and why it is not text.

    Without a row, or if it is not text, the columns are None.
    """
    import pyarrow as pa

    found: dict[str, Any] = {}
    n_rows = 0
    try:
        with opened(source.address) as file:
            damage = not_text(file)
        if damage or source.format == "text":
            return None if damage else pa.schema([]), damage
        with opened(source.address) as file:
            start = file.read(SAMPLE * 4)
    except _DAMAGED as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        return (pa.schema([]) if source.format == "text" else None), ""
    start = start.removeprefix(BOM.encode())
    if start.lstrip()[:1] == b"[":
        raise FormatError(
            source.address,
            1,
            "a JSON array, not an object a line",
            hint="convert it with jq -c '.[]'",
        )
    lines = start.split(b"\n")
    if len(start) == SAMPLE * 4 and len(lines) > 1:
        lines.pop()  # cut off
    for line in lines:
        try:
            value = msgspec.json.decode(line)
        except NOT_JSON:
            continue
        if isinstance(value, dict):
            n_rows += 1
            for name, one in value.items():
                found[name] = merged(found.get(name), _type_of(one))
    return pa.schema(list(found.items())) if n_rows else None, ""


def merged(a: Any, b: Any) -> Any:
    """Return the type of values of two types: a string, unless both are numbers or one is null."""
    import pyarrow as pa

    if a is None or a == b or pa.types.is_null(a):
        return b
    if pa.types.is_null(b):
        return a
    return pa.float64() if {a, b} == {pa.int64(), pa.float64()} else pa.string()


def _type_of(value: object) -> Any:
    import pyarrow as pa

    if value is None:
        return pa.null()
    kinds = {bool: pa.bool_(), float: pa.float64(), int: pa.int64()}
    if type(value) is int and not -(1 << 63) <= value < 1 << 63:
        return pa.string()
    return kinds.get(type(value), pa.string())
