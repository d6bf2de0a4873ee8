"""Arrow files and streams whose buffers are measured before they are unpacked.

A compressed buffer states its size in eight bytes, and a megabyte of zstd can hold gigabytes.
pyarrow unpacks a whole batch at once, so the sizes are taken from the messages that hold batches
(https://arrow.apache.org/docs/format/Columnar.html): FlatBuffers, which pyarrow has verified.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from tagger.formats.bounded_parquet import check_size

if TYPE_CHECKING:
    import pyarrow as pa

_MAGIC, _END = b"ARROW1\0\0", b"ARROW1"
_DICTIONARY, _BATCH = 2, 3
"""Kinds of messages."""


def open_batches(stream: BinaryIO, place: str) -> pa.RecordBatchStreamReader:
    """Open a file or stream; its batches are read one by one.

    A file is read as the stream that it holds, without its footer, which could name other places.

    Args:
        stream: The file or stream, at its start.
        place: Its name, for errors.

    Raises:
        pyarrow.ArrowException: It is damaged; also while batches are read.
        FormatError: A batch would take gigabytes; also while batches are read.
    """
    import pyarrow as pa

    is_file = stream.read(len(_MAGIC)) == _MAGIC
    if is_file:
        stream.seek(-len(_END), io.SEEK_END)
        if stream.read() != _END:
            raise pa.ArrowInvalid("it is cut off")
    stream.seek(len(_MAGIC) if is_file else 0)
    messages = pa.ipc.MessageReader.open_stream(stream)
    return pa.ipc.open_stream(io.BufferedReader(_Joined(_measured(messages, place)), 1 << 20))


class _Joined(io.RawIOBase):
    """Pieces of a file, read as the file."""

    def __init__(self, pieces: Iterator[Any]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = memoryview(next(self._pieces, b"")).cast("B")
        n = min(len(buffer), len(self._rest))
        buffer[:n] = self._rest[:n]
        self._rest = self._rest[n:]
        return n


def _measured(messages: Any, place: str) -> Iterator[Any]:
    """Yield messages as they lie in a stream, each once its size is known to be right."""
    n_packed = n_dictionaries = 0
    while True:
        try:
            message = messages.read_next_message()
        except StopIteration:
            return
        kind, size = _unpacked(message)
        n_packed += message.body.size
        if kind == _DICTIONARY:  # may be added to what earlier ones hold
            n_dictionaries = size = n_dictionaries + size
        check_size(place, size, n_packed, what="a batch")
        yield message.serialize()


def _unpacked(message: Any) -> tuple[int, int]:
    """Return the kind of a message, and how many bytes its buffers take when they are unpacked."""
    data, body = message.metadata.to_pybytes(), message.body
    root = _at(data, 0)
    kind = data[_field(data, root, 1)]
    if kind not in (_DICTIONARY, _BATCH):
        return kind, 0
    batch = _at(data, _field(data, root, 2))
    if kind == _DICTIONARY:
        batch = _at(data, _field(data, batch, 1))
    if not _field(data, batch, 3):  # not compressed
        return kind, body.size
    buffers = _at(data, _field(data, batch, 2))
    (n_buffers,) = struct.unpack_from("<I", data, buffers)
    size = 0
    for number in range(n_buffers):
        start, length = struct.unpack_from("<qq", data, buffers + 4 + 16 * number)
        if length >= 8 and 0 <= start <= body.size - length:
            (stated,) = struct.unpack("<q", body.slice(start, 8).to_pybytes())
            size += length if stated < 0 else stated
    return kind, size


def _at(data: bytes, place: int) -> int:
    """Return where the offset at a place leads."""
    return int(place + struct.unpack_from("<I", data, place)[0])


def _field(data: bytes, table: int, number: int) -> int:
    """Return the place of a field of a table; 0 where it has the default."""
    fields = table - struct.unpack_from("<i", data, table)[0]
    (n_bytes,) = struct.unpack_from("<H", data, fields)
    at = 4 + 2 * number
    offset = struct.unpack_from("<H", data, fields + at)[0] if at < n_bytes else 0
    return table + offset if offset else 0
