"""Results to files: Parquet or JSON lines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

import msgspec

from tagger.bulk_tagging.job import OutputFormat

if TYPE_CHECKING:
    import pyarrow as pa

SUFFIXES: dict[OutputFormat, str] = {"parquet": ".parquet", "jsonl": ".jsonl"}
GROUP_ROWS, GROUP_BYTES = 100_000, 2**25
"""Size of a row group of an output, in rows or bytes of memory, whichever is reached first."""


class Sink(Protocol):
    """Takes results in batches."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Take some rows."""
        ...


@contextmanager
def opened_sink(file: BinaryIO, schema: pa.Schema, output_format: OutputFormat) -> Iterator[Sink]:
    """Write results into a file, which is complete at the end of the block."""
    if output_format == "jsonl":
        yield _JsonLines(file)
        return
    from pyarrow import parquet

    writer = parquet.ParquetWriter(file, schema, compression="zstd")
    sink = _Parquet(writer, schema)
    try:
        yield sink
        sink.flush()
    finally:
        writer.close()


class _Parquet:
    def __init__(self, writer: Any, schema: pa.Schema) -> None:
        self._writer, self._schema = writer, schema
        self._batches: list[pa.RecordBatch] = []
        self._n_rows = self._n_bytes = 0

    def write(self, batch: pa.RecordBatch) -> None:
        self._batches.append(batch)
        self._n_rows += batch.num_rows
        self._n_bytes += batch.nbytes
        if self._n_rows >= GROUP_ROWS or self._n_bytes >= GROUP_BYTES:
            self.flush()

    def flush(self) -> None:
        import pyarrow as pa

        if self._batches:
            table = pa.Table.from_batches(self._batches, self._schema)
            self._writer.write_table(table, row_group_size=max(self._n_rows, 1))
        self._batches, self._n_rows, self._n_bytes = [], 0, 0


class _JsonLines:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._encoder = msgspec.json.Encoder(enc_hook=str)

    def write(self, batch: pa.RecordBatch) -> None:
        self._file.write(self._encoder.encode_lines(batch.to_pylist()))
