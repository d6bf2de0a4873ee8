"""Printing: no character of a text acts on a terminal; results in a pipe are unchanged."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Iterable, Sequence
from io import TextIOBase
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TextIO, cast

from tagger.errors import UsageError
from tagger.printable import one_line, printable

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

_PADDING = re.compile(r" +$", re.MULTILINE)


def open_streams() -> None:
    """Put something in place of closed standard streams, so that no file takes their number.

    A file opened later would receive what is printed. Errors are dropped where standard error is
    closed; results are not, where standard output is.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(number)
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until the end
    if sys.stdout is None:
        sys.stdout = cast("TextIO", _Closed())


def format_warnings() -> None:
    """Print warnings of the library, too, on one line that cannot act on a terminal."""

    class OneLine(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return one_line(super().format(record))

    if logging.lastResort is not None:  # the handler of those who set up none
        logging.lastResort.setFormatter(OneLine())


class _Closed(TextIOBase):
    """Standard output that is closed."""

    def write(self, text: str) -> int:
        """Refuse to write.

        Raises:
            UsageError: Always.
        """
        raise UsageError("standard output is closed", hint="redirect it to a file or /dev/null")


def console(*, stderr: bool = False) -> Console:
    """Return a console for tables, as wide as the terminal; without one nothing is cut."""
    from rich.console import Console

    class Safe(Console):
        def render(
            self, renderable: RenderableType, options: ConsoleOptions | None = None
        ) -> Iterable[Segment]:
            for segment in super().render(renderable, options):
                text, style, control = segment
                safe = text if control else printable(text)
                yield segment if safe == text else type(segment)(safe, style)

    if stderr:
        return Safe(stderr=True)
    if sys.stdout.isatty():
        return Safe()
    return Console(width=1000, file=cast("IO[str]", _WithoutPadding(sys.stdout)))


class _WithoutPadding:
    """A stream without the spaces that fill the last column of tables."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        """Write lines without spaces at their ends."""
        self._stream.write(_PADDING.sub("", text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def in_terminal(output: Path | None) -> bool:
    """Return whether results that go to a file, or without one to standard output, are seen."""
    return output is None and sys.stdout is not None and sys.stdout.isatty()


def shows_progress(output: Path | None) -> bool:
    """Return whether to show progress: someone sees it, and no results between it."""
    return not in_terminal(output) and sys.stderr is not None and sys.stderr.isatty()


def announce_input(texts: Sequence[str] | None, files: Sequence[Path] | None) -> None:
    """Print how to end the input, if a person is about to type it; and what is not read."""
    for text in texts or ():
        if os.path.isfile(text):  # noqa: PTH113, which raises an error for a long text
            echo(f"{text!r} is tagged as a text; to read the file, use --file", err=True)
    reads = Path("-") in files if files else not texts
    if reads and sys.stdin is not None and sys.stdin.isatty():
        echo("reading lines from the terminal; end with Ctrl-D", err=True)


def echo(text: str = "", *, err: bool = False, nl: bool = True) -> None:
    """Print a text; a message, or a result on a terminal, without characters that act on it."""
    if err or sys.stdout.isatty():
        text = printable(text)
    stream = sys.stderr if err else sys.stdout
    stream.write(f"{text}\n" if nl else text)
    stream.flush()


def print_json(value: object) -> None:
    """Print a result as JSON on one line, as ``--json`` asks for."""
    import msgspec

    echo(msgspec.json.encode(value).decode())
