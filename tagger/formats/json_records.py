"""JSON values with the lines at which they begin.

They are one a line, one after the other over several lines, or the elements of an array: that of
the file, or the one in its only object (``{"data": [...]}``, or a column of lists a key).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec

from tagger.errors import FormatError
from tagger.lines import NOT_JSON, read_lines, read_whole

__all__ = ["LABEL_NAMES", "read_records", "read_values"]

LABEL_NAMES = ("id2label", "label2id", "names", "label_names", "features")
"""Keys of the names of numbered tags, beside the array of an object or in a record."""

_WHITE = " \t\r\n"
_WRAPPERS = ("data", "documents", "docs", "sentences", "examples", "records", "items", "train")
"""Keys under which the only object of a file may have its array."""


def read_records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each object of a file with its line.

    Raises:
        FormatError: A value is not a JSON object.
        CorpusError: The file cannot be read.
    """
    for number, value in read_values(path):
        if not isinstance(value, dict):
            raise FormatError(
                path, number, f"{value!r:.40} where the JSON object of a document should be"
            )
        yield number, value


def read_values(path: Path) -> Iterator[tuple[int, object]]:
    """Yield each value of a file with its line.

    Raises:
        FormatError: It is not JSON, is nested too deeply, or has strings that are not Unicode.
        CorpusError: The file cannot be read.
    """
    for number, value in _values(path):
        _check_strings(path, number, value)
        yield number, value


def _values(path: Path) -> Iterator[tuple[int, object]]:
    lines = ((number, line) for number, line in read_lines(path) if line.strip())
    first = next(lines, None)
    if first is None:
        return
    number, line = first
    second = next(lines, None)
    following = chain([second] if second else [], lines)
    value = _decoded(line)
    if line.lstrip().startswith("[") and not _is_line(value, second):
        yield from _elements(path, *_all(path))
    elif value is None and line.lstrip().startswith("{") and (values := _decoded_all(path)):
        yield from _unwrapped(values)
    elif second is None and isinstance(value, dict):
        yield from _unwrapped([(number, value)])
    else:
        for at, one in chain([first], following):
            yield at, _decode(path, at, one)


def _is_line(value: object, second: tuple[int, str] | None) -> bool:
    """Return whether an array on the first line is a value of its own and not that of the file."""
    if not isinstance(value, list):
        return False
    is_pair = len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], dict | list)
    return is_pair or (second is not None and second[1].lstrip().startswith("["))


def _decode(path: Path, number: int, line: str) -> object:
    try:
        return msgspec.json.decode(line)
    except RecursionError:
        raise FormatError(path, number, "the JSON is nested too deeply") from None
    except NOT_JSON as error:
        raise FormatError(
            path, number, f"not a JSON object a line ({error})", hint="is the file cut off?"
        ) from None


def _decoded(line: str) -> object:
    try:
        return msgspec.json.decode(line)
    except NOT_JSON:
        return None


def _check_strings(path: Path, number: int, value: object) -> None:
    """Refuse strings with half a surrogate pair (``"\\ud800"``), which UTF-8 cannot hold.

    Raises:
        FormatError: One is in a string or key.
    """
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise FormatError(
            path, number, f"half a surrogate pair ({error.object[error.start]!a}) in the JSON"
        ) from None
    except RecursionError:
        raise FormatError(path, number, "the JSON is nested too deeply") from None


def _all(path: Path) -> tuple[int, str]:
    """Return the text of a file from its first line that is not blank, and that line."""
    text = read_whole(path)
    start = _skip(text, 0)
    return text.count("\n", 0, start) + 1, text[start:]


def _decoded_all(path: Path) -> list[tuple[int, object]] | None:
    """Return the values of a file that are not one a line; None where they are not JSON."""
    number, text = _all(path)
    decoder = json.JSONDecoder()
    values: list[tuple[int, object]] = []
    position = 0
    while position < len(text):
        try:
            value, past = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            return None
        values.append((number, value))
        following = _skip(text, past)
        number += text.count("\n", position, following)
        position = following
    return values


def _unwrapped(values: list[tuple[int, object]]) -> Iterator[tuple[int, object]]:
    """Yield values; of a single object the records of its array, with the names of tags."""
    number, value = values[0]
    if len(values) == 1 and isinstance(value, dict) and _is_table(value):
        rows = zip(*value.values(), strict=True)
        yield from ((number, dict(zip(value, row, strict=True))) for row in rows)
        return
    if len(values) == 1 and isinstance(value, dict) and "text" not in value:
        found = [key for key in _WRAPPERS if _are_objects(value.get(key))]
        if len(found) == 1 and "paragraphs" not in value:
            names = {key: value[key] for key in LABEL_NAMES if key in value}
            yield from ((number, {**names, **record}) for record in value[found[0]])
            return
    yield from values


def _is_table(value: dict[str, Any]) -> bool:
    """Return whether the values of an object are columns of lists, each as long as the others."""
    columns = list(value.values())
    return (
        len(columns) > 1
        and all(isinstance(column, list) for column in columns)
        and len({len(column) for column in columns}) == 1
        and any(key in value and _are_lists(value[key]) for key in ("tokens", "words"))
    )


def _are_lists(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, list) for v in value)


def _are_objects(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def _elements(path: Path, number: int, text: str) -> Iterator[tuple[int, object]]:
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
        yield number, element
        separator = ","
    if text[position + 1 :].strip():
        raise FormatError(path, number, "more after the end of the JSON array")


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position] in _WHITE:
        position += 1
    return position
