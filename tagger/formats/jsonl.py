"""JSON lines: ``{"tokens": ["A", "b"], "ner": ["B-PER", "O"]}``, a sentence a line.

Each list of strings as long as ``tokens`` in the first sentence is a head; one of numbers, where
their names are known (`label_names`). Strings and other lists beside them may be labels of the
sentence (`text_labels`). The sentences may also be the elements of one array.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypeGuard

import msgspec

from tagger.errors import FormatError
from tagger.findings import Findings
from tagger.formats.documents import ENTITIES, Document
from tagger.formats.json_records import LABEL_NAMES, read_records
from tagger.formats.label_names import HINT, find_names
from tagger.formats.records import (
    RESERVED,
    SPAN_HEADS,
    TOKEN_HEADS,
    TOKEN_KEYS,
    Columns,
    Layout,
    Sentence,
    TextLabel,
)
from tagger.formats.sample import Sample
from tagger.formats.text_labels import KNOWN, NO_TOKENS, count_others, labels_in, written
from tagger.formats.writing import heads_of, refuse, sentence_tags
from tagger.schemes import Scheme
from tagger.tables import counted

__all__ = [
    "detect_layout",
    "head_name",
    "is_tagged",
    "layout_of",
    "read",
    "sentences_of",
    "sniff",
    "write",
]

_NOT_HEADS = frozenset({"line", "document", "space_after"})
_LISTS = (*TOKEN_KEYS, "text", "sentence")
"""Keys of the list of tokens; the first that has a list counts."""
_NOT_LABELS = frozenset({*_LISTS, *_NOT_HEADS, *LABEL_NAMES, "id"})
_FIRST = 20
"""Sentences that tell a list of tags from the labels of a sentence of as many tokens."""


def head_name(key: str) -> str:
    """Return the head under a key: ``ner_tags``, as on hubs, is ``ner``."""
    name = key.removesuffix("_tags").removesuffix("_labels")
    return "ner" if name in ("tags", "labels") else name


def sniff(sample: Sample) -> bool:
    """Return whether the first object has a list of strings under a key of tokens.

    It may be empty where no text stands beside it.
    """
    values = [sample.keys.get(key) for key in _LISTS]
    is_empty = [] in values and not any(isinstance(value, str) for value in values)
    return is_empty or any(map(_are_strings, values))


def is_tagged(record: dict[str, Any]) -> bool:
    """Return whether an object has a list of tokens, and another one of as many tags or numbers."""
    tokens = next(filter(_are_strings, map(record.get, _LISTS)), None)
    return tokens is not None and any(
        _is_tags(value, len(tokens)) or _are_numbers(value, len(tokens))
        for key, value in record.items()
        if value is not tokens and key not in _NOT_HEADS
    )


def detect_layout(paths: Sequence[Path], names: str | Columns | None = None) -> Layout:
    """Find the heads from the first sentence of the first file.

    Raises:
        FormatError: The file has no sentences, or its first object is not a sentence.
    """
    return layout_of(paths[0], read_records(paths[0]))


def layout_of(path: Path, records: Iterator[tuple[int, dict[str, Any]]]) -> Layout:
    """Find the heads from the first of numbered records that has tokens.

    Raises:
        FormatError: No record has tokens, or the first is not a sentence.
    """
    for line, record in records:
        if tokens := _tokens(path, line, record):
            break
    else:
        raise FormatError(path, None, "the file has no sentences")
    following = [one for _, one in islice(records, _FIRST)]
    keys = [
        key
        for key, value in record.items()
        if key not in (*_LISTS, *_NOT_HEADS)
        and (_is_tags(value, len(tokens)) or _are_numbers(value, len(tokens)))
        and not _are_labels(key, following)
    ]
    numbered = [key for key in keys if _are_numbers(record[key], len(tokens))]
    main = [key for key in numbered if head_name(key) == ENTITIES] or numbered
    labels = {key: find_names(path, key, record, is_only=[key] == main) for key in numbered}
    of_text = {
        key: find_names(path, key, record, is_only=False)
        for key, value in record.items()
        if type(value) is int and key not in _NOT_LABELS
    }
    heads = [head_name(key) for key in keys if labels.get(key, True)]
    for head in heads:
        if heads.count(head) > 1:
            raise FormatError(path, line, f"two keys stand for the head {head!r}")
        if head in RESERVED:
            raise FormatError(path, line, f"{head!r} cannot name a head", hint="rename the key")
    unnamed = [key for key, names in labels.items() if not names]
    needed = [key for key in unnamed if head_name(key) == ENTITIES]
    if needed or (unnamed and not heads):
        raise FormatError(
            path,
            line,
            f"the tags under {(needed or unnamed)[0]!r} are numbers without names",
            hint=HINT,
        )
    if not heads and not labels_in(record, without=_NOT_LABELS):
        raise FormatError(
            path,
            line,
            "no list of tags as long as 'tokens'",
            hint='write tags by name, as in "ner": ["O", …]',
        )
    return Layout(
        format="jsonl",
        title="JSON lines",
        columns={1: "token", **dict(enumerate(heads, start=2))},
        labels={
            **{head_name(key): names for key, names in labels.items()},
            **{key: names for key, names in of_text.items() if names},
        },
    )


def read(path: Path, layout: Layout, findings: Findings) -> Iterator[Sentence]:
    """Yield the sentences of a file.

    Raises:
        FormatError: An object is not a sentence, or lacks a head.
        CorpusError: The file cannot be read.
    """
    return sentences_of(path, read_records(path), layout, findings)


def sentences_of(
    path: Path,
    records: Iterator[tuple[int, dict[str, Any]]],
    layout: Layout,
    findings: Findings,
) -> Iterator[Sentence]:
    """Yield the sentences of numbered records.

    Raises:
        FormatError: A record is not a sentence, or lacks a head.
    """
    names = [name for name in layout.columns.values() if name != "token"]
    for head in sorted(head for head in layout.labels if not layout.labels[head]):
        findings.count("numbers without names", path, head=head, action="ignored")
    for line, record in records:
        try:
            tokens = _tokens(path, line, record)
            heads = _heads(path, line, record, len(tokens), names, layout)
            labels = _labels(record, heads, layout, path, line, findings)
        except FormatError as error:
            findings.reject(error)
            continue
        if tokens:
            yield Sentence(tokens, heads, [line] * len(tokens), -1, labels=labels)
        elif any(label is not None for label in labels.values()):
            findings.count(NO_TOKENS, path, line, action="left out")


def _labels(
    record: Mapping[str, Any],
    heads: Mapping[str, object],
    layout: Layout,
    path: Path,
    line: int,
    findings: Findings,
) -> dict[str, TextLabel]:
    """Return what may be labels of a sentence: all that is neither its tokens nor their tags."""
    tags = [key for key in record if head_name(key) in heads and isinstance(record[key], list)]
    others = _NOT_LABELS.union(tags)
    count_others(record, others, path, line, findings)
    return labels_in(record, without=others, names=layout.labels)


def _are_labels(key: str, records: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether a key that may hold labels has a list that is not as long as the tokens."""
    if key.casefold() not in KNOWN:
        return False
    tokens = [next(filter(_are_strings, map(one.get, _LISTS)), []) for one in records]
    return any(
        _are_strings(one.get(key)) and len(one[key]) != len(words)
        for one, words in zip(records, tokens, strict=True)
    )


