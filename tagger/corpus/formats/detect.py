"""Which format a file has, by its suffix and content."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from tagger.corpus.formats.brat import annotations_in
from tagger.corpus.formats.json_records import read_records
from tagger.corpus.formats.offsets import SPAN_KEYS
from tagger.corpus.lines import read_lines
from tagger.corpus.schemes import is_tag
from tagger.errors import FormatError, UsageError

__all__ = ["document_format", "format_of", "format_to_write"]

_COLUMNS = (
    *(".conll", ".bio", ".bio2", ".bioes", ".iob", ".iob1", ".iob2", ".iobes", ".bilou"),
    *(".ner", ".pos", ".tsv", ".col", ".cols"),
)
_BY_SUFFIX = {".conllu": "conllu", ".spacy": "spacy", ".ann": "brat"} | dict.fromkeys(
    _COLUMNS, "conll"
)
_JSON = (".json", ".jsonl", ".ndjson")
_TOKENS = ("tokens", "words", "token", "form")
_BRACKETED = re.compile(r"\[[^\[\]]+\]\([^()\s]+\)")
_SAMPLE = 1000  # lines
# Formats of sentences: the readers of a corpus tell them apart themselves.
SENTENCES = ("conll", "conllu", "jsonl")

_NAME_IT = "say which with --from: conll, conllu, jsonl, prodigy, doccano, labelstudio, spacy, brat"


def format_of(path: Path) -> str:
    """Tell the format of a file that is there, or of a folder.

    Raises:
        UsageError: where it has none of the formats, with the names of all.
        FormatError: for JSON that is none.
        CorpusError: where it cannot be read.
    """
    found = _told(path)
    if found is None or (found == "conll" and path.suffix != ".iob2"):
        lines = list(islice(read_lines(path), _SAMPLE))
        found = "conllu" if _is_conllu(lines) else "conll" if found or _is_columns(lines) else None
    if found is None:
        raise UsageError(f"{path}: its format cannot be told; {_NAME_IT} or text")
    return found


def document_format(path: Path) -> str | None:
    """Tell the format of documents that a path has; None for sentences, or what is unknown.

    Raises:
        FormatError: for a JSON array that is none.
        CorpusError: where it cannot be read.
    """
    if path.suffix.lower() in _JSON and not _begins(path, "["):
        try:
            found = _told(path)
        except FormatError:  # what is wrong is said by the reader of sentences
            return None
    else:
        found = _told(path)
    return found if found not in SENTENCES else None


def format_to_write(path: Path) -> str:
    """Tell the format that is meant by the name of a file to write.

    Raises:
        UsageError: where the name leaves it open.
    """
    suffix = path.suffix.lower()
    if path.is_dir():
        return "brat"
    if suffix in _BY_SUFFIX and suffix != ".ann":
        return _BY_SUFFIX[suffix]
    if suffix == ".json":
        return "labelstudio"
    several = {
        ".jsonl": "jsonl, prodigy or doccano",
        ".txt": "conll or text",
    }
    if suffix in several:
        raise UsageError(f"{path}: {suffix} leaves the format open; give --to {several[suffix]}")
    names = "conll, conllu, jsonl, prodigy, doccano, labelstudio, spacy, brat (a folder) or text"
    raise UsageError(f"{path}: its name tells no format; give --to {names}")


def _told(path: Path) -> str | None:
    """Tell the format by what only it has; None for columns without their suffix."""
    if path.is_dir():
        annotations_in(path)
        return "brat"
    suffix = path.suffix.lower()
    if suffix in _JSON:
        return _json_format(path)
    if suffix in _BY_SUFFIX:
        return _BY_SUFFIX[suffix]
    if path.with_suffix(".ann").exists():
        return "brat"
    if _begins(path, "{", "["):
        try:
            return _json_format(path)
        except (FormatError, UsageError):
            pass  # a text, or columns
    lines = list(islice(read_lines(path), _SAMPLE))
    marked = sum(_BRACKETED.search(line) is not None for _, line in lines)
    return "text" if marked and not _is_conllu(lines) and not _is_columns(lines) else None


def _json_format(path: Path) -> str:
    for line, record in read_records(path):
        if any(_is_strings(record.get(key)) for key in _TOKENS):
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
            f"'text' nor 'tokens' nor 'data'; {_NAME_IT} or text",
        )
    raise FormatError(path, None, "the file has no documents")


def _is_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _begins(path: Path, *marks: str) -> bool:
    first = next((line for _, line in read_lines(path) if line.strip()), "")
    return first.lstrip().startswith(marks)


def _data(lines: list[tuple[int, str]]) -> Iterator[str]:
    return (line for _, line in lines if line.strip() and not line.startswith("# "))


def _is_conllu(lines: list[tuple[int, str]]) -> bool:
    fields = next(_data(lines), "").split("\t")
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
