"""Texts in, from arguments, files or standard input, in blocks."""

from __future__ import annotations

import os
import queue
import stat
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from tagger.arguments import check_texts
from tagger.errors import FormatError
from tagger.lines import (
    JSON_SUFFIXES,
    NOT_JSON,
    decode_lines,
    is_compressed,
    open_stdin,
    plain_suffix,
    read_lines,
    read_whole,
)

T = TypeVar("T")

STDIN = Path("-")
BLOCK = 512
"""Number of texts that are tagged together."""
READ_AHEAD = 4 * BLOCK
"""Number of lines read ahead: enough to keep busy, few to hold."""


class Text(NamedTuple):
    """A text to tag, and its id where the input has one."""

    text: str
    name: str | int | None = None


def read_texts(
    texts: Sequence[str], files: Sequence[Path], *, whole: bool = False
) -> Iterator[Text]:
    """Yield the given texts, then those of files; those of standard input without either.

    A line is a text. Of JSON, by the suffix or the first line, an object is one: that under
    ``text``, with its ``id``.

    Args:
        texts: Texts.
        files: Files; ``-`` is standard input.
        whole: A file is a text, with its path as the id.

    Raises:
        UsageError: A text is not valid Unicode, or standard input is closed.
        CorpusError: A file cannot be read.
        FormatError: A line is not UTF-8, a file is not text or holds annotated sentences, or an
            object has no text.
    """
    check_texts(texts)
    yield from map(Text, texts)
    for path in files or ([] if texts else [STDIN]):
        if path == STDIN:
            name, lines = "standard input", decode_lines(open_stdin(), "standard input")
        else:
            from tagger.formats.unlabelled import check_is_text  # else not needed

            check_is_text(path)
            name, lines = str(path), read_lines(path)
        if whole:
            given = "\n".join(line for _, line in lines) if path == STDIN else read_whole(path)
            yield Text(given, name)
        elif path != STDIN and plain_suffix(path) in JSON_SUFFIXES:
            from tagger.formats.json_records import read_records  # else not needed

            yield from (_of_record(name, *numbered) for numbered in read_records(path))
        else:
            yield from _of_lines(name, lines)


def _of_lines(name: str, lines: Iterator[tuple[int, str]]) -> Iterator[Text]:
    for number, line in lines:
        if number == 1 and "text" in _record(line):
            yield _of_record(name, number, _record(line))
            yield from (_of_record(name, at, _record(rest)) for at, rest in lines if rest.strip())
            return
        yield Text(line)


def _record(line: str) -> dict[str, Any]:
    """Return the JSON object of a line; an empty one where it has none."""
    if not line.startswith("{"):
        return {}
    try:
        value = msgspec.json.decode(line)
    except NOT_JSON:
        return {}
    return value if isinstance(value, dict) else {}


def _of_record(path: str, line: int, record: dict[str, Any]) -> Text:
    text = record.get("text")
    if not isinstance(text, str):
        keys = f"the keys are {', '.join(map(repr, list(record)[:6]))}" if record else "not JSON"
        raise FormatError(
            path,
            line,
            f"no string under 'text': {keys}",
            hint='write {"id": 1, "text": "…"} on each line',
        )
    from tagger.formats.documents import check_text  # else not needed

    meta = record.get("meta")
    name = record.get("id", meta.get("id") if isinstance(meta, dict) else None)
    check_text(Path(path), line, text, name)
    if isinstance(name, int) and abs(name) >= 1 << 63:
        name = str(name)  # JSON is written with integers of 64 bits
    return Text(text, name if type(name) in (str, int) else None)


def is_live(texts: Sequence[str], files: Sequence[Path]) -> bool:
    """Return whether lines come from a pipe or a person, who wait for each result."""
    if texts and not files:
        return False
    return any(found is not None and not stat.S_ISREG(found.st_mode) for found in _stats(files))


def total_bytes(files: Sequence[Path]) -> int | None:
    """Count the bytes of the files, or of standard input; None where those of texts differ."""
    found = _stats(files)
    if any(plain_suffix(path) in JSON_SUFFIXES or is_compressed(path) for path in files):
        return None
    if any(f is None or not stat.S_ISREG(f.st_mode) for f in found):
        return None
    return sum(f.st_size for f in found if f is not None)


def _stats(files: Sequence[Path]) -> list[os.stat_result | None]:
    """Return what is known of each file; None where it cannot be read, which reading reports."""
    found: list[os.stat_result | None] = []
    for path in files or [STDIN]:
        try:
            found.append(os.fstat(0) if path == STDIN else path.stat())
        except OSError:
            found.append(None)
    return found


def as_available(
    items: Iterable[T], size: int = BLOCK, read_ahead: int = READ_AHEAD
) -> Iterator[list[T]]:
    """Yield what is available, at least one item and at most ``size``, without waiting for more.

    So a slow stream is processed line by line and a fast one in blocks. At most ``read_ahead``
    items wait. An exception of ``items`` is raised after all that it yielded before.
    """
    waiting: queue.Queue[T | _End] = queue.Queue(read_ahead)

    def read() -> None:
        end = _End(None)
        try:
            for item in items:
                waiting.put(item)
        except BaseException as error:  # whatever it is, the consumer below must raise it
            end = _End(error)
        waiting.put(end)

    threading.Thread(target=read, daemon=True).start()
    end: _End | None = None
    while end is None:
        block: list[T] = []
        while len(block) < size and (not block or not waiting.empty()):
            item = waiting.get()
            if isinstance(item, _End):
                end = item
                break
            block.append(item)
        if block:
            yield block
    if end.error is not None:
        raise end.error


class _End:
    def __init__(self, error: BaseException | None) -> None:
        self.error = error
