"""JSON by character offsets, as Prodigy, doccano and ``tagger predict --format json`` write it.

A line, or an element of an array, is a document: ``text`` and its spans under one of `SPAN_KEYS`,
or under another key where they have ``start``, ``end`` and ``labels`` (Label Studio's JSON_MIN). A
file without any is refused where its annotations must be somewhere else. A span is
``[start, end, label]`` or an object with these keys. Strings, numbers and lists of strings may be
labels of the text (`text_labels`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from tagger.errors import FormatError
from tagger.findings import Findings
from tagger.formats.documents import ENTITIES, CharSpan, Document, check_span, check_text
from tagger.formats.json_records import read_records
from tagger.formats.prodigy_answers import UNKNOWN, merged
from tagger.formats.records import TextLabel, can_name_head
from tagger.formats.text_labels import KNOWN, LABEL, count_others, head_of, label_of, labels_in
from tagger.formats.units import Marked, Unit, find_unit, same, to_characters

__all__ = [
    "NO_SPANS",
    "SPAN_KEYS",
    "Raw",
    "RawSpan",
    "count_characters",
    "counted",
    "raw_spans",
    "read",
    "text_of",
]

SPAN_KEYS = ("entities", "spans", "label", "labels", "ents", "annotations", "ner")
"""Keys of the spans of a document; the first that has any counts."""

NO_SPANS = "document without spans"
"""The kind of the finding for files whose documents have no spans."""

CHARACTERS = "characters"
"""The value of ``units`` where a file states that its offsets count characters."""
_TEXTS = ("text", "data")
_OTHER_TEXTS = ("sentence", "content", "document", "body")
"""Keys of texts, where spans stand beside them."""
_LABELS = ("label", "type", "entity_type", "entity_group", "tag", "category")
_NEITHER = ("meta", "tokens", "sentences", "sents", "options", UNKNOWN)
_NOT_LABELS = (*_NEITHER, *_TEXTS, "id", "answer", "units", "accept")
_MAY_BE_LABELS = ("label", "labels")
"""Keys of spans under which labels of the text may stand as well."""
_SPANS_OR_RESULTS = (*_MAY_BE_LABELS, "ner")
"""Known keys whose values are spans, or the results of ``tagger predict``, where no labels."""
_CHOSEN = "accept"
"""The key of what was chosen from the ``options`` of a text in Prodigy."""
_STARTS = ("start", "start_offset", "start_char", "startOffset", "begin", "from")
_ENDS = ("end", "end_offset", "end_char", "endOffset", "to")


def read(path: Path, findings: Findings) -> Iterator[Document]:
    """Yield the documents of a file.

    Raises:
        FormatError: A line is not a document, or a span cannot be one.
        CorpusError: The file cannot be read.
    """
    return counted(partial(_read, path), findings)


def _read(path: Path, findings: Findings) -> Iterator[Raw]:
    is_annotated, number = False, 0
    first: tuple[int, list[str]] | None = None
    open_keys: dict[str, tuple[int, object]] = {}
    labelled: set[str] = set()
    records = merged(read_records(path), path, findings)
    for number, (line, record) in enumerate(records, start=1):
        if record.get("answer", "accept") != "accept":  # Prodigy: rejected or skipped
            kind = f"example answered with {record['answer']!r}"
            findings.count(kind, path, line, action="ignored")
            continue
        text = text_of(record)
        if text is None:
            raise FormatError(
                path, line, "no string under 'text'", hint="each line is a document's JSON"
            )
        check_text(path, line, text)
        document = Document(_name(record, number), path, line, text=text)
        key = _span_key(record)
        spans = [key] if key is not None and record[key] else []
        document.labels = {head: [label] for head, label in _labels(record, spans, text).items()}
        count_others(record, [*spans, *_SPANS_OR_RESULTS], path, line, findings)
        entries = record[key] if key is not None else []
        if not isinstance(entries, list):
            raise FormatError(
                path, line, f"{key!r} is neither a list of spans nor a label: {entries!r:.40}"
            )
        raw = Raw(
            document,
            raw_spans(document, entries),
            raw_spans(document, record.get(UNKNOWN, [])),
            is_counted=record.get("units") == CHARACTERS,
        )
        tokens = record.get("tokens")
        if isinstance(tokens, list) and tokens and all(isinstance(t, dict) for t in tokens):
            document.offsets, document.tags = _tokens(document, tokens)
            document.ends = _sentences(record.get("sentences"), len(document.offsets))
            raw.is_counted = True  # as the offsets of the tokens do
        is_annotated = is_annotated or key is not None or bool(document.tags)
        first = first or (line, list(record))
        for name, value in record.items():
            if value != [] and label_of(value) is not None:
                labelled.add(name)
            elif _may_annotate(name, value) and open_keys.get(name, (0, []))[1] == []:
                open_keys[name] = line, value
        yield raw
    if first is not None and not is_annotated:
        line, keys = first
        for name, (_, value) in [*open_keys.items()]:
            if value == [] and name in labelled:  # a text with none of several labels
                del open_keys[name]
        if not open_keys:
            findings.count(NO_SPANS, path, line, count=number, action="text alone")
            return
        for name, (at, value) in open_keys.items():
            if name.casefold() in KNOWN:
                raise FormatError(
                    path,
                    at,
                    f"{name!r} is neither a label nor a list of spans: {value!r:.40}",
                    hint="a label is a string, a number or a list of strings",
                )
        raise FormatError(
            path,
            line,
            f"no document has spans; the keys are {', '.join(map(repr, keys[:8]))}",
            expected=SPAN_KEYS,
            hint=f"write the spans under one of {', '.join(SPAN_KEYS)}",
        )


def text_of(record: dict[str, Any]) -> str | None:
    """Return the text of a document; None where it has none.

    It stands under ``text``, or under ``data`` in old exports of doccano; with spans beside it also
    under another key, in Label Studio's JSON_MIN under any.
    """
    for key in _TEXTS:
        if isinstance(record.get(key), str):
            return str(record[key])
    if not any(isinstance(record.get(key), list) for key in SPAN_KEYS):
        covered = [
            str(span.get("text", ""))
            for value in record.values()
            if _are_spans(value)
            for span in value
        ]
        texts = [value for value in record.values() if covered and isinstance(value, str)]
        return next((text for text in texts if all(one in text for one in covered)), None)
    return next((record[key] for key in _OTHER_TEXTS if isinstance(record.get(key), str)), None)


def _may_annotate(key: str, value: object) -> bool:
    """Return whether a key may be that of spans which are not known by it."""
    return (
        isinstance(value, list | dict)
        and key not in _NEITHER
        and (value == [] or label_of(value) is None)
    )


def _span_key(record: dict[str, Any]) -> str | None:
    known = [
        key for key in SPAN_KEYS if record.get(key) is not None and not _are_labels(key, record)
    ]
    others = [key for key, value in record.items() if key != "tokens" and _are_spans(value)]
    return next((key for key in known if record[key]), next(iter([*others, *known]), None))


def _are_labels(key: str, record: dict[str, Any]) -> bool:
    """Return whether a key of spans has labels of the text, as in doccano, or those of results."""
    value = record[key]
    return key in _MAY_BE_LABELS and (
        isinstance(value, dict) or (value != [] and label_of(value) is not None)
    )


def _labels(record: dict[str, Any], spans: list[str], text: str) -> dict[str, TextLabel]:
    """Return what may be labels of a text, beside the key of its spans."""
    hidden = [key for key in record if key.startswith("_") or record[key] is text]
    found = labels_in(record, without=(*_NOT_LABELS, *hidden, *spans))
    results = record.get("labels")
    if isinstance(results, dict):  # of `tagger predict`, by head
        found.pop("labels", None)
        for head, result in results.items():
            several = [_result(one) for one in result] if isinstance(result, list) else None
            found[head_of(head)] = label_of(_result(result) if several is None else several)
    if isinstance(record.get("options"), list) and _CHOSEN in record:
        found[LABEL] = label_of(record[_CHOSEN])
    return found


def _result(result: object) -> object:
    """Return the label of a result, which has a probability beside it."""
    return result.get("label") if isinstance(result, dict) else result


def _are_spans(value: object) -> bool:
    """Return whether a value is a list of spans as Label Studio's JSON_MIN has them."""
    return isinstance(value, list) and any(
        isinstance(one, dict) and {"start", "end", "labels"} <= one.keys() for one in value
    )


