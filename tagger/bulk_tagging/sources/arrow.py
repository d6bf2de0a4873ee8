"""Arrow files and streams, as `datasets` and Feather write them: a file is a shard."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tagger.bulk_tagging.sources.parquet import unreadable_file
from tagger.bulk_tagging.sources.rows import (
    ROWS,
    Description,
    Rows,
    Shard,
    Source,
    Wanted,
    ends,
    intact,
    shard_name,
    texts_of,
    wrong_row,
)
from tagger.bulk_tagging.storage import file_system
from tagger.errors import first_line

if TYPE_CHECKING:
    import pyarrow as pa

_MAGIC = b"ARROW1"


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

    try:
        with _opened(shard.paths[0]) as (_, batches):
            for whole in batches:
                for start in range(0, whole.num_rows, ROWS):
                    batch = whole.slice(start, ROWS)
                    column = batch.column(wanted.text_column)
                    column.validate()  # bounds; what is not UTF-8 is found row by row
                    texts, problems = texts_of(column)
                    kept = [batch.column(field.name).cast(field.type) for field in wanted.kept]
                    yield Rows(texts, problems, intact(kept, problems))
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise unreadable_file(shard.paths[0], error) from None
        yield wrong_row(f"damaged Arrow: {first_line(error)[:200]}", wanted)


@contextmanager
def _opened(address: str) -> Iterator[tuple[pa.Schema, Iterator[Any]]]:
    """Open a file or stream: its schema, and its batches one by one."""
    import pyarrow as pa

    fs, path = file_system(address)
    with fs.open(path, "rb") as stream:
        is_file = stream.read(len(_MAGIC)) == _MAGIC
        stream.seek(0)
        if is_file:
            with pa.ipc.open_file(stream) as file:
                yield file.schema, map(file.get_batch, range(file.num_record_batches))
        else:
            with pa.ipc.open_stream(stream) as reader:
                yield reader.schema, iter(reader)
