"""Files as lines of text, decompressed, with errors that name the place and the remedy."""

from __future__ import annotations

import bz2
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BufferedReader, FileIO, RawIOBase
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from tagger.errors import CorpusError, FormatError, UsageError

__all__ = [
    "BOM",
    "MAGIC",
    "MAX_LINE",
    "NOT_JSON",
    "as_number",
    "decode",
    "decode_lines",
    "decompressed",
    "is_compressed",
    "open_bytes",
    "plain_suffix",
    "read_bytes",
    "read_lines",
    "read_rows",
    "read_whole",
    "unreadable",
]

BOM = "\ufeff"
MAGIC = {
    b"\x1f\x8b": ("compressed with gzip", "unpack it with gunzip"),
    b"BZh": ("compressed with bzip2", "unpack it with bunzip2"),
    b"\xfd7zXZ": ("compressed with xz", "unpack it with unxz"),
    b"\x28\xb5\x2f\xfd": ("compressed with zstd", "unpack it with unzstd"),
    b"PK\x03\x04": (
        "a zip archive, as office documents are",
        "unpack it with unzip, or save it as text",
    ),
    b"PAR1\x15": ("Parquet", 'write its texts as JSON lines, {"text": …}'),
    b"%PDF-": ("a PDF", "extract its text, as with pdftotext"),
    b"\xd0\xcf\x11\xe0": ("an office document", "save it as text"),
    b"\x89PNG": ("an image", "it has no text"),
    b"\xff\xd8\xff": ("an image", "it has no text"),
    b"SQLite format 3\0": ("a database of SQLite", "export its texts as JSON lines"),
    b"\xff\xfe": ("encoded in UTF-16", "convert it with iconv -f utf-16 -t utf-8"),
    b"\xfe\xff": ("encoded in UTF-16", "convert it with iconv -f utf-16 -t utf-8"),
}
"""How files begin that are often given for text, what they are, and what to do with them."""

_GZIP, _BZIP2, _ZSTD = b"\x1f\x8b", b"BZh", b"\x28\xb5\x2f\xfd"
JSON_LINES = (".jsonl", ".ndjson")
"""Suffixes of files with a JSON object on each line."""
JSON_SUFFIXES = (*JSON_LINES, ".json")
"""Suffixes of files of JSON."""

NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What `msgspec.json.decode` raises; the last one for values that are nested too deeply."""

_COMPRESSED = (".gz", ".bz2", ".zst")
_BLOCK = 1 << 20
MAX_LINE = 256 << 20
"""Bytes of a line of a compressed file."""
_MAX_WHOLE, _MAX_RATIO = 256_000_000, 200
"""Characters of a compressed file that is read whole: this many, or this many times its size."""


def read_lines(path: Path, *, keep_ends: bool = False) -> Iterator[tuple[int, str]]:
    """Yield each line of a file, decompressed, as `decode_lines` does.

    Raises:
        CorpusError: The file cannot be read.
        FormatError: It is damaged or not text, or a line is not UTF-8.
    """
    with open_bytes(path) as file:
        is_plain = isinstance(getattr(file, "raw", None), FileIO)
        lines = file if is_plain else _limited(file, path)
        yield from decode_lines(lines, path, keep_ends=keep_ends)


def read_whole(path: Path) -> str:
    """Return the lines of a file as one text.

    Raises:
        CorpusError: The file cannot be read.
        FormatError: As `read_lines`, or it is compressed and unpacks to much more.
    """
    limit = _limit_of_whole(path)
    lines: list[str] = []
    n_chars = 0
    for number, line in read_lines(path):
        lines.append(line)
        n_chars += len(line)
        if n_chars + number > limit:
            raise _too_large(path, limit)
    return "\n".join(lines)


def read_bytes(path: Path) -> bytes:
    """Return the content of a file, decompressed.

    Raises:
        CorpusError: The file cannot be read.
        FormatError: It is compressed, and damaged or unpacks to much more.
    """
    with open_bytes(path) as file:
        limit = _limit_of_whole(path)
        content = file.read(limit + 1)
    if len(content) > limit:
        raise _too_large(path, limit)
    return content


def _limit_of_whole(path: Path) -> int:
    try:
        return max(_MAX_WHOLE, _MAX_RATIO * path.stat().st_size)
    except OSError:  # reading it reports that
        return _MAX_WHOLE


def _too_large(path: Path, limit: int) -> FormatError:
    return FormatError(
        path,
        None,
        f"unpacks to more than {limit / 1e6:,.0f} MB, {_MAX_RATIO} times its size",
        hint="unpack the file first if that is right",
    )


def _limited(file: BinaryIO, path: Path) -> Iterator[bytes]:
    """Yield the lines of a compressed file, in which a small file may hold one of gigabytes.

    Raises:
        FormatError: A line is too long.
    """
    number = 0
    while line := file.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise FormatError(
                path,
                number,
                f"a line of more than {MAX_LINE >> 20} MB in a compressed file",
                hint="unpack the file first if that is right",
            )
        yield line


def read_rows(path: Path) -> Iterator[tuple[int, str]]:
    """Yield each line of a file as `read_lines` does, of a format in which lines are rows.

    Raises:
        CorpusError: The file cannot be read.
        FormatError: As `read_lines`, or a line contains a carriage return, as in files whose lines
            end with it alone.
    """
    for number, line in read_lines(path):
        if "\r" in line:
            raise FormatError(
                path,
                number,
                "a carriage return within the line",
                hint="where it ends lines, convert the file with tr '\\r' '\\n'",
            )
        yield number, line


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """Open a file to read; one that begins as gzip, bzip2 or zstd do is decompressed.

    Raises:
        CorpusError: The file cannot be read.
        FormatError: It is compressed and damaged.
    """
    try:
        with path.open("rb", buffering=_BLOCK) as file:
            yield decompressed(cast("BufferedReader", file), path)
    except (EOFError, OSError, zlib.error) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise unreadable(path, error) from None
        # Also from gzip and bz2, as an OSError without a number.
        raise FormatError(path, None, f"damaged: it cannot be decompressed ({error})") from None


def open_stdin() -> BinaryIO:
    """Open standard input to read bytes, with a buffer of its own.

    At exit Python waits for the lock of ``sys.stdin.buffer``, which a thread that waits for a line
    may hold for ever.

    Raises:
        UsageError: It is closed.
    """
    if sys.stdin is None:
        raise UsageError("standard input is closed", hint="name a file, or pipe text into it")
    return open(sys.stdin.fileno(), "rb", closefd=False)


def decompressed(file: BufferedReader, path: str | Path) -> BinaryIO:
    """Return what a file holds that may be compressed with gzip, bzip2 or zstd.

    Raises:
        FormatError: It is compressed with zstd, and pyarrow is not installed.
    """
    start = file.peek(4)
    if start.startswith(_GZIP):
        import gzip

        return cast("BinaryIO", gzip.GzipFile(fileobj=file))
    if start.startswith(_BZIP2):
        return cast("BinaryIO", bz2.BZ2File(file))
    return _zstd(file, path) if start.startswith(_ZSTD) else cast("BinaryIO", file)


def _zstd(file: BufferedReader, path: str | Path) -> BinaryIO:
    try:
        import pyarrow
    except ImportError:  # an installation that only predicts
        raise FormatError(path, None, MAGIC[_ZSTD][0], hint=MAGIC[_ZSTD][1]) from None
    stream = pyarrow.CompressedInputStream(file, "zstd")
    return BufferedReader(cast("RawIOBase", stream), _BLOCK)


def as_number(digits: str) -> int:
    """Return the number that decimal digits spell; one of more than 18 digits is cut to 10 ** 18.

    Python refuses to convert thousands of digits, and no position or count needs them.

    >>> as_number("12"), as_number("9" * 5000) == 10**18
    (12, True)
    """
    return int(digits) if len(digits) <= 18 else 10**18


def plain_suffix(path: Path) -> str:
    """Return the suffix of a file in lower case, without that of its compression.

    >>> plain_suffix(Path("train.CONLL.gz")), plain_suffix(Path("train.txt"))
    ('.conll', '.txt')
    """
    suffix = path.suffix.lower()
    return Path(path.stem).suffix.lower() if suffix in _COMPRESSED else suffix


def is_compressed(path: Path) -> bool:
    """Return whether the name of a file is that of a compressed one."""
    return path.suffix.lower() in _COMPRESSED


def unreadable(path: Path, error: OSError) -> CorpusError:
    """Return the error for a file or folder that the operating system does not let us read."""
    if isinstance(error, FileNotFoundError):
        return CorpusError("no such file or folder", path=path)
    if isinstance(error, PermissionError):
        return CorpusError("no permission to read it", path=path, hint="try chmod u+r")
    return CorpusError(f"cannot be read ({(error.strerror or str(error)).lower()})", path=path)


def decode_lines(
    stream: Iterable[bytes], name: str | Path, *, keep_ends: bool = False
) -> Iterator[tuple[int, str]]:
    r"""Yield each line with its number, from 1, without its end; nothing is read ahead.

    Only ``\n`` and ``\r\n`` end a line: a token may hold any other separator that Unicode knows.

    Args:
        stream: An open file, or its lines one by one.
        name: The name of the file in errors.
        keep_ends: Yield lines with their ends.

    Raises:
        FormatError: A line is not UTF-8, or the file is not text.
    """
    for number, raw in enumerate(stream, start=1):
        line = decode(raw, name, number)
        if number == 1:
            line = line.removeprefix(BOM)
        if "\0" in line:
            raise FormatError(
                name,
                number,
                "a NUL byte: this is a binary file, or UTF-16",
                hint="convert it to UTF-8",
            )
        yield number, line if keep_ends else line.removesuffix("\n").removesuffix("\r")


def decode(data: bytes, name: str | Path, line: int = 1) -> str:
    """Decode a line, or a text of several lines that begins with ``line``.

    Raises:
        FormatError: It is not UTF-8, or is compressed.
    """
    if line == 1:
        for magic, (what, hint) in MAGIC.items():
            if data.startswith(magic):
                raise FormatError(name, None, what, hint=hint)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        ends = data.count(b"\n", 0, error.start)
        byte = error.start - data.rfind(b"\n", 0, error.start)
        raise FormatError(
            name,
            line + ends,
            f"not UTF-8 (byte {byte} of the line)",
            hint="if the file is Latin-1, convert it with iconv -f latin1 -t utf-8",
        ) from None
