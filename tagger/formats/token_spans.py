"""JSON with spans of tokens: GLiNER, DyGIE++ (also PURE), SpERT and OneIE.

::

    {"tokenized_text": ["Kim", "left"], "ner": [[0, 0, "PER"]]}
    {"doc_key": "a", "sentences": [["Kim", "left"]], "ner": [[[0, 0, "PER"]]]}
    {"tokens": ["Kim", "left"], "entities": [{"type": "PER", "start": 0, "end": 1}]}
    {"tokens": ["Kim", "left"], "entity_mentions": [{"entity_type": "PER", "start": 0, "end": 1}]}

The ends of the first two are inclusive; those of DyGIE++ count from the start of the document. Of
spans that overlap the longest stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from tagger.errors import FormatError
from tagger.findings import Findings
from tagger.formats.documents import ENTITIES, Document, check_text, main_layer
from tagger.formats.json_records import read_records
from tagger.formats.records import Columns, Layout, Sentence
from tagger.formats.sample import Sample
from tagger.formats.writing import count_unwritten
from tagger.schemes import Scheme, Span, tags_of
from tagger.tables import counted

__all__ = ["detect_layout", "read", "sniff", "write"]

_MENTIONS = ("entities", "entity_mentions")
_SHOWN = 10  # tokens of a span, in messages


def sniff(sample: Sample) -> bool:
    """Return whether the first object has tokens, and spans of them."""
    return _kind(sample.keys) is not None


def detect_layout(paths: Sequence[Path], names: str | Columns | None = None) -> Layout:
    """Return the layout, which is the same for all files."""
    return Layout(
        format="gliner", title="JSON by spans of tokens", columns={1: "token", 2: ENTITIES}
    )


def read(path: Path, layout: Layout, findings: Findings) -> Iterator[Sentence]:
    """Yield the sentences of a file.

    Raises:
        FormatError: An object is not a sentence or document with spans.
        CorpusError: The file cannot be read.
    """
    for document, (line, record) in enumerate(read_records(path)):
        kind = _kind(record)
        if kind == "dygie":
            yield from _dygie(path, line, document, record, findings)
        elif kind is not None:
            tokens = record["tokenized_text" if kind == "gliner" else "tokens"]
            _check_tokens(path, line, tokens)
            if kind == "gliner":
                found = [_inclusive(path, line, one) for one in record["ner"]]
            else:
                found = [_exclusive(path, line, one) for one in record[kind]]
            yield _sentence(path, line, -1, tokens, found, findings)
        else:
            keys = ", ".join(map(repr, list(record)[:6])) or "no keys"
            raise FormatError(
                path,
                line,
                f"no tokens with spans; the keys are {keys}",
                hint="the objects of a file must be alike",
            )


def write(documents: Sequence[Document], scheme: Scheme, findings: Findings) -> bytes:
    """Lay out documents of tokens as an array for GLiNER, a sentence a line."""
    lines = []
    for document in documents:
        count_unwritten(document, findings)
        spans = document.sentence_spans(main_layer(document))
        for (first, past), within in zip(document.bounds(), spans, strict=True):
            record = {
                "tokenized_text": document.tokens[first:past],
                "ner": [[start, end - 1, label] for start, end, label in within],
            }
            lines.append(msgspec.json.encode(record))
    return b"[\n" + b",\n".join(lines) + b"\n]\n"


def _kind(record: dict[str, Any]) -> str | None:
    if isinstance(record.get("tokenized_text"), list) and isinstance(record.get("ner"), list):
        return "gliner"
    sentences, ner = record.get("sentences"), record.get("ner")
    if isinstance(sentences, list) and isinstance(ner, list) and _are_lists(sentences):
        return "dygie"
    if _are_strings(record.get("tokens")):
        for key in _MENTIONS:
            mentions = record.get(key)
            if isinstance(mentions, list) and all(isinstance(m, dict) for m in mentions):
                return key
    return None


def _are_lists(value: list[object]) -> bool:
    return bool(value) and all(isinstance(one, list) for one in value)


def _are_strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _dygie(
    path: Path, line: int, number: int, record: dict[str, Any], findings: Findings
) -> Iterator[Sentence]:
    sentences, layers = record["sentences"], record["ner"]
    if len(layers) != len(sentences) or not _are_lists(layers or [[]]):
        raise FormatError(
            path,
            line,
            f"{counted(len(layers), 'list')} of spans in 'ner' for "
            f"{counted(len(sentences), 'sentence')}",
        )
    first = 0
    for tokens, spans in zip(sentences, layers, strict=True):
        _check_tokens(path, line, tokens)
        found = [_inclusive(path, line, one, first) for one in spans]
        yield _sentence(path, line, number, tokens, found, findings)
        first += len(tokens)


def _check_tokens(path: Path, line: int, tokens: object) -> None:
    if not isinstance(tokens, list) or not all(isinstance(t, str) and t for t in tokens):
        raise FormatError(path, line, "the tokens are not a list of strings, none of them empty")
    if any(mark in token for token in tokens for mark in "\t\r\n"):
        raise FormatError(path, line, "a token contains a tab or a line end")
    check_text(path, line, *tokens)


def _inclusive(path: Path, line: int, entry: object, first: int = 0) -> Span:
    if not isinstance(entry, list) or len(entry) < 3 or not _are_bounds(*entry[:2]):
        raise FormatError(
            path, line, f"{entry!r:.40} is not [first token, last token, label] in 'ner'"
        )
    return Span(entry[0] - first, entry[1] + 1 - first, entry[2])


def _exclusive(path: Path, line: int, entry: dict[str, Any]) -> Span:
    start, end = entry.get("start"), entry.get("end")
    label = entry.get("type", entry.get("entity_type", entry.get("label")))
    if not isinstance(start, int) or not isinstance(end, int):
        raise FormatError(path, line, f"an entity from {start!r} to {end!r}, not numbers of tokens")
    return Span(start, end, label or "")


def _are_bounds(*values: object) -> bool:
    return all(type(value) is int for value in values)


def _sentence(
    path: Path, line: int, number: int, tokens: list[str], spans: list[Span], findings: Findings
) -> Sentence:
    kept: list[Span] = []
    taken = [False] * len(tokens)
    for span in sorted(set(spans), key=lambda span: (span.start - span.end, span.start)):
        start, end, label = span
        if not isinstance(label, str) or not label:
            raise FormatError(path, line, f"the label {label!r} of a span", hint="write its name")
        check_text(path, line, label)
        if not 0 <= start < end <= len(tokens):
            raise FormatError(
                path,
                line,
                f"the span of tokens {start}–{end - 1} ({label}) in a sentence of "
                f"{counted(len(tokens), 'token')}, counted from 0",
            )
        # None that was kept is shorter, so one that overlaps has an end of this one in it.
        if taken[start] or taken[end - 1]:
            shown = tokens[start : min(end, start + _SHOWN)]
            example = f"{' '.join(shown)!r} {label}"
            findings.count("overlapping span", path, line, example=example, action="dropped")
            continue
        taken[start:end] = [True] * (end - start)
        kept.append(span)
    tags: list[str | None] = [*tags_of(sorted(kept), len(tokens), Scheme.BIO)]
    return Sentence(tokens, {ENTITIES: tags}, [line] * len(tokens), number)
