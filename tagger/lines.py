"""Bytes to lines of text, with errors that say where they are no text and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from tagger.errors import FormatError, UsageError

__all__ = ["BOM", "MAGIC", "decode", "decode_lines", "read_lines"]

BOM = "\ufeff"
MAGIC = {
    b"\x1f\x8b": "compressed with gzip; unpack it with gunzip",
    b"BZh": "compressed with bzip2; unpack it with bunzip2",
    b"\xfd7zXZ": "compressed with xz; unpack it with unxz",
    b"\x28\xb5\x2f\xfd": "compressed with zstd; unpack it with unzstd",
    b"PK\x03\x04": "a zip archive; unpack it with unzip",
    b"\xff\xfe": "encoded in UTF-16; convert it with iconv -f utf-16 -t utf-8",
    b"\xfe\xff": "encoded in UTF-16; convert it with iconv -f utf-16 -t utf-8",
}
"""How files begin that are often given for text, and what is to be done with them."""


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Give each line of a file that a command is given, as `decode_lines` does.

    Raises:
        UsageError: where it cannot be read.
        FormatError: where a line is not UTF-8, or the file is no text.
    """
    try:
        with path.open("rb") as file:
            yield from decode_lines(file, path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({(error.strerror or '').lower()})") from None


def decode_lines(stream: Iterable[bytes], name: str | Path) -> Iterator[tuple[int, str]]:
    r"""Give each line with its number, from 1, without its end; nothing is read ahead.

    Only ``\n`` and ``\r\n`` end a line: a token may hold any other separator that Unicode knows.

    Args:
        stream: an open file, or its lines one by one.
        name: what errors call it.

    Raises:
        FormatError: where a line is not UTF-8, or the file is no text.
    """
    for number, raw in enumerate(stream, start=1):
        line = decode(raw, name, number)
        if number == 1:
            line = line.removeprefix(BOM)
        if "\0" in line:
            raise FormatError(
                name, number, "a NUL byte: this is a binary file, or UTF-16; give a text in UTF-8"
            )
        yield number, line.removesuffix("\n").removesuffix("\r")


def decode(data: bytes, name: str | Path, line: int = 1) -> str:
    """Decode a line, or a text of several that begins with ``line``.

    Raises:
        FormatError: where it is not UTF-8, as what is compressed is not.
    """
    if line == 1:
        for magic, what in MAGIC.items():
            if data.startswith(magic):
                raise FormatError(name, None, what)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        ends = data.count(b"\n", 0, error.start)
        byte = error.start - data.rfind(b"\n", 0, error.start)
        raise FormatError(
            name,
            line + ends,
            f"not UTF-8 (byte {byte} of the line); where the file is Latin-1, convert it with "
            "iconv -f latin1 -t utf-8",
        ) from None
