"""Parquet in pieces of bounded size, however small the file is that they are unpacked from.

A dictionary or an encoding of runs can state a value a billion times in a few bytes. Strings are
therefore read with their dictionary, in which a repetition takes four bytes, and measured before
they are unpacked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import numpy.typing as npt

from tagger.errors import FormatError
from tagger.formats.arrow_errors import damaged_names

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow.parquet import ColumnChunkMetaData, FileMetaData

MAX_BATCH = 64_000_000
"""Unpacked bytes that are yielded together."""
MAX_ROW = 256_000_000
"""Unpacked bytes of a row."""
MAX_RATIO = 200
"""The decompressed pages may be this many times as large as the file ..."""
LEAST_LIMIT = 256_000_000
"""... or have this many bytes, whichever is more."""
MAX_VALUES = 20
"""There may be this many values in lists for each byte of the file ..."""
LEAST_VALUES = 16_000_000
"""... or this many in all, whichever is more."""
_OVERHEAD = 64
"""Bytes of a Python object or an entry of a list."""

Sizes = npt.NDArray[np.int64]


def batches(
    source: Path | str | BinaryIO,
    place: str,
    *,
    size: int,
    rows: int,
    part: int | None = None,
    columns: Sequence[str] | None = None,
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a file; strings may be dictionaries (`plain` unpacks them).

    Args:
        source: The file.
        place: Its name, for errors.
        size: Its size in bytes.
        rows: The most rows of a batch.
        part: A row group; all if None.
        columns: The columns to read; all if None.

    Raises:
        FormatError: It would take gigabytes.
        OSError: It cannot be read, or is damaged.
        pyarrow.ArrowException: It is damaged.
    """
    with damaged_names():
        yield from _batches(source, place, size, rows, part, columns)


def _batches(
    source: Path | str | BinaryIO,
    place: str,
    size: int,
    rows: int,
    part: int | None,
    columns: Sequence[str] | None,
) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa
    from pyarrow import parquet

    with parquet.ParquetFile(source) as file:
        metadata = file.metadata
    parts = range(metadata.num_row_groups) if part is None else [part]
    n_before = 0
    for number in parts:
        check_size(place, metadata.row_group(number).total_byte_size, size)
        _read_first(source, metadata, number, columns)
        chunks = _chunks(metadata, number, columns)
        n_rows = metadata.row_group(number).num_rows
        _check(place, chunks, n_rows, size)
        packed = [one.path_in_schema for one in chunks if _can_be_packed(one)]
        at_once = min([rows, *(_rows_at_once(metadata, one) for one in chunks)])
        try:
            file = parquet.ParquetFile(source, metadata=metadata, read_dictionary=packed)
        except KeyError as error:
            raise pa.ArrowInvalid(f"no column {error}") from None
        with file:
            for batch in file.iter_batches(
                at_once, row_groups=[number], columns=columns, use_threads=False
            ):
                yield from pieces(place, batch, n_before)
                n_before += len(batch)


def plain(array: pa.Array, kind: pa.DataType) -> pa.Array:
    """Return a column of a batch with the type that the file states."""
    import pyarrow as pa

    if array.type == kind:
        return array
    try:
        return array.cast(kind)
    except pa.ArrowNotImplementedError:  # views of strings
        return pa.array(array.to_pylist(), kind)


def _read_first(
    source: Path | str | BinaryIO,
    metadata: FileMetaData,
    number: int,
    columns: Sequence[str] | None,
) -> None:
    """Read a row, which raises where statistics are damaged.

    The metadata of a chunk would end the process there: pyarrow declares that it never raises.
    """
    from pyarrow import parquet

    with parquet.ParquetFile(source, metadata=metadata) as file:
        next(file.iter_batches(1, row_groups=[number], columns=columns, use_threads=False), None)


def _chunks(
    metadata: FileMetaData, number: int, columns: Sequence[str] | None
) -> list[ColumnChunkMetaData]:
    paths = [metadata.schema.column(i).path for i in range(metadata.num_columns)]
    chosen = [
        i
        for i, path in enumerate(paths)
        if columns is None or any(f"{path}.".startswith(f"{name}.") for name in columns)
    ]
    group = metadata.row_group(number)
    return [group.column(i) for i in chosen]


def check_size(place: str, unpacked: int, size: int, *, what: str = "") -> None:
    """Check that ``size`` bytes do not unpack to gigabytes.

    Args:
        place: The name of the file, for errors.
        unpacked: The bytes that they unpack to.
        size: Packed bytes.
        what: The part of the file that they are; empty for all of it.

    Raises:
        FormatError: They do.
    """
    limit = max(LEAST_LIMIT, MAX_RATIO * size)
    if unpacked > limit:
        said = f"{what} unpacks to more than {limit / 1e6:,.0f} MB".lstrip()
        raise FormatError(place, None, said, hint="it is no table of texts")


