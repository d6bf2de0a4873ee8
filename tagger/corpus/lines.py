"""The lines and the content hash of a text file, with errors that say where and what to do."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from tagger.errors import CorpusError, FormatError

__all__ = ["content_hash", "read_lines"]

_BOM = b"\xef\xbb\xbf"
_MAGIC = {
    b"\x1f\x8b": "compressed with gzip: unpack it with gunzip",
    b"BZh": "compressed with bzip2: unpack it with bunzip2",
    b"\xfd7zXZ": "compressed with xz: unpack it with unxz",
    b"\x28\xb5\x2f\xfd": "compressed with zstd: unpack it with unzstd",
    b"PK\x03\x04": "a zip archive: unpack it with unzip",
    b"\xff\xfe": "encoded in UTF-16: convert it with iconv -f utf-16 -t utf-8",
    b"\xfe\xff": "encoded in UTF-16: convert it with iconv -f utf-16 -t utf-8",
}


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    r"""Give each line with its number, from 1, without its end.

    Only ``\n`` and ``\r\n`` end a line: a token may hold any other separator that Unicode knows.

    Raises:
        CorpusError: where the file cannot be opened or is no text.
        FormatError: where a line is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, start=1):
                if number == 1:
                    _refuse_binary(path, raw)
                    raw = raw.removeprefix(_BOM)
                if b"\0" in raw:
                    raise FormatError(path, number, "a NUL byte: this is a binary file, not text")
                try:
                    line = raw.decode("utf-8")
                except UnicodeDecodeError as error:
                    raise FormatError(
                        path,
                        number,
                        f"byte {error.start + 1} of the line is not UTF-8; where the file is "
                        "Latin-1, convert it with iconv -f latin1 -t utf-8",
                    ) from None
                yield number, line.removesuffix("\n").removesuffix("\r")
    except OSError as error:
        raise unreadable(path, error) from None


def content_hash(path: Path) -> str:
    """Hash the bytes of a file, a piece at a time.

    Raises:
        CorpusError: where the file cannot be opened.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=20)).hexdigest()
    except OSError as error:
        raise unreadable(path, error) from None


def unreadable(path: Path, error: OSError) -> CorpusError:
    """Word the error for a file or folder that the system does not let us read."""
    if isinstance(error, PermissionError):
        return CorpusError(f"{path}: no permission to read it; try chmod u+r")
    return CorpusError(f"{path}: cannot be read ({error.strerror or error})")


def _refuse_binary(path: Path, start: bytes) -> None:
    for magic, what in _MAGIC.items():
        if start.startswith(magic):
            raise CorpusError(f"{path}: this file is {what}")
