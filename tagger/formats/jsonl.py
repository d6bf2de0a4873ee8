"""JSON lines: ``{"tokens": ["A", "b"], "ner": ["B-PER", "O"]}``, a sentence a line.

Each list of strings as long as ``tokens`` in the first sentence is a head.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from tagger.corpus.tally import KNOWN_HEADS
from tagger.errors import FormatError
from tagger.formats.records import RESERVED, TOKEN_KEYS, Layout, Sentence
from tagger.lines import read_lines

__all__ = ["JsonlReader", "detect_layout", "head_name"]

_NO_HEADS = frozenset({"line", "document", "space_after"})


def head_name(key: str) -> str:
    """Name the head that is under ``key``: ``ner_tags``, as hubs have it, is ``ner``."""
    name = key.removesuffix("_tags").removesuffix("_labels")
    return "ner" if name in ("tags", "labels") else name


def detect_layout(path: Path) -> Layout:
    """Find the heads from the first sentence of a file.

    Raises:
        FormatError: for a file without sentences, or a first line that is none.
    """
    for number, line in read_lines(path):
        if not line.strip():
            continue
        record = _decode(path, number, line)
        tokens = _tokens(path, number, record)
        names = [
            head_name(key)
            for key, value in record.items()
            if _is_tags(value, len(tokens)) and key not in (*TOKEN_KEYS, *_NO_HEADS)
        ]
        for name in names:
            if names.count(name) > 1:
                raise FormatError(path, number, f"two keys stand for the head {name!r}")
            if name in RESERVED:
                raise FormatError(path, number, f"{name!r} cannot name a head; rename the key")
        if not names:
            raise FormatError(
                path, number, 'no list of tags as long as \'tokens\', as in "ner": ["O", …]'
            )
        columns = {1: "token", **dict(enumerate(names, start=2))}
        return Layout(format="jsonl", columns=columns)
    raise FormatError(path, None, "the file has no sentences")


@dataclass(frozen=True)
class JsonlReader:
    """Reads JSON lines with the heads of one layout."""

    layout: Layout

    def read(self, path: Path) -> Iterator[Sentence]:
        """Give the sentences of a file, one at a time.

        Raises:
            FormatError: for a line that is no sentence or lacks a head.
        """
        names = [name for name in self.layout.columns.values() if name != "token"]
        for number, line in read_lines(path):
            if not line.strip():
                continue
            record = _decode(path, number, line)
            tokens = _tokens(path, number, record)
            found = {head_name(key): value for key, value in record.items()}
            heads: dict[str, list[str | None]] = {}
            for name in names:
                tags: Any = found.get(name)
                if not _is_tags(tags, len(tokens)):
                    raise FormatError(path, number, _what_is_wrong(name, tags, len(tokens)))
                heads[name] = tags
            for name, value in found.items():
                if name in KNOWN_HEADS and name not in names and _is_tags(value, len(tokens)):
                    raise FormatError(
                        path, number, f"{name!r}, which the first sentence does not have"
                    )
            if tokens:
                yield Sentence(tokens, heads, [number] * len(tokens), -1)


def _decode(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        record = msgspec.json.decode(line)
    except msgspec.DecodeError as error:
        raise FormatError(path, number, f"not a JSON object a line: {error}") from None
    if not isinstance(record, dict):
        raise FormatError(path, number, "not a JSON object; JSON lines have a sentence a line")
    return record


def _tokens(path: Path, number: int, record: dict[str, Any]) -> list[str]:
    for key in TOKEN_KEYS:
        tokens = record.get(key)
        if isinstance(tokens, list) and all(isinstance(t, str) and t for t in tokens):
            if any(mark in token for token in tokens for mark in "\t\r\n"):
                raise FormatError(path, number, "a token contains a tab or a line end")
            return tokens
    raise FormatError(path, number, "no list of strings, none of them empty, under 'tokens'")


def _is_tags(value: object, n_tokens: int) -> bool:
    return (
        isinstance(value, list)
        and len(value) == n_tokens
        and all(tag is None or (isinstance(tag, str) and tag) for tag in value)
    )


def _what_is_wrong(name: str, tags: object, n_tokens: int) -> str:
    if tags is None:
        return f"no {name!r}, which the first sentence has"
    if isinstance(tags, list) and len(tags) != n_tokens:
        return f"{len(tags)} tags in {name!r} where there are {n_tokens} tokens"
    return f"{name!r} is not a list of strings; write tags by name, not by number"
