"""Offsets in other units than characters, for languages whose strings are made of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

import numpy as np

Unit: TypeAlias = Literal["codepoint", "utf16", "byte"]
"""``codepoint`` for Python, ``utf16`` for JavaScript, Java and C#, ``byte`` for Go and Rust."""


def convert_offsets(document: dict[str, Any], unit: Unit) -> dict[str, Any]:
    """Change the offsets of a document in place; see `tagger.Document.to_dict`.

    Args:
        document: The document, with offsets in characters.
        unit: The unit.

    Returns:
        The same document.

    >>> convert_offsets({"text": "😀 a", "tokens": [{"start": 2, "end": 3}]}, "byte")["tokens"]
    [{'start': 5, 'end': 6}]
    """
    text = document["text"]
    if unit == "codepoint" or text.isascii():
        return document
    places = _places(text, unit)
    for item in _placed(document):
        item["start"], item["end"] = places[item["start"]], places[item["end"]]
    return document


def _places(text: str, unit: Unit) -> list[int]:
    """Return where each character begins, and where the last one ends."""
    codes = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
    sizes = 1 + (codes > 0xFFFF).astype(np.int64)
    if unit == "byte":
        sizes += (codes > 0x7F).astype(np.int64) + (codes > 0x7FF)
    return [0, *np.cumsum(sizes).tolist()]


def _placed(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from document.get("tokens", ())
    for entity in document.get("entities", ()):
        yield entity
        yield from entity.get("alternatives", ())
    for sentence in document.get("readings", ()):
        for reading in sentence:
            yield from reading["entities"]
    for spans in document.get("spans", {}).values():
        yield from spans
