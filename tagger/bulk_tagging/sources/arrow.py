"""Arrow files and streams, as `datasets` and Feather write them: a file is a shard."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tagger.bulk_tagging.sources.parquet import unreadable_file
from tagger.bulk_tagging.sources.rows import (
    ROWS,
    Description,
    Rows,
    Shard,
    Source,
    Wanted,
    check_places,
    ends,
    intact,
    shard_name,
    texts_of,
    wrong_row,
)
from tagger.bulk_tagging.storage import file_system
from tagger.errors import FormatError, first_line
from tagger.formats.arrow_errors import damaged_names
from tagger.formats.bounded_arrow import open_batches
from tagger.formats.bounded_parquet import pieces

if TYPE_CHECKING:
    import pyarrow as pa


def describe(source: Source) -> Description:
    """Read the schema of a file."""
    import pyarrow as pa

    fs, path = file_system(source.address)
    schema, damage = None, ""
    try:
        with _opened(source.address) as (found, _):
            schema = found
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        damage = f"damaged Arrow: {first_line(error)[:200]}"
    shard = Shard(
        name=shard_name(source, 0),
        format="arrow",
        paths=(source.address,),
        size=source.size,
        fingerprint=ends(fs, path, 0, source.size),
        damage=damage,
    )
    return Description([shard], schema)


def read(shard: Shard, wanted: Wanted) -> Iterator[Rows]:
    """Yield the rows of a file; one row with a problem stands for a part that is damaged."""
    import pyarrow as pa

    address = shard.paths[0]
    names = list(dict.fromkeys([wanted.text_column, *wanted.kept.names]))
    n_read = 0
    try:
        with _opened(address) as (_, batches):
            for whole in batches:
                for start in range(0, whole.num_rows, ROWS):
                    part = whole.slice(start, ROWS).select(names)
                    for column in part.columns:
                        check_places(column)
                    for batch in pieces(address, part, n_read):
                        texts, problems = texts_of(batch.column(wanted.text_column))
                        kept = [batch.column(field.name).cast(field.type) for field in wanted.kept]
                        yield Rows(texts, problems, intact(kept, problems))
                        n_read += len(texts)
    except FormatError as error:
        yield wrong_row(error.message, wanted)
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise unreadable_file(address, error) from None
        yield wrong_row(f"damaged Arrow: {first_line(error)[:200]}", wanted)


@contextmanager
def _opened(address: str) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
    """Open a file or stream: its schema, and its batches one by one."""
    fs, path = file_system(address)
    with (
        damaged_names(),
        fs.open(path, "rb") as stream,
        open_batches(stream, address) as reader,
    ):
        yield reader.schema, reader
