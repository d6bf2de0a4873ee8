"""Raw text from files of any size: plain, ``.gz``, ``.zst``, ``.bz2`` or standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, cast

from tagger.errors import FormatError, UsageError

BLOCK = 1 << 20
MAX_LINE = 16 << 20
"""Bytes; what has longer lines is no text in paragraphs, and would not fit into memory."""

COMPRESSIONS = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}
STDIN = "-"


def check_texts(paths: Sequence[str]) -> None:
    """See that every file is there before any is read.

    Raises:
        UsageError: One is missing, a folder or empty, or standard input is named beside itself.
    """
    if not paths:
        raise UsageError("name a file of raw text, or - for standard input")
    if list(paths).count(STDIN) > 1:
        raise UsageError("standard input (-) can be read only once")
    for path in paths:
        if path == STDIN:
            continue
        if Path(path).is_dir():
            raise UsageError(f"{path}: a folder; name the files in it")
        if not Path(path).exists():
            raise UsageError(f"{path}: no such file")
        if Path(path).is_file() and Path(path).stat().st_size == 0:
            raise UsageError(f"{path}: empty; raw text is expected, a paragraph a line")


def read_lines(path: str) -> Iterator[str]:
    """Read the lines of a text that have something in them, in bounded memory.

    Args:
        path: A file, decompressed by its ending, or ``-`` for standard input.

    Raises:
        FormatError: The file is binary, not UTF-8, damaged, or has a line that is too long;
            the message begins with ``path:line``.
    """
    number = 1
    rest = b""
    with _open(path) as file:
        while True:
            try:
                block = file.read(BLOCK)
            except OSError as error:
                detail = str(error).splitlines()[0]
                raise FormatError(path, number, f"cannot be read on ({detail})") from None
            if b"\0" in block:
                raise FormatError(path, number, "binary; raw text in UTF-8 is expected")
            *lines, rest = (rest + block).split(b"\n")
            if not block and rest:
                lines.append(rest)
            for line in lines:
                try:
                    text = line.decode("utf-8").strip("\r\ufeff")
                except UnicodeDecodeError:
                    raise FormatError(
                        path, number, "not UTF-8; convert it with `iconv -t utf-8`"
                    ) from None
                number += 1
                if text and not text.isspace():
                    yield text
            if not block:
                return
            if len(rest) > MAX_LINE:
                raise FormatError(
                    path,
                    number,
                    f"a line of more than {MAX_LINE >> 20} MB; put each paragraph on a line of "
                    "its own",
                )


def _open(path: str) -> BinaryIO:
    if path == STDIN:
        return sys.stdin.buffer
    try:
        compression = COMPRESSIONS.get(Path(path).suffix)
        if compression is None:
            return Path(path).open("rb")
        import pyarrow

        return cast("BinaryIO", pyarrow.input_stream(path, compression=compression))
    except OSError as error:
        raise FormatError(path, 1, f"cannot be read ({error.strerror or error})") from None
