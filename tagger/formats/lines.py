"""The lines and the content hash of a file of a corpus."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from tagger.errors import CorpusError
from tagger.lines import decode_lines

__all__ = ["content_hash", "read_lines", "unreadable"]


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Give each line with its number, from 1, without its end.

    Raises:
        CorpusError: where the file cannot be opened.
        FormatError: where a line is not UTF-8, or the file is no text.
    """
    try:
        with path.open("rb") as file:
            yield from decode_lines(file, path)
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
