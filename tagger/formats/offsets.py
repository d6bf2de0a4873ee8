"""JSON by character offsets: Prodigy, doccano, and what ``tagger predict --format json`` prints.

A line, or an element of an array, is a document: ``text`` beside spans under ``spans``, ``label``,
``labels`` or ``entities``. A span is ``[start, end, label]`` or an object with these keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from tagger.errors import FormatError
from tagger.formats.documents import (
    ENTITIES,
    CharSpan,
    Document,
    Notes,
    check_span,
    check_text,
)
from tagger.formats.json_records import read_records
from tagger.formats.records import can_name_head
from tagger.formats.units import in_characters, same
from tagger.schemes import Scheme

__all__ = ["SPAN_KEYS", "read", "read_spans", "write_doccano", "write_prodigy"]

SPAN_KEYS = ("entities", "spans", "label", "labels")
UTF16 = "documents whose offsets count UTF-16 units, as browsers do, now counted in characters"
_CHARACTERS = "characters"
_STARTS = ("start", "start_offset")
_ENDS = ("end", "end_offset")


def read(path: Path, notes: Notes) -> Iterator[Document]:
    """Give the documents of a file, one at a time.

    Raises:
        FormatError: for a line that is no document, or a span that cannot be one.
        CorpusError: where the file cannot be read.
    """
    for number, (line, record) in enumerate(read_records(path), start=1):
        if record.get("answer", "accept") != "accept":  # Prodigy: looked at and not taken
            notes[f"examples answered with {record['answer']!r}"] += 1
            continue
        text = record.get("text")
        if not isinstance(text, str):
            raise FormatError(path, line, "no string under 'text'; each line is a document's JSON")
        check_text(path, line, text)
        document = Document(_name(record, number), path, line, text=text)
        key = next((key for key in SPAN_KEYS if record.get(key) is not None), None)
        entries = record[key] if key is not None else []
        if not isinstance(entries, list):
            raise FormatError(path, line, f"{key!r} is not a list of spans")
        is_counted = record.get("units") == _CHARACTERS
        document.chars = read_spans(document, entries, notes, is_counted=is_counted)
        tokens = record.get("tokens")
        if isinstance(tokens, list) and tokens and all(isinstance(t, dict) for t in tokens):
            document.offsets, document.tags = _tokens(document, tokens)
            document.ends = _sentences(record.get("sentences"), len(document.offsets))
        yield document


def write_prodigy(documents: Sequence[Document], scheme: Scheme, notes: Notes) -> bytes:
    """Write documents of text as Prodigy's JSON lines, with tokens where all spans fall on them."""
    lines = []
    for document in documents:
        offsets = document.offsets or []
        starts = {start: i for i, (start, _) in enumerate(offsets)}
        ends = {end: i for i, (_, end) in enumerate(offsets)}
        fits = all(span.start in starts and span.end in ends for span in document.chars)
        record: dict[str, Any] = {"text": document.text, "meta": {"id": document.name}}
        spans: list[dict[str, Any]] = [
            {"start": span.start, "end": span.end, "label": span.label} for span in document.chars
        ]
        if fits:
            following = [*(start for start, _ in offsets[1:]), len(document.text or "")]
            record["tokens"] = [
                {"text": form, "start": start, "end": end, "id": i, "ws": following[i] > end}
                for i, (form, (start, end)) in enumerate(zip(document.tokens, offsets, strict=True))
            ]
            for span in spans:
                span["token_start"], span["token_end"] = starts[span["start"]], ends[span["end"]]
        lines.append(msgspec.json.encode({**record, "spans": spans}) + b"\n")
    return b"".join(lines)


def write_doccano(documents: Sequence[Document], scheme: Scheme, notes: Notes) -> bytes:
    """Write documents of text as doccano's JSON lines."""
    lines = []
    for document in documents:
        record: dict[str, Any] = {"id": document.name, "text": document.text}
        record["label"] = [[span.start, span.end, span.label] for span in document.chars]
        bounds = [(span.start, span.end) for span in document.chars]
        if in_characters(document.text or "", bounds, [None] * len(bounds)):
            record["units"] = _CHARACTERS  # for they look as if they counted something else
        lines.append(msgspec.json.encode(record) + b"\n")
    return b"".join(lines)