def _name(record: dict[str, Any], number: int) -> str:
    meta = record.get("meta")
    for holder in (meta if isinstance(meta, dict) else {}, record):
        name = holder.get("id")
        if type(name) in (int, str) and str(name).strip():
            return " ".join(str(name).split())
    return str(number)


@dataclass
class Raw:
    """A document whose spans stand as in the file, until it is known what its offsets count.

    Attributes:
        document: The document, with its text.
        spans: Its spans.
        unknown: Those of which nobody knows whether they are spans.
        is_counted: Whether it is known that they count characters.
    """

    document: Document
    spans: list[RawSpan]
    unknown: list[RawSpan] = field(default_factory=list)
    is_counted: bool = False


class RawSpan(NamedTuple):
    """A span as in the file: the text that it covers, where the file has it, and whether its parts
    are named."""

    start: Any
    end: Any
    label: Any
    covered: str | None = None
    is_object: bool = False


def raw_spans(document: Document, entries: list[Any]) -> list[RawSpan]:
    """Read the spans of a document, ``[start, end, label]`` or objects.

    Raises:
        FormatError: One is neither.
    """
    found: list[RawSpan] = []
    for number, entry in enumerate(entries, start=1):
        if isinstance(entry, list) and len(entry) == 3:
            found.append(RawSpan(*entry))
        elif isinstance(entry, dict):
            start = next((entry[key] for key in _STARTS if key in entry), None)
            end = next((entry[key] for key in _ENDS if key in entry), None)
            covered = entry.get("text")
            if not isinstance(covered, str):
                covered = None
            labels = next((entry[key] for key in (*_LABELS, "labels") if key in entry), None)
            if start is None or end is None:
                raise FormatError(
                    document.path,
                    document.line,
                    f"document {document.name}: span {number} without {_STARTS[0]!r} or "
                    f"{_ENDS[0]!r}; its keys are {', '.join(map(repr, entry))}",
                    hint='a span is {"start": 0, "end": 3, "label": "PER"}',
                )
            for label in labels if isinstance(labels, list) else [labels]:
                found.append(RawSpan(start, end, label, covered, is_object=True))
        else:
            raise FormatError(
                document.path,
                document.line,
                f"span {number} is not [start, end, label] but {entry!r:.40}",
            )
    return found


