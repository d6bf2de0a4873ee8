"""`tagger redact`: lines, whole files or a column of JSON lines, to standard output or a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec

from tagger.errors import FormatError, UsageError
from tagger.files import check_new, check_not_read
from tagger.lines import NOT_JSON, decode_lines, read_lines
from tagger.prediction.input import BLOCK, STDIN, as_available, is_live, read_texts
from tagger.prediction.output import check_writable
from tagger.prediction.redacting import Redactor, map_line, read_map_line, restore
from tagger.runtime.batching import batched


class Item(NamedTuple):
    """A text, and the JSON object that it is a column of."""

    text: str
    record: dict[str, Any] | None
    source: str
    line: int


def redact_files(
    redactor: Redactor,
    texts: Sequence[str],
    files: Sequence[Path],
    *,
    column: str | None = None,
    whole: bool = False,
    output: Path | None = None,
    map_path: Path | None = None,
    force: bool = False,
) -> None:
    """Redact texts, the lines of files, or those of standard input.

    Args:
        redactor: Replaces the names.
        texts: Texts.
        files: Files; ``-`` is standard input.
        column: The lines are JSON objects, and the text is under this key.
        whole: A file is one document of many lines.
        output: The file to write to; None for standard output.
        map_path: A file for what undoes it, which holds the names and only its owner may read.
        force: Replace both files.

    Raises:
        UsageError: A file exists, or two options do not go together.
        CorpusError: A file cannot be read.
        FormatError: A line is not UTF-8, or has no such column.
        OSError: A file cannot be written.
    """
    _check(texts, files, output, map_path, column=column, whole=whole, force=force)
    items = _items(texts, files, column, whole=whole)
    live = is_live(texts, files)
    blocks = as_available(items) if live else batched(items, BLOCK)
    # What is printed cannot be taken back: its map is kept, too, whatever happens.
    keep = output is None
    with _written(output) as file, _written(map_path, private=True, keep=keep) as undo:
        for block in blocks:
            redacted = redactor.redact([item.text for item in block])
            if map_path is not None:  # first: no output without its map
                undo.write(b"".join(map(map_line, redacted)))
                undo.flush()
            for item, found in zip(block, redacted, strict=True):
                file.write(_rendered(item, column, found.text))
            file.flush()


def undo_files(
    map_path: Path,
    files: Sequence[Path],
    *,
    column: str | None = None,
    whole: bool = False,
    output: Path | None = None,
    force: bool = False,
) -> None:
    """Put the names back into texts that `redact_files` wrote.

    Raises:
        UsageError: The output exists, or the map is of other texts.
        FormatError: A line of the map is damaged, or one of the texts has no such column.
        CorpusError: A file cannot be read.
        OSError: The output cannot be written.
    """
    _check([], files, output, None, column=column, whole=whole, force=force)
    check_not_read([output], [map_path])
    lines = read_lines(map_path)
    number = 0
    with _written(output) as file:
        for item in _items([], files, column, whole=whole):
            number, line = next(lines, (number + 1, ""))
            undo = read_map_line(line)
            if undo is None and line:
                raise FormatError(map_path, number, "not a line of a map of `tagger redact`")
            original = None if undo is None else restore(item.text, undo)
            if original is None:
                raise UsageError(
                    f"not the text that {map_path} was made with, or changed since",
                    path=f"{item.source}:{item.line}",
                    hint="undo it with the map of the same run, in the same order",
                )
            file.write(_rendered(item, column, original))
        if (rest := sum(1 for _ in lines)) > 0:
            raise UsageError(f"is of {rest:,} more documents than there are", path=map_path)


def _check(
    texts: Sequence[str],
    files: Sequence[Path],
    output: Path | None,
    map_path: Path | None,
    *,
    column: str | None,
    whole: bool,
    force: bool,
) -> None:
    if column is not None and (whole or texts):
        other = "whole" if whole else "texts"
        raise UsageError(f"a column is of JSON lines, not of {other}", hint="leave out {column}")
    read = files or ([] if texts else [STDIN])
    written = [output, map_path]
    check_not_read(written, ["/dev/stdin" if path == STDIN else path for path in read])
    check_new(written, force=force)
    for path in written:
        if path is not None or path is output:
            check_writable(path)


def _items(
    texts: Sequence[str], files: Sequence[Path], column: str | None, *, whole: bool
) -> Iterator[Item]:
    if column is None and (whole or texts):
        for i, one in enumerate(read_texts(texts, files, whole=whole), 1):
            yield Item(one.text, None, str(one.name or "text"), 1 if whole else i)
        return
    for path in files or [STDIN]:
        name = "standard input" if path == STDIN else str(path)
        for number, line in _lines(path):
            if column is None:
                yield Item(line, None, name, number)
            elif line.strip():
                yield _column_of(name, number, line, column)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    if path != STDIN:
        return read_lines(path)
    if sys.stdin is None:
        raise UsageError("standard input is closed", hint="pass a text or {files}")
    # A separate reader, as in `read_texts`.
    stream = open(sys.stdin.fileno(), "rb", closefd=False)  # noqa: SIM115
    return decode_lines(stream, "standard input")


def _column_of(name: str, number: int, line: str, column: str) -> Item:
    try:
        record = msgspec.json.decode(line)
    except NOT_JSON:
        raise FormatError(name, number, "not JSON", hint="leave out {column} for text") from None
    text = record.get(column) if isinstance(record, dict) else None
    if not isinstance(text, str):
        keys = ", ".join(map(repr, record)) if isinstance(record, dict) else "none"
        raise FormatError(
            name, number, f"no string under {column!r}", hint=f"the keys are {keys}; see {{column}}"
        )
    return Item(text, record, name, number)


def _rendered(item: Item, column: str | None, text: str) -> bytes:
    if item.record is None or column is None:
        return text.encode() + b"\n"
    return msgspec.json.encode({**item.record, column: text}) + b"\n"


@contextmanager
def _written(path: Path | None, *, private: bool = False, keep: bool = False) -> Iterator[BinaryIO]:
    """Open a file that replaces ``path`` when all is written; standard output for None.

    Args:
        path: The file.
        private: Only its owner may read it.
        keep: It is kept also if it is not complete.
    """
    if path is None or (path.exists() and not path.is_file()):
        with ExitStack() as stack:
            yield sys.stdout.buffer if path is None else stack.enter_context(path.open("wb"))
        return
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    opener: Callable[[str, int], int] = lambda name, flags: os.open(  # noqa: E731
        name, flags, 0o600 if private else 0o666
    )
    try:
        with open(part, "wb", opener=opener) as file:
            yield file
        keep = True
    finally:
        if keep and part.exists():
            part.replace(path)
        part.unlink(missing_ok=True)
