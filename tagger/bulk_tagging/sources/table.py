"""The table of sources: which suffix is which format, how it is described and read."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from tagger.bulk_tagging.sources import arrow, csv, lines, parquet
from tagger.bulk_tagging.sources.rows import (
    Description,
    Rows,
    Shard,
    Source,
    SourceFormat,
    Wanted,
    fingerprint,
    shard_name,
    wrong_row,
)
from tagger.bulk_tagging.storage import reading
from tagger.errors import first_line


class _Format(NamedTuple):
    describe: Callable[[Source], Description]
    read: Callable[[Shard, Wanted], Iterator[Rows]]


_FORMATS: dict[SourceFormat, _Format] = {
    "parquet": _Format(parquet.describe, parquet.read),
    "arrow": _Format(arrow.describe, arrow.read),
    "jsonl": _Format(lines.describe, lines.read_jsonl),
    "csv": _Format(csv.describe, csv.read),
    "text": _Format(lines.describe, lines.read_text),
}
SUFFIXES: dict[str, SourceFormat] = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "text",
}
"""The suffixes of files that are taken from folders."""
COMPRESSED = (".gz", ".bz2", ".zst")


def describe(source: Source) -> Description:
    """Describe the shards of a source; one that is damaged is a shard with an error.

    Raises:
        CorpusError: It cannot be read.
    """
    with reading(source.address):
        try:
            return _FORMATS[source.format].describe(source)
        except (EOFError, OSError, zlib.error) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            damage = f"damaged: it cannot be decompressed ({first_line(error)})"
            return Description(
                [
                    Shard(
                        name=shard_name(source, 0),
                        format=source.format,
                        paths=(source.address,),
                        size=source.size,
                        fingerprint=fingerprint(source.size, damage),
                        damage=damage,
                    )
                ]
            )


def read(shard: Shard, wanted: Wanted) -> Iterator[Rows]:
    """Yield the rows of a shard in order, about 1,000 at a time.

    Raises:
        CorpusError: Its file cannot be opened, or no more.
    """
    if shard.damage:
        yield wrong_row(shard.damage, wanted)
        return
    with reading(shard.paths[0]):
        yield from _FORMATS[shard.format].read(shard, wanted)