def counted(
    read_raw: Callable[[Findings], Iterator[Raw]], findings: Findings
) -> Iterator[Document]:
    """Yield documents whose offsets count characters, whatever those of their file count.

    Args:
        read_raw: Reads the file, which is done twice: what it counts follows from all its spans.
        findings: Collects documents whose offsets are converted, and the findings of reading.

    Raises:
        FormatError: As ``read_raw``, or a span cannot be one of its text.
    """
    unit = find_unit(map(_marked, read_raw(Findings())))
    for raw in read_raw(findings):
        document = raw.document
        in_file = None if raw.is_counted else unit
        if raw.spans:
            document.chars = _in_characters(document, raw.spans, in_file, findings)
        unknown = _in_characters(document, raw.unknown, in_file, Findings())
        document.unknown_chars = [(span.start, span.end) for span in unknown]
        yield document


def count_characters(documents: Sequence[Document]) -> dict[str, str]:
    """Return what to add to the records of a file whose offsets look as if they counted else."""
    marked = (
        Marked(one.text or "", [span[:2] for span in one.chars], [None] * len(one.chars))
        for one in documents
    )
    return {"units": CHARACTERS} if find_unit(marked) else {}


def _marked(raw: Raw) -> Marked:
    spans = [] if raw.is_counted else [span for span in raw.spans if _is_whole(span)]
    return Marked(
        raw.document.text or "",
        [(span.start, span.end) for span in spans],
        [span.covered for span in spans],
        n_needed=2 if any(span.is_object and span.covered is None for span in spans) else 1,
    )


def _is_whole(span: RawSpan) -> bool:
    return type(span.start) is int and type(span.end) is int


def _in_characters(
    document: Document, raw: list[RawSpan], unit: Unit | None, findings: Findings
) -> list[CharSpan]:
    """Check the spans of a document, and convert their bounds.

    Raises:
        FormatError: One cannot be a span of the text.
    """
    path, line, text = document.path, document.line, document.text or ""
    if unit is not None and all(map(_is_whole, raw)):
        bounds = [(span.start, span.end) for span in raw]
        converted = to_characters(text, bounds, unit)
        if converted != bounds:
            findings.count(f"offsets count {unit}", path, line, action="converted to characters")
        raw = [
            span._replace(start=start, end=end)
            for span, (start, end) in zip(raw, converted, strict=True)
        ]
    spans = []
    for start, end, label, covered, _ in raw:
        check_text(path, line, label)
        span = check_span(path, line, document.name, text, start, end, label)
        if covered is not None and not same(text[start:end], covered):
            raise FormatError(
                path,
                line,
                f"document {document.name}: the span {start}–{end} ({label}) is "
                f"{text[start:end]!r:.42} in the text, but {covered!r:.42} in the file",
                hint="is it another text, or do its offsets not count characters?",
            )
        spans.append(span)
    return spans


def _tokens(
    document: Document, tokens: list[dict[str, Any]]
) -> tuple[list[tuple[int, int]], dict[str, list[str | None]]]:
    """Return the offsets and the tags of a file's tokens, without those that are white space.

    ``tagger predict`` writes tags as strings beside a token's text. Entities are taken only from
    the spans, which is where people correct them.
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
                "there, or not after the one before it",
                hint="leave 'tokens' out to have the text tokenized",
            )
        past = end
        if not text[start:end].isspace():
            offsets.append((start, end))
            for head, found in tags.items():
                tag = token.get(head)
                found.append(tag if isinstance(tag, str) else None)
    return offsets, tags


def _sentences(ranges: object, n_tokens: int) -> list[int]:
    """Return the ends of ranges of tokens that cover all tokens; none for other values."""
    if not isinstance(ranges, list) or not all(
        isinstance(one, list) and len(one) == 2 and type(one[1]) is int for one in ranges
    ):
        return []
    ends = [end for _, end in ranges]
    return ends if ends == sorted(set(ends)) and ends[-1:] == [n_tokens] else []
