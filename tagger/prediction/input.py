"""Lines in as they come, in pieces that are as large as what is there."""

from __future__ import annotations

import os
import queue
import stat
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from tagger.errors import UsageError
from tagger.lines import decode_lines, read_lines

T = TypeVar("T")

STDIN = Path("-")
PIECE = 512
WAITING = 4 * PIECE
"""Lines that are read ahead: enough to be busy, few to hold."""


def check_utf8(text: str) -> None:
    """See that a text from the command line can be written out again.

    Raises:
        UsageError: It is not UTF-8.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError(f"not UTF-8: the text {text!a}") from None


def inputs(texts: Sequence[str], files: Sequence[Path]) -> Iterator[str]:
    """The given texts, then the lines of the files; of standard input if neither is given.

    Raises:
        UsageError: A text is not UTF-8.
        CorpusError: A file cannot be read.
        FormatError: A line is not UTF-8, or a file is no text.
    """
    for text in texts:
        check_utf8(text)
        yield text
    for path in files or ([] if texts else [STDIN]):
        if path == STDIN:
            if sys.stdin is None:
                raise UsageError("standard input is closed; give a text, or a file with --file")
            if sys.stdin.isatty():
                print("reading lines from the terminal; end with Ctrl-D", file=sys.stderr)  # noqa: T201
            # A reader of its own: at exit Python waits for the lock of `sys.stdin.buffer`, which
            # the thread of `pieces` may hold for ever.
            stream = open(sys.stdin.fileno(), "rb", closefd=False)  # noqa: SIM115
            yield from (line for _, line in decode_lines(stream, "standard input"))
            continue
        yield from (line for _, line in read_lines(path))


def is_live(texts: Sequence[str], files: Sequence[Path]) -> bool:
    """Whether lines come when they come, from a pipe or a person, to be answered at once."""
    if texts and not files:
        return False
    for path in files or [STDIN]:
        try:
            status = os.fstat(0) if path == STDIN else path.stat()
        except OSError:
            continue  # whoever reads it will say so
        if not stat.S_ISREG(status.st_mode):
            return True
    return False


def size_of(files: Sequence[Path]) -> int | None:
    """Bytes in all of the files; None if one has no end that is known."""
    try:
        found = [os.fstat(0) if path == STDIN else path.stat() for path in files or [STDIN]]
    except OSError:
        return None
    return sum(f.st_size for f in found) if all(stat.S_ISREG(f.st_mode) for f in found) else None


def pieces(items: Iterable[T], size: int = PIECE, read_ahead: int = WAITING) -> Iterator[list[T]]:
    """Give what is there, at least one item and at most ``size``, without waiting for more.

    So a slow stream is answered line by line and a fast one in batches. At most ``read_ahead``
    items wait. What ``items`` raises comes after all that it gave before.
    """
    waiting: queue.Queue[T | _End] = queue.Queue(read_ahead)

    def read() -> None:
        end = _End(None)
        try:
            for item in items:
                waiting.put(item)
        except BaseException as error:  # whatever it is, the reader below must hear of it
            end = _End(error)
        waiting.put(end)

    threading.Thread(target=read, daemon=True).start()
    end: _End | None = None
    while end is None:
        piece: list[T] = []
        while len(piece) < size and (not piece or not waiting.empty()):
            item = waiting.get()
            if isinstance(item, _End):
                end = item
                break
            piece.append(item)
        if piece:
            yield piece
    if end.error is not None:
        raise end.error


class _End:
    def __init__(self, error: BaseException | None) -> None:
        self.error = error
