"""Parquet: a row group is a shard."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tagger.bulk_tagging.sources.rows import (
    ROWS,
    Description,
    Rows,
    Shard,
    Source,
    Wanted,
    fingerprint,
    intact,
    shard_name,
    texts_of,
)
from tagger.bulk_tagging.storage import file_system, is_local
from tagger.errors import FormatError, first_line
from tagger.formats.arrow_errors import damaged_names
from tagger.formats.bounded_parquet import batches, plain
from tagger.lines import unreadable

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

_TAIL = 8
"""Bytes at the end of a file: the length of its footer, and a magic number."""


def describe(source: Source) -> Description:
    """Read the footer of a file."""
    import pyarrow as pa

    fs, path = file_system(source.address)
    tail = fs.cat_file(path, start=max(source.size - _TAIL, 0), end=source.size)
    n_footer = int.from_bytes(tail[:4], "little") + _TAIL
    footer = fs.cat_file(path, start=max(source.size - n_footer, 0), end=source.size)
    of_file = fingerprint(source.size, footer if tail.endswith(b"PAR1") else tail)

    def shard(number: int, size: int, damage: str = "") -> Shard:
        return Shard(
            name=shard_name(source, number),
            format="parquet",
            paths=(source.address,),
            part=number,
            size=size,
            fingerprint=of_file,
            damage=damage,
        )

    try:
        with opened(source.address) as file:
            metadata = file.metadata
            sizes = [metadata.row_group(i).total_byte_size for i in range(file.num_row_groups)]
            # Also a file without rows has an output, in which are no rows.
            return Description([shard(i, n) for i, n in enumerate(sizes or [0])], file.schema_arrow)
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        return Description([shard(0, source.size, f"damaged Parquet: {first_line(error)[:200]}")])


def read(shard: Shard, wanted: Wanted) -> Iterator[Rows]:
    """Yield the rows of a row group; those that cannot be read have no text but a problem."""
    import pyarrow as pa

    with opened(shard.paths[0]) as file:
        if not file.num_row_groups:
            return
        n_rows = file.metadata.row_group(shard.part).num_rows
    names = [wanted.text_column, *wanted.kept.names]
    n_read = 0
    try:
        for batch in _batches(shard, list(dict.fromkeys(names))):
            texts, problems = texts_of(batch.column(wanted.text_column))
            kept = [plain(batch.column(field.name), field.type) for field in wanted.kept]
            share = (n_read + len(texts)) / max(n_rows, 1)
            yield Rows(texts, problems, intact(kept, problems), share)
            n_read += len(texts)
    except (pa.ArrowException, OSError, FormatError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise unreadable_file(shard.paths[0], error) from None
        problem = f"damaged Parquet: {first_line(error)[:200]}"
        if isinstance(error, FormatError):
            problem = error.message
        columns = [_what_can_be_read(shard, field, n_read) for field in wanted.kept]
        for start in range(n_read, n_rows, ROWS):
            n = min(ROWS, n_rows - start)
            kept = [next(column).slice(0, n) for column in columns]
            yield Rows([None] * n, dict.fromkeys(range(n), problem), kept, start / n_rows)


def _batches(shard: Shard, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a row group."""
    address = shard.paths[0]
    fs, path = file_system(address)
    size = fs.size(path)
    with _source(fs, path) as source:
        yield from batches(source, address, size=size, rows=ROWS, part=shard.part, columns=columns)


@contextmanager
def opened(address: str) -> Iterator[ParquetFile]:
    """Open a file."""
    from pyarrow import parquet

    fs, path = file_system(address)
    with damaged_names(), _source(fs, path) as source, parquet.ParquetFile(source) as file:
        yield file


def _source(fs: Any, path: str) -> AbstractContextManager[Any]:
    """Return the path of a local file, and any other file opened."""
    return nullcontext(path) if is_local(fs) else fs.open(path, "rb")


def unreadable_file(address: str, error: OSError) -> Exception:
    """Return the error for a file that could be opened but not be read to its end."""
    return unreadable(Path(address), error)


def _what_can_be_read(shard: Shard, field: pa.Field, first: int) -> Iterator[pa.Array]:
    """Yield `ROWS` values of a kept column at a time, from row ``first`` on; nulls after damage."""
    import pyarrow as pa

    empty = pa.nulls(ROWS, field.type)
    kept = empty.slice(0, 0)
    try:
        for batch in _batches(shard, [field.name]):
            n_skipped = min(first, len(batch))
            first -= n_skipped
            column = plain(batch.column(0).slice(n_skipped), field.type)
            column.validate(full=True)
            kept = pa.concat_arrays([kept, column])
            while len(kept) >= ROWS:
                yield kept.slice(0, ROWS)
                kept = kept.slice(ROWS)
    except (pa.ArrowException, OSError, FormatError):
        pass
    yield pa.concat_arrays([kept, empty])
    while True:
        yield empty
