"""Raw text from files of any size, plain or compressed, or from standard input."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import count
from pathlib import Path
from typing import BinaryIO

from tagger.errors import FormatError, UsageError, first_line
from tagger.formats.unlabelled import check_is_text
from tagger.lines import decode_lines, open_bytes, open_stdin

MAX_LINE = 16 << 20
"""Bytes; a file with longer lines is not text in paragraphs, and would not fit into memory."""

STDIN = "-"


def check_texts(paths: Sequence[str]) -> None:
    """Check that every file exists before any is read.

    Raises:
        UsageError: One is missing, a folder or empty, or standard input is named twice.
        FormatError: One holds annotated sentences.
    """
    if not paths:
        raise UsageError("name a file of raw text, or - for standard input")
    if list(paths).count(STDIN) > 1:
        raise UsageError("standard input (-) can be read only once")
    for path in paths:
        if path == STDIN:
            continue
        if Path(path).is_dir():
            raise UsageError("a folder", path=path, hint="name the files in it")
        if not Path(path).exists():
            raise UsageError("no such file", path=path)
        if Path(path).is_file() and Path(path).stat().st_size == 0:
            raise UsageError("empty", path=path, hint="give raw text, one paragraph per line")
        check_is_text(Path(path))


def read_lines(path: str) -> Iterator[str]:
    """Read the lines of a text that are not blank, in bounded memory.

    Args:
        path: A file, decompressed if it is compressed, or ``-`` for standard input.

    Raises:
        FormatError: The file is not text, not UTF-8, damaged, or has a line that is too long.
    """
    with _open(path) as file:
        for _, line in decode_lines(_raw_lines(file, path), path):
            text = line.strip("\r\ufeff")
            if text and not text.isspace():
                yield text


def _raw_lines(file: BinaryIO, path: str) -> Iterator[bytes]:
    """Yield the lines unchanged, none of them too long."""
    for number in count(1):
        try:
            line = file.readline(MAX_LINE + 1)
        except OSError as error:
            raise FormatError(
                path, number, f"cannot be read further ({first_line(error)})"
            ) from None
        if not line:
            return
        if len(line) > MAX_LINE:
            raise FormatError(
                path,
                number,
                f"a line of more than {MAX_LINE >> 20} MB",
                hint="put each paragraph on a separate line",
            )
        yield line


def _open(path: str) -> AbstractContextManager[BinaryIO]:
    return nullcontext(open_stdin()) if path == STDIN else open_bytes(Path(path))
