"""JSON objects with the lines at which they begin: one a line, or the elements of an array."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from tagger.errors import FormatError
from tagger.lines import read_lines

__all__ = ["JSON_SUFFIXES", "read_records"]

JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")

_WHITE = " \t\r\n"


def read_records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each object of a file with its line.

    Raises:
        FormatError: A line or element is not a JSON object.
        CorpusError: The file cannot be read.
    """
    lines = read_lines(path)
    is_first = True
    for number, line in lines:
        if not line.strip():
            continue
        if is_first and line.lstrip().startswith("["):
            rest = (text for _, text in lines)
            yield from _elements(path, number, "\n".join([line, *rest]))
            return
        is_first = False
        yield number, _object(path, number, _decode(path, number, line))


def _decode(path: Path, number: int, line: str) -> object:
    try:
        return msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError) as error:
        raise FormatError(
            path, number, f"not a JSON object a line ({error})", hint="is the file cut off?"
        ) from None


def _elements(path: Path, number: int, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the elements of an array that begins on line ``number``."""
    decoder = json.JSONDecoder()
    position = seen = text.index("[") + 1
    separator = ""
    while True:
        position = _skip(text, position)
        number += text.count("\n", seen, position)
        seen = position
        mark = text[position : position + 1]
        if mark == "]":
            break
        if not mark:
            raise FormatError(path, number, "the JSON is cut off: its array does not end")
        if separator:
            if mark != separator:
                raise FormatError(path, number, f"{mark!r} where ',' or ']' should be in the JSON")
            separator = ""
            position += 1
            continue
        try:
            element, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            at = error.pos if isinstance(error, json.JSONDecodeError) else position
            where = number + text.count("\n", seen, at)
            what = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
            is_cut = at >= len(text.rstrip()) or what.startswith("Unterminated")
            cut = "the JSON is cut off" if is_cut else "not JSON"
            raise FormatError(path, where, f"{cut} ({what.lower()})") from None
        yield number, _object(path, number, element)
        separator = ","
    if text[position + 1 :].strip():
        raise FormatError(path, number, "more after the end of the JSON array")


def _object(path: Path, number: int, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise FormatError(
            path, number, f"{value!r:.40} where the JSON object of a document should be"
        )
    return value


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position] in _WHITE:
        position += 1
    return position
