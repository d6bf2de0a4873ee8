"""Seals of cached files: their size and checksum in a file beside each, to notice damage.

Arrow files are mapped into memory and read without any check of their own: one that was cut or
overwritten ends the process, or yields other sentences.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Literal

from tagger.files import write_file

__all__ = ["SUFFIX", "inspect", "read_sealed", "seal", "write_sealed"]

SUFFIX = ".seal"
_BLOCK = 1 << 20

State = Literal["intact", "damaged", "missing"]


def seal(path: Path) -> None:
    """Write the seal of a file that is complete.

    Raises:
        OSError: No space, no permission.
    """
    write_file(_seal_of(path), _measure(path))


def inspect(paths: Iterable[Path]) -> State:
    """Check files against their seals.

    Returns:
        ``"missing"`` if a file or seal is, as after a build that was killed; ``"damaged"`` if a
        file has changed since it was sealed.
    """
    state: State = "intact"
    for path in paths:
        try:
            kept = _seal_of(path).read_bytes()
            found = _measure(path)
        except OSError:
            return "missing"
        if kept != found:
            state = "damaged"
    return state


def write_sealed(path: Path, content: bytes) -> None:
    """Write a file and its seal.

    Raises:
        OSError: No space, no permission.
    """
    with suppress(OSError):  # a seal of old content would be taken for damage
        _seal_of(path).unlink(missing_ok=True)
    write_file(path, content)
    write_file(_seal_of(path), _measured(len(content), zlib.crc32(content)))


def read_sealed(path: Path) -> bytes | None:
    """Read a file if it is as it was sealed; None otherwise."""
    try:
        content, kept = path.read_bytes(), _seal_of(path).read_bytes()
    except OSError:
        return None
    return content if kept == _measured(len(content), zlib.crc32(content)) else None


def _seal_of(path: Path) -> Path:
    return path.with_name(path.name + SUFFIX)


def _measure(path: Path) -> bytes:
    size = checksum = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            size += len(block)
            checksum = zlib.crc32(block, checksum)
    return _measured(size, checksum)


def _measured(size: int, checksum: int) -> bytes:
    return f"{size} {checksum:08x}\n".encode()
