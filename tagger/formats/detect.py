"""Which format a file has, by its suffix and content."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from tagger.corpus.scan import FileKind
from tagger.errors import FormatError, UsageError
from tagger.formats.brat import annotations_in
from tagger.formats.json_records import read_records
from tagger.formats.offsets import SPAN_KEYS
from tagger.formats.records import TOKEN_KEYS
from tagger.formats.table import FORMATS, JSON_SUFFIXES, formats_for
from tagger.lines import read_lines
from tagger.schemes import is_tag

__all__ = ["document_format", "format_of", "format_to_write", "sentence_format"]

_BRACKETED = re.compile(r"\[[^\[\]]+\]\([^()\s]+\)")
_SAMPLE = 1000  # lines
_NAME_IT = f"say which with --from: {', '.join(FORMATS)}"


def format_of(path: Path) -> str:
    """Tell the format of a file that is there, or of a folder.

    Raises:
        UsageError: where it has none of the formats, with the names of all.
        FormatError: for JSON that is none.
        CorpusError: where it cannot be read.
    """
    found = _told(path)
    if found is None or (found == "conll" and path.suffix.lower() != ".iob2"):
        lines = list(islice(read_lines(path), _SAMPLE))
        is_columns = found is not None or _is_columns(lines)
        found = "conllu" if _is_conllu(_first(lines)) else "conll" if is_columns else None
    if found is None:
        raise UsageError(f"{path}: its format cannot be told; {_NAME_IT}")
    return found


def document_format(path: Path) -> str | None:
    """Tell the format of documents that a path has; None for sentences, or what is unknown.

    Raises:
        FormatError: for a JSON array that is none.
        CorpusError: where it cannot be read.
    """
    if path.suffix.lower() in JSON_SUFFIXES and not _begins(path, "["):
        try:
            found = _told(path)
        except FormatError:  # what is wrong is said by the reader of sentences
            return None
    else:
        found = _told(path)
    return found if found is not None and FORMATS[found].has_text else None


def sentence_format(path: Path) -> FileKind:
    """Tell the format of a file of sentences; columns where nothing tells another.

    Raises:
        CorpusError: where it cannot be read.
    """
    suffix = path.suffix.lower()
    if suffix in JSON_SUFFIXES:
        return "jsonl"
    if suffix == ".iob2":
        return "columns"
    if suffix == ".conllu":
        return "conllu"
    first = _first(read_lines(path))
    if first.startswith("{") and first.rstrip().endswith("}"):
        return "jsonl"
    return "conllu" if _is_conllu(first) else "columns"


def format_to_write(path: Path) -> str:
    """Tell the format that is meant by the name of a file to write.

    Raises:
        UsageError: where the name leaves it open.
    """
    if path.is_dir():
        return "brat"
    meant = formats_for(path)
    if len(meant) == 1:
        return meant[0]
    what = f"{path.suffix} leaves the format open" if meant else "its name tells no format"
    raise UsageError(f"{path}: {what}; give --to with one of {', '.join(meant or FORMATS)}")


def _told(path: Path) -> str | None:
    """Tell the format by what only it has; None for columns without their suffix."""
    if path.is_dir():
        annotations_in(path)
        return "brat"
    if path.suffix.lower() in JSON_SUFFIXES:
        return _json_format(path)
    meant = formats_for(path)
    if len(meant) == 1:
        return meant[0]
    if path.with_suffix(".ann").exists():
        return "brat"
    if _begins(path, "{", "["):
        try:
            return _json_format(path)
        except (FormatError, UsageError):
            pass  # a text, or columns
    lines = list(islice(read_lines(path), _SAMPLE))
    marked = sum(_BRACKETED.search(line) is not None for _, line in lines)
    is_columns = _is_conllu(_first(lines)) or _is_columns(lines)
    return "text" if marked and not is_columns else None


def _json_format(path: Path) -> str:
    for line, record in read_records(path):
        if any(_is_strings(record.get(key)) for key in TOKEN_KEYS):
            return "jsonl"
        if isinstance(record.get("data"), dict):
            return "labelstudio"
        if isinstance(record.get("text"), str):
            keys = [key for key in SPAN_KEYS if record.get(key) is not None]
            return "doccano" if keys and keys[0] in ("label", "labels") else "prodigy"
        raise FormatError(
            path,
            line,
            f"JSON with {', '.join(map(repr, islice(record, 6))) or 'nothing in it'}, neither "
            f"'text' nor 'tokens' nor 'data'; {_NAME_IT}",
        )
    raise FormatError(path, None, "the file has no documents")


def _is_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _begins(path: Path, *marks: str) -> bool:
    first = next((line for _, line in read_lines(path) if line.strip()), "")
    return first.lstrip().startswith(marks)


def _data(lines: Iterable[tuple[int, str]]) -> Iterator[str]:
    return (line for _, line in lines if line.strip() and not line.startswith("# "))


def _first(lines: Iterable[tuple[int, str]]) -> str:
    return next(_data(lines), "")


def _is_conllu(first: str) -> bool:
    fields = first.split("\t")
    return len(fields) == 10 and fields[0][:1] == "1"


def _is_columns(lines: list[tuple[int, str]]) -> bool:
    """Whether nearly all lines have as many columns, the last of them tags, or tabs between."""
    rows = [line.split("\t") if "\t" in line else line.split() for line in _data(lines)]
    if not rows:
        return False
    width = max(len(row) for row in rows)
    if width < 2 or sum(len(row) == width for row in rows) < 0.9 * len(rows):
        return False
    tagged = sum(is_tag(row[-1]) or is_tag(row[0]) for row in rows)
    return tagged >= 0.5 * len(rows) or all("\t" in line for line in _data(lines))
