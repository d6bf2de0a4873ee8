"""From paths, folders, globs and URLs to shards and the columns that are read."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

from tagger.bulk_tagging.sources.lines import merged
from tagger.bulk_tagging.sources.rows import (
    SAMPLE,
    Description,
    Shard,
    Source,
    fingerprint,
    is_simple,
    is_string_type,
)
from tagger.bulk_tagging.sources.table import COMPRESSED, SUFFIXES, describe
from tagger.bulk_tagging.storage import file_system, is_local, reading
from tagger.errors import CorpusError, UsageError, unknown_name
from tagger.formats.unlabelled import check_is_text
from tagger.runtime.batching import batched

if TYPE_CHECKING:
    import pyarrow as pa

GROUP = 1000
"""Files of one text each that are a shard together."""
_AT_ONCE = 16
"""Files that are described at once: most of the time is waiting for a disk or a network."""


class Plan(NamedTuple):
    """The shards of the input, in order."""

    shards: list[Shard]
    schema: pa.Schema
    """Of the kept columns."""
    left_out: list[str]
    """Files in folders that are of no known format."""


def plan(
    inputs: Sequence[str],
    *,
    output: str,
    text_column: str,
    id_column: str | None,
    keep: Sequence[str],
    document: bool,
    known: pa.Schema | None = None,
) -> Plan:
    """Find the shards.

    Args:
        inputs: Paths, folders, globs and URLs of these.
        output: The output folder, of which nothing is read.
        text_column: The column of texts.
        id_column: The column of ids; None for ``id`` where there is one.
        keep: Further columns to keep.
        document: A file of text is one text.
        known: The kept columns of an earlier run, whose types stay for files that state none.

    Raises:
        UsageError: There is no such column, its type is another, or inputs differ.
        CorpusError: There is no such file, or it cannot be read.
        FormatError: A file holds annotated sentences.
    """
    sources, left_out = _expand(inputs, output)
    if document:
        _check_documents(sources)
        shards = list(_document_shards(sources))
        schema = _schema_of_documents(keep)
        return Plan(shards, schema, left_out)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        described = list(pool.map(describe, sources))
    _check_names(sources)
    shards = [shard for one in described for shard in one.shards]
    schema = _kept_schema(
        list(zip(sources, described, strict=True)), text_column, id_column, keep, known
    )
    return Plan(shards, schema, left_out)


def parse_part(part: str | None) -> tuple[int, int]:
    """Parse ``i/n``.

    Raises:
        UsageError: It is not of that form, or i is not between 1 and n.

    >>> parse_part("2/8"), parse_part(None)
    ((2, 8), (1, 1))
    """
    if part is None:
        return 1, 1
    i, _, n = part.partition("/")
    if not (i.isdecimal() and n.isdecimal() and len(n) < 10 and 1 <= int(i) <= int(n)):
        raise UsageError(
            f"the part {part!r} is not i/n with i from 1 to n", hint="as in {shard=1/8}"
        )
    return int(i), int(n)


def _expand(inputs: Sequence[str], output: str) -> tuple[list[Source], list[str]]:
    """Find the files of inputs, each once, and those of folders that are left out."""
    found: dict[str, Source] = {}
    left_out: list[str] = []
    for given in inputs:
        with reading(given):
            fs, path = file_system(given)
            for file, root, is_named in _files(fs, path, given, output):
                format_, stem, compressed = _format_of(file)
                if format_ is None and not is_named:
                    left_out.append(_address(fs, file))
                    continue
                if is_named and format_ in (None, "text") and is_local(fs):
                    check_is_text(Path(file))
                name = str(PurePosixPath(os.path.relpath(file, root)).parent / stem)
                address = _address(fs, file)
                with reading(address):
                    size = int(fs.size(file) or 0)
                found.setdefault(
                    address, Source(address, name, format_ or "text", compressed, size)
                )
    if not found:
        shown = ", ".join(inputs[:3])
        raise CorpusError(
            f"no file with a suffix that is known ({', '.join(SUFFIXES)})", path=shown
        )
    return list(found.values()), left_out


def _files(fs: Any, path: str, given: str, output: str) -> Iterator[tuple[str, str, bool]]:
    """Yield files, the folder that their names are relative to, and whether each was named."""
    if fs.isfile(path):
        yield path, str(PurePosixPath(path).parent), True
    elif fs.isdir(path):
        out_fs, out = file_system(output)
        for file in sorted(fs.find(path)):
            if type(out_fs) is type(fs) and f"{file}/".startswith(f"{out.rstrip('/')}/"):
                continue
            below = PurePosixPath(os.path.relpath(file, path)).parts
            if not any(part.startswith(("_", ".")) for part in below):
                yield file, path, False
    elif any(mark in given for mark in "*?["):
        # The folder above the first mark, so that `2026-*/mails.parquet` are different files.
        parts = PurePosixPath(path).parts
        first = next(i for i, part in enumerate(parts) if any(mark in part for mark in "*?["))
        root = str(PurePosixPath(*parts[:first]))
        matches = sorted(fs.glob(path))
        if not matches:
            raise CorpusError("no file matches", path=given)
        for match in matches:
            if fs.isfile(match):
                yield match, root, True
            else:
                yield from (
                    (file, root, named) for file, _, named in _files(fs, match, match, output)
                )
    else:
        raise CorpusError("no such file or folder", path=given)


def _format_of(path: str) -> tuple[Any, str, bool]:
    """Return the format of a file by its name, the name without suffixes, and if compressed."""
    name = PurePosixPath(path).name
    compressed = Path(name).suffix.lower() in COMPRESSED
    if compressed:
        name = Path(name).stem
    suffix = Path(name).suffix.lower()
    return SUFFIXES.get(suffix), Path(name).stem if suffix in SUFFIXES else name, compressed


def _address(fs: Any, path: str) -> str:
    return os.path.normpath(path) if is_local(fs) else str(fs.unstrip_protocol(path))


def _check_names(sources: Iterable[Source]) -> None:
    named: dict[str, Source] = {}
    for source in sources:
        other = named.setdefault(source.name, source)
        if other is not source:
            raise UsageError(
                f"its results and those of {other.address} would have the same name",
                path=source.address,
                hint="pass the folder above both, or rename one",
            )


def _check_documents(sources: Iterable[Source]) -> None:
    for source in sources:
        if source.format != "text":
            raise UsageError(
                "is not a file of text, of which each is one text", path=source.address
            )


def _document_shards(sources: Iterable[Source]) -> Iterator[Shard]:
    """Group files of a folder, in the order of their names."""
    for folder, files in groupby(sources, lambda one: str(PurePosixPath(one.name).parent)):
        for number, group in enumerate(batched(files, GROUP)):
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                heads = list(pool.map(_head, group))
            prefix = "" if folder == "." else f"{folder}/"
            yield Shard(
                name=f"{prefix}documents-{number:05}",
                format="text",
                paths=tuple(one.address for one in group),
                size=sum(one.size for one in group),
                fingerprint=fingerprint(*(one.name for one in group), *heads),
            )


def _head(source: Source) -> bytes:
    with reading(source.address):
        fs, path = file_system(source.address)
        head: bytes = fs.cat_file(path, start=0, end=min(SAMPLE, source.size))
        return f"{source.size} ".encode() + head


def _schema_of_documents(keep: Sequence[str]) -> pa.Schema:
    import pyarrow as pa

    if keep:
        raise UsageError("files of one text have no columns to keep", hint="leave out {keep}")
    return pa.schema([("id", pa.string())])


def _kept_schema(
    described: Sequence[tuple[Source, Description]],
    text_column: str,
    id_column: str | None,
    keep: Sequence[str],
    known: pa.Schema | None,
) -> pa.Schema:
    """Return the types of the kept columns, the same in all files."""
    import pyarrow as pa

    with_rows = [
        (source, one.schema, one.is_exact) for source, one in described if one.schema is not None
    ]
    if not with_rows:
        damage = next((shard.damage for _, one in described for shard in one.shards), "")
        raise CorpusError(damage or "no rows", path=described[0][0].address)
    first = with_rows[0][1]
    if id_column is None:
        id_column = "id" if "id" in first.names and text_column != "id" else None
    names = [*([id_column] if id_column else []), *keep]
    for source, schema, is_exact in with_rows:
        _check_text(source, schema, text_column, is_exact=is_exact)
    fields = []
    for name in dict.fromkeys(names):
        kind, stated_by = None, None
        for source, schema, is_exact in with_rows:
            found = _type_in(source, schema, name, stated=is_exact)
            if found is None:
                continue
            if not is_exact:
                kind = kind if stated_by else merged(kind, found)
            elif stated_by is None:
                kind, stated_by = found, source
            elif kind != found:
                raise UsageError(
                    f"the column {name!r} is {found}, and {kind} in {stated_by.address}",
                    path=source.address,
                    hint="tag them into two outputs",
                )
        if kind is None:
            raise _no_column(with_rows[0][0], first, name)
        if stated_by is not None and not is_simple(kind):
            _check_all_state(with_rows, name, f"{kind} in {stated_by.address}")
        if stated_by is None and known is not None and name in known.names:
            kind = known.field(name).type
        fields.append((name, pa.string() if pa.types.is_null(kind) else kind))
    return pa.schema(fields)


def _check_all_state(
    with_rows: Iterable[tuple[Source, pa.Schema, bool]], name: str, kind: str
) -> None:
    """Check that a column whose values are not simple is in no file of JSON lines or CSV."""
    for source, schema, is_exact in with_rows:
        if not is_exact and name in schema.names:
            raise UsageError(
                f"the column {name!r} is {kind}, which {source.format} cannot hold",
                path=source.address,
                hint="tag them into two outputs",
            )


def _check_text(source: Source, schema: pa.Schema, text_column: str, *, is_exact: bool) -> None:
    if source.format == "text":
        return
    kind = _type_in(source, schema, text_column, stated=True)
    if not is_exact:
        return  # rows that are no strings are found one by one
    if not is_string_type(kind):
        raise UsageError(
            f"the column {text_column!r} is {kind}; expected strings",
            path=source.address,
            expected=["string"],
            hint="name another with {text_column}",
        )


def _type_in(source: Source, schema: pa.Schema, name: str, *, stated: bool) -> Any:
    """Return the type of a column in a file; None where it is missing and need not be stated.

    Raises:
        UsageError: There is no such column.
    """
    n = schema.names.count(name)
    if n == 1:
        return schema.field(name).type
    if n > 1:
        raise UsageError(f"two columns {name!r}", path=source.address)
    if stated and source.format != "text":
        raise _no_column(source, schema, name)
    return None


def _no_column(source: Source, schema: pa.Schema, name: str) -> UsageError:
    if source.format == "text":
        return UsageError(f"text has no column {name!r}", path=source.address)
    separated = source.format == "csv" and len(schema.names) == 1 and ";" in schema.names[0]
    return UsageError(
        unknown_name("column", name, schema.names),
        path=source.address,
        expected=schema.names,
        hint="separate values by commas, or in .tsv by tabs" if separated else None,
    )