def _heads(
    path: Path,
    line: int,
    record: dict[str, Any],
    n_tokens: int,
    names: Sequence[str],
    layout: Layout,
) -> dict[str, list[str | None]]:
    found = {head_name(key): value for key, value in record.items()}
    found |= {head_name(key): value for key, value in record.items() if isinstance(value, list)}
    heads: dict[str, list[str | None]] = {}
    for name in names:
        tags: Any = found.get(name)
        if name in layout.labels and _are_numbers(tags, n_tokens):
            tags = _by_name(path, line, name, tags, layout.labels[name])
        if not _is_tags(tags, n_tokens):
            raise FormatError(path, line, _what_is_wrong(name, tags, n_tokens))
        heads[name] = tags
    for name, value in found.items():
        is_known = name in SPAN_HEADS or name in TOKEN_HEADS
        if is_known and name not in names and _is_tags(value, n_tokens):
            raise FormatError(path, line, f"{name!r}, which the first sentence does not have")
    return heads


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
            record |= written(document.labels, i)
            for head in tag_heads:
                tags = document.tags.get(head)
                record[head] = tags[first:past] if tags else [None] * (past - first)
            record |= {head: tags[i] for head, tags in zip(span_heads, by_head, strict=True)}
            lines.append(msgspec.json.encode(record) + b"\n")
    return b"".join(lines)


def _tokens(path: Path, number: int, record: dict[str, Any]) -> list[str]:
    for key in _LISTS:
        tokens = record.get(key)
        if isinstance(tokens, list) and all(isinstance(t, str) and t for t in tokens):
            if any(mark in token for token in tokens for mark in "\t\r\n"):
                raise FormatError(path, number, "a token contains a tab or a line end")
            return tokens
    raise FormatError(path, number, "no list of strings, none of them empty, under 'tokens'")


def _are_strings(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)


def _is_tags(value: object, n_tokens: int) -> bool:
    return (
        isinstance(value, list)
        and len(value) == n_tokens
        and all(tag is None or (isinstance(tag, str) and tag) for tag in value)
    )


def _are_numbers(value: object, n_tokens: int) -> bool:
    return (
        isinstance(value, list)
        and 0 < len(value) == n_tokens
        and all(tag is None or type(tag) is int for tag in value)
        and any(tag is not None for tag in value)
    )


def _by_name(
    path: Path, line: int, head: str, tags: list[int | None], names: dict[int, str]
) -> list[str | None]:
    """Return the names of tags; negative numbers such as -100 have none."""
    for tag in tags:
        if tag is not None and tag >= 0 and tag not in names:
            raise FormatError(path, line, f"tag {tag} of {head!r} has no name", expected=names)
    return [None if tag is None or tag < 0 else names[tag] for tag in tags]


def _what_is_wrong(name: str, tags: object, n_tokens: int) -> str:
    if tags is None:
        return f"no {name!r}, which the first sentence has"
    if isinstance(tags, list) and len(tags) != n_tokens:
        return f"{counted(len(tags), 'tag')} in {name!r} for {counted(n_tokens, 'token')}"
    return f"{name!r} is not a list of strings; write tags by name, not by number"