def _name(record: dict[str, Any], number: int) -> str:
    meta = record.get("meta")
    for holder in (meta if isinstance(meta, dict) else {}, record):
        name = holder.get("id")
        if type(name) in (int, str) and str(name).strip():
            return " ".join(str(name).split())
    return str(number)


def read_spans(
    document: Document, entries: list[Any], notes: Notes, *, is_counted: bool = False
) -> list[CharSpan]:
    """Read the spans of a document, ``[start, end, label]`` or objects.

    What doccano writes, and what comes with the text that it covers, may count UTF-16 units.

    Args:
        document: the document, with its text.
        entries: what the file has as spans.
        notes: where it is noted when they do.
        is_counted: whether the file says that it counts characters.

    Raises:
        FormatError: for one that cannot be a span of its text.
    """
    path, line, text = document.path, document.line, document.text or ""
    found: list[tuple[Any, Any, Any, str | None]] = []
    for number, entry in enumerate(entries, start=1):
        if isinstance(entry, list) and len(entry) == 3:
            found.append((*entry, _slice(text, *entry[:2]) if is_counted else None))
        elif isinstance(entry, dict):
            start = next((entry[key] for key in _STARTS if key in entry), None)
            end = next((entry[key] for key in _ENDS if key in entry), None)
            covered = entry.get("text")
            if not isinstance(covered, str):
                covered = None if "start_offset" in entry else _slice(text, start, end)
            labels = entry.get("labels")
            for label in labels if isinstance(labels, list) else [entry.get("label", labels)]:
                found.append((start, end, label, covered))
        else:
            raise FormatError(
                path, line, f"span {number} is not [start, end, label] but {entry!r:.40}"
            )
    bounds = [(start, end) for start, end, _, _ in found]
    if all(type(at) is int for bound in bounds for at in bound) and (
        counted := in_characters(text, bounds, [covered for *_, covered in found])
    ):
        notes[UTF16] += 1
        found = [
            (*b, label, covered) for b, (*_, label, covered) in zip(counted, found, strict=True)
        ]
    spans = []
    for start, end, label, covered in found:
        check_text(path, line, label)
        span = check_span(path, line, document.name, text, start, end, label)
        if covered is not None and not same(text[start:end], covered):
            raise FormatError(
                path,
                line,
                f"document {document.name}: the span {start}–{end} ({label}) is "
                f"{text[start:end]!r:.42} in the text, but {covered!r:.42} in the file; is it "
                "another text, or are its offsets no characters?",
            )
        spans.append(span)
    return spans


def _slice(text: str, start: object, end: object) -> str | None:
    """Give what a span covers that certainly counts characters."""
    return text[start:end] if isinstance(start, int) and isinstance(end, int) else None


def _tokens(
    document: Document, tokens: list[dict[str, Any]]
) -> tuple[list[tuple[int, int]], dict[str, list[str | None]]]:
    """Take the tokens that the file gives, without those that are white space, and their tags.

    What `tagger predict` says of tokens are strings beside their text. Entities are taken from the
    spans alone: there people mend them.
    """
    text = document.text or ""
    offsets: list[tuple[int, int]] = []
    heads = [
        key
        for key, value in tokens[0].items()
        if isinstance(value, str) and can_name_head(key) and key != ENTITIES
    ]
    tags: dict[str, list[str | None]] = {head: [] for head in heads}
    past = 0
    for token in tokens:
        start, end = (at if type(at := token.get(key)) is int else -1 for key in ("start", "end"))
        form = token.get("text", text[max(start, 0) : max(end, 0)])
        if not past <= start < end <= len(text) or text[start:end] != form:
            raise FormatError(
                document.path,
                document.line,
                f"document {document.name}: the token {form!r} at {start}–{end} is not in the text "
                "there, or not behind the one before it; leave 'tokens' out to have it cut anew",
            )
        past = end
        if not text[start:end].isspace():
            offsets.append((start, end))
            for head, found in tags.items():
                tag = token.get(head)
                found.append(tag if isinstance(tag, str) else None)
    return offsets, tags


def _sentences(ranges: object, n_tokens: int) -> list[int]:
    """Take the sentences as `tagger predict` has them, ranges of tokens; none where they differ."""
    if not isinstance(ranges, list) or not all(
        isinstance(one, list) and len(one) == 2 and type(one[1]) is int for one in ranges
    ):
        return []
    ends = [end for _, end in ranges]
    return ends if ends == sorted(set(ends)) and ends[-1:] == [n_tokens] else []