def _check(place: str, chunks: Sequence[ColumnChunkMetaData], n_rows: int, size: int) -> None:
    hint = "it is no table of texts"
    check_size(place, sum(one.total_uncompressed_size for one in chunks), size)
    nested = [one for one in chunks if one.num_values > n_rows]
    limit = max(LEAST_VALUES, MAX_VALUES * size)
    if sum(one.num_values for one in nested) > limit:
        raise FormatError(place, None, f"more than {limit:,} values in lists", hint=hint)
    if any(_is_delta(one) for one in nested):
        raise FormatError(
            place,
            None,
            f"lists of strings in DELTA_BYTE_ARRAY ({nested[0].path_in_schema}), "
            "whose size cannot be known",
            hint="write it again with the encoding that is the default",
        )


def _is_delta(chunk: ColumnChunkMetaData) -> bool:
    return "DELTA_BYTE_ARRAY" in chunk.encodings


def _can_be_packed(chunk: ColumnChunkMetaData) -> bool:
    return chunk.physical_type == "BYTE_ARRAY" and not _is_delta(chunk)


def _rows_at_once(metadata: FileMetaData, chunk: ColumnChunkMetaData) -> int:
    """Return how many rows fit whatever is in them, where strings cannot stay packed."""
    longest = 1
    if _is_delta(chunk):
        longest = chunk.total_uncompressed_size
    elif chunk.physical_type == "FIXED_LEN_BYTE_ARRAY":
        names = [metadata.schema.column(i).path for i in range(metadata.num_columns)]
        longest = metadata.schema.column(names.index(chunk.path_in_schema)).length
    return max(MAX_BATCH // max(longest, 1), 1)


def pieces(place: str, batch: pa.RecordBatch, n_before: int) -> Iterator[pa.RecordBatch]:
    """Yield a batch in as many pieces as its unpacked size needs.

    Args:
        place: The name of the file, for errors.
        batch: The batch; its offsets and indices are right.
        n_before: The rows of the file before it.

    Raises:
        FormatError: A row would take too much.
    """
    if sum(_most(column) for column in batch.columns) <= MAX_BATCH:
        yield batch
        return
    ends = np.cumsum(np.sum([_sizes(column) for column in batch.columns], axis=0))
    start, past = 0, 0
    while start < len(batch):
        end = max(int(np.searchsorted(ends, past + MAX_BATCH, side="right")), start + 1)
        if ends[end - 1] - past > MAX_ROW:
            raise FormatError(
                place, n_before + end, f"unpacks to more than {MAX_ROW / 1e6:,.0f} MB"
            )
        yield batch.slice(start, end - start)
        start, past = end, int(ends[end - 1])


def _parts(array: pa.Array) -> list[pa.Array]:
    """Return the columns of a structure; none of other types."""
    import pyarrow as pa

    return array.flatten() if pa.types.is_struct(array.type) else []


def _is_list(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_map(kind))


def _values(array: pa.Array) -> pa.Array:
    """Return the values that the offsets of lists count."""
    import pyarrow as pa

    if pa.types.is_map(array.type):
        return pa.StructArray.from_arrays([array.keys, array.items], ["key", "value"])
    return array.values


def _is_view(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string_view(kind) or pa.types.is_binary_view(kind))


def _lengths_of_views(array: pa.Array) -> Sizes:
    """Return the lengths of strings that are views, of which many may show the same bytes."""
    views = np.frombuffer(array.buffers()[1], np.int32).reshape(-1, 4)
    return views[array.offset : array.offset + len(array), 0].astype(np.int64)


def _most(array: pa.Array) -> int:
    """Return what an array takes at most, which is known at once."""
    import pyarrow as pa
    import pyarrow.compute as pc

    most: int = len(array) * _OVERHEAD
    if pa.types.is_dictionary(array.type):
        longest = pc.max(pc.binary_length(array.dictionary)).as_py() or 0
        most += len(array) * longest
    elif _is_list(array.type) or pa.types.is_fixed_size_list(array.type):
        most += _most(_values(array))
    elif parts := _parts(array):
        most += sum(map(_most, parts))
    elif _is_view(array.type):
        most += int(_lengths_of_views(array).sum())
    else:
        most += array.nbytes
    return most


def _sizes(array: pa.Array) -> Sizes:
    """Return what each element of an array takes."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found: Sizes = np.full(len(array), _OVERHEAD, dtype=np.int64)
    if pa.types.is_fixed_size_list(array.type):
        array = array.cast(pa.list_(array.type.value_type))
    if pa.types.is_dictionary(array.type):
        lengths = pc.binary_length(array.dictionary).take(array.indices).fill_null(0)
        found += lengths.to_numpy(zero_copy_only=False)
    elif _is_list(array.type):
        before = np.concatenate([[0], np.cumsum(_sizes(_values(array)))])
        offsets = array.offsets.to_numpy()
        found += before[offsets[1:]] - before[offsets[:-1]]
    elif parts := _parts(array):
        found += np.sum([_sizes(one) for one in parts], axis=0)
    elif _is_view(array.type):
        found += _lengths_of_views(array)
    else:
        found += array.nbytes // max(len(array), 1)
    return found
