"""JSON lines: ``{"tokens": ["A", "b"], "ner": ["B-PER", "O"]}``, a sentence a line.

Each list of strings as long as ``tokens`` in the first sentence is a head. The sentences may also
be the elements of one array.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from tagger.errors import FormatError
from tagger.findings import Findings
from tagger.formats.documents import Document
from tagger.formats.json_records import read_records
from tagger.formats.records import (
    RESERVED,
    SPAN_HEADS,
    TOKEN_HEADS,
    TOKEN_KEYS,
    Layout,
    Sentence,
)
from tagger.formats.sample import Sample
from tagger.formats.writing import heads_of, refuse, sentence_tags
from tagger.schemes import Scheme

__all__ = ["detect_layout", "head_name", "read", "sniff", "write"]

_NOT_HEADS = frozenset({"line", "document", "space_after"})


def head_name(key: str) -> str:
    """Return the head under a key: ``ner_tags``, as on hubs, is ``ner``."""
    name = key.removesuffix("_tags").removesuffix("_labels")
    return "ner" if name in ("tags", "labels") else name


def sniff(sample: Sample) -> bool:
    """Return whether the first object has a list of strings under a key of tokens."""
    lists = [sample.keys.get(key) for key in TOKEN_KEYS]
    return any(isinstance(one, list) and all(isinstance(t, str) for t in one) for one in lists)


def detect_layout(paths: Sequence[Path], names: str | None = None) -> Layout:
    """Find the heads from the first sentence of the first file.

    Raises:
        FormatError: The file has no sentences, or its first object is not a sentence.
    """
    path = paths[0]
    line, record = next(read_records(path), (None, {}))
    if line is None:
        raise FormatError(path, None, "the file has no sentences")
    tokens = _tokens(path, line, record)
    heads = [
        head_name(key)
        for key, value in record.items()
        if _is_tags(value, len(tokens)) and key not in (*TOKEN_KEYS, *_NOT_HEADS)
    ]
    for head in heads:
        if heads.count(head) > 1:
            raise FormatError(path, line, f"two keys stand for the head {head!r}")
        if head in RESERVED:
            raise FormatError(path, line, f"{head!r} cannot name a head", hint="rename the key")
    if not heads:
        raise FormatError(
            path,
            line,
            "no list of tags as long as 'tokens'",
            hint='write tags by name, as in "ner": ["O", …]',
        )
    columns = {1: "token", **dict(enumerate(heads, start=2))}
    return Layout(format="jsonl", title="JSON lines", columns=columns)


def read(path: Path, layout: Layout, findings: Findings) -> Iterator[Sentence]:
    """Yield the sentences of a file.

    Raises:
        FormatError: An object is not a sentence, or lacks a head.
        CorpusError: The file cannot be read.
    """
    names = [name for name in layout.columns.values() if name != "token"]
    for line, record in read_records(path):
        tokens = _tokens(path, line, record)
        found = {head_name(key): value for key, value in record.items()}
        heads: dict[str, list[str | None]] = {}
        for name in names:
            tags: Any = found.get(name)
            if not _is_tags(tags, len(tokens)):
                raise FormatError(path, line, _what_is_wrong(name, tags, len(tokens)))
            heads[name] = tags
        for name, value in found.items():
            is_known = name in SPAN_HEADS or name in TOKEN_HEADS
            if is_known and name not in names and _is_tags(value, len(tokens)):
                raise FormatError(path, line, f"{name!r}, which the first sentence does not have")
        if tokens:
            yield Sentence(tokens, heads, [line] * len(tokens), -1)


def write(documents: Sequence[Document], scheme: Scheme, findings: Findings) -> bytes:
    """Lay out documents of tokens.

    Raises:
        FormatError: A token contains a tab or a line end.
    """
    tag_heads, span_heads = heads_of(documents)
    lines = []
    for document in documents:
        refuse(document, "\t\r\n", *document.tokens)
        by_head = [list(sentence_tags(document, head, scheme)) for head in span_heads]
        for i, (first, past) in enumerate(document.bounds()):
            record: dict[str, Any] = {"tokens": document.tokens[first:past]}
            for head in tag_heads:
                tags = document.tags.get(head)
                record[head] = tags[first:past] if tags else [None] * (past - first)
            record |= {head: tags[i] for head, tags in zip(span_heads, by_head, strict=True)}
            lines.append(msgspec.json.encode(record) + b"\n")
    return b"".join(lines)


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
