"""`tagger redact`: lines, whole files or a column of JSON lines, to standard output or a file."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import msgspec

from tagger.arguments import check_texts
from tagger.errors import FormatError, UsageError
from tagger.executors.processes import check_workers
from tagger.files import check_new, check_not_read, named_errors, new_file
from tagger.formats.unlabelled import check_is_text
from tagger.interrupt import interrupted_by_sigterm
from tagger.lines import (
    JSON_LINES,
    NOT_JSON,
    decode_lines,
    open_stdin,
    plain_suffix,
    read_lines,
    read_whole,
)
from tagger.prediction.input import (
    BLOCK,
    STDIN,
    Text,
    as_available,
    is_live,
    total_bytes,
)
from tagger.prediction.output import check_writable, shown
from tagger.prediction.redacting import (
    Found,
    Redactor,
    Rules,
    map_line,
    read_map_line,
    restore,
)
from tagger.prediction.resuming import NOTHING
from tagger.prediction.workers import (
    Job,
    Result,
    in_workers,
    load_tagger,
    n_bytes_of,
)
from tagger.runtime.batching import batched
from tagger.sharing.finding import find_model

if TYPE_CHECKING:
    from tagger.prediction.predict import Progress


class Item(NamedTuple):
    """A text, and the JSON object that has it under a key."""

    text: str
    record: dict[str, Any] | None
    key: str
    source: str
    line: int
    end: str = "\n"
    """How its lines end in the file."""


def redact_files(
    job: Job,
    rules: Rules,
    texts: Sequence[str],
    files: Sequence[Path],
    *,
    column: str | None = None,
    whole: bool = False,
    output: Path | None = None,
    map_path: Path | None = None,
    force: bool = False,
    workers: int = 1,
    progress: Progress | None = None,
) -> None:
    """Redact texts, the lines of files, or those of standard input.

    Files are complete or absent, whenever it is interrupted. As with `predict`, the results depend
    neither on the number of workers nor on when a line came.

    Args:
        job: The model, and how it runs.
        rules: What is replaced, and by what.
        texts: Texts.
        files: Files; ``-`` is standard input.
        column: The lines are JSON objects, and the text is under this key; ``text`` for files
            that end in ``.jsonl`` or ``.ndjson`` where not given.
        whole: A file is one document of many lines.
        output: The file to write to; None for standard output.
        map_path: A file for what undoes it, which holds the names and only its owner may read.
        force: Replace both files.
        workers: Number of processes.
        progress: Shows the progress.

    Raises:
        UsageError: A file exists, or two options do not go together.
        CorpusError: A file cannot be read.
        FormatError: A line is not UTF-8, or has no such column.
        TaggerError: A problem of the model, or a worker has died.
        OSError: A file cannot be written.
    """
    _check(texts, files, output, map_path, column=column, whole=whole, force=force)
    check_workers(workers)
    live = is_live(texts, files)
    if live and job.precision is None:
        job = job._replace(precision="fp32")
    job = job._replace(model=str(find_model(job.model)))
    redactor = rules.redactor(load_tagger(job))
    items = _items(texts, files, column, whole=whole)
    blocks = as_available(items) if live else batched(items, BLOCK)
    n_bytes = None if texts or column is not None else total_bytes(files)
    reporting = nullcontext() if progress is None else progress(NOTHING, 0, n_bytes)
    in_terminal = output is None and sys.stdout.isatty()
    # What is printed cannot be taken back: its map is kept, too, whatever happens.
    keep = output is None
    with (
        interrupted_by_sigterm(),
        _written(output, force=force) as write,
        _written(map_path, private=True, keep=keep, force=force) as write_map,
        reporting as report,
    ):
        for block, found in _found(redactor, job, rules, blocks, workers):
            pairs = zip(block, found.spans, strict=True)
            redacted = [redactor.replaced(item.text, spans) for item, spans in pairs]
            if map_path is not None:  # first: no output without its map
                write_map(b"".join(map(map_line, redacted)))
            content = b"".join(
                _rendered(item, one.text) for item, one in zip(block, redacted, strict=True)
            )
            write(shown(content) if in_terminal else content)
            if report is not None:
                n_bytes_done = n_bytes_of(Text(item.text) for item in block)
                report(Result(b"", len(block), found.n_tokens, n_bytes_done))


def _found(
    redactor: Redactor, job: Job, rules: Rules, blocks: Iterable[Sequence[Item]], workers: int
) -> Iterator[tuple[Sequence[Item], Found]]:
    """Yield each block with what is found in it."""
    if workers <= 1:
        for block in blocks:
            yield block, redactor.find([item.text for item in block])
        return
    waiting: deque[Sequence[Item]] = deque()

    def texts() -> Iterator[list[str]]:
        for block in blocks:
            waiting.append(block)
            yield [item.text for item in block]

    for found in in_workers(partial(_find, job._replace(threads=1), rules), texts(), workers):
        yield waiting.popleft(), found


def _find(job: Job, rules: Rules, texts: Sequence[str]) -> Found:
    return _kept_redactor(job, rules).find(texts)


@lru_cache(maxsize=1)
def _kept_redactor(job: Job, rules: Rules) -> Redactor:
    return rules.redactor(load_tagger(job))


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
    items = _items([], files, column, whole=whole)
    in_terminal = output is None and sys.stdout.isatty()
    with interrupted_by_sigterm(), _written(output, force=force) as write:
        for some in batched(_restored(map_path, lines, items), BLOCK):
            content = b"".join(_rendered(item, original) for item, original in some)
            write(shown(content) if in_terminal else content)
        if (rest := sum(1 for _ in lines)) > 0:
            raise UsageError(f"is of {rest:,} more documents than there are", path=map_path)


def _restored(
    map_path: Path, lines: Iterator[tuple[int, str]], items: Iterable[Item]
) -> Iterator[tuple[Item, str]]:
    """Yield each text with its original."""
    number = 0
    for item in items:
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
        yield item, original


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
    check_texts(texts)
    for i, text in enumerate(texts, 1):
        yield Item(text, None, "", "text", i)
    for path in files or ([] if texts else [STDIN]):
        name = "standard input" if path == STDIN else str(path)
        key = column or ("text" if plain_suffix(path) in JSON_LINES and not whole else None)
        if key is None and path != STDIN:
            check_is_text(path)
        if whole:
            yield _document(path, name)
            continue
        for number, line, end in _lines(path):
            if key is None:
                yield Item(line, None, "", name, number, end)
            elif line.strip():
                yield _column_of(name, number, line, key)._replace(end=end)


def _lines(path: Path) -> Iterator[tuple[int, str, str]]:
    """Yield the number, the text and the end of each line; the last one has an end, too."""
    if path == STDIN:
        lines = decode_lines(open_stdin(), "standard input", keep_ends=True)
    else:
        lines = read_lines(path, keep_ends=True)
    for number, line in lines:
        text = line.removesuffix("\n").removesuffix("\r")
        yield number, text, "\r\n" if line.endswith("\r\n") else "\n"


def _document(path: Path, name: str) -> Item:
    if path == STDIN:
        lines = [(line, end) for _, line, end in _lines(path)]
        text, ends = "\n".join(line for line, _ in lines), [end for _, end in lines]
    else:
        text, ends = read_whole(path), [end for _, _, end in islice(_lines(path), 1)]
    return Item(text, None, "", name, 1, ends[0] if ends else "\n")


def _column_of(name: str, number: int, line: str, column: str) -> Item:
    try:
        record = msgspec.json.decode(line)
    except NOT_JSON:
        raise FormatError(
            name, number, "not JSON", hint="for text, leave out {column}, or rename a .jsonl file"
        ) from None
    text = record.get(column) if isinstance(record, dict) else None
    if not isinstance(text, str):
        keys = ", ".join(map(repr, record)) if isinstance(record, dict) else "none"
        raise FormatError(
            name, number, f"no string under {column!r}", hint=f"the keys are {keys}; see {{column}}"
        )
    return Item(text, record, column, name, number)


def _rendered(item: Item, text: str) -> bytes:
    if item.record is not None:
        text = msgspec.json.encode({**item.record, item.key: text}).decode()
    return f"{text}\n".replace("\n", item.end).encode()


@contextmanager
def _written(
    path: Path | None, *, private: bool = False, keep: bool = False, force: bool
) -> Iterator[Callable[[bytes], None]]:
    """Write to a file that replaces ``path`` when all is written; to standard output for None.

    Args:
        path: The file.
        private: Only its owner may read it.
        keep: It is kept also if it is not complete.
        force: It may be replaced.
    """
    if path is None:
        yield _writer(sys.stdout.buffer, path)
        return
    with new_file(path, private=private, keep=keep, force=force) as file:
        yield _writer(file, path)


def _writer(file: BinaryIO, path: Path | None) -> Callable[[bytes], None]:
    def write(content: bytes) -> None:
        with named_errors(path or Path("standard output")):
            file.write(content)
            file.flush()

    return write
