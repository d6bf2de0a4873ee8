"""WebAnno's and INCEpTION's TSV 3: a token a line, with offsets and a column for each feature.

The entities are those of the layer ``NamedEntity``, or else of the first layer of spans that has
features and is neither of parts of speech nor of lemmas; parts of speech become the head ``xpos``.
Other layers are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from tagger.errors import FormatError
from tagger.findings import Findings
from tagger.formats.documents import CharSpan, Document, has_text, main_layer
from tagger.formats.sample import Sample
from tagger.formats.writing import count_unwritten, encode_lines, refuse, space_after
from tagger.lines import read_rows
from tagger.schemes import Scheme
from tagger.tables import counted

__all__ = ["read", "sniff", "write"]

_FORMAT = re.compile(r"#FORMAT=WebAnno TSV (\d+)(?:\.\d+)?\s*")
_TOKEN = re.compile(r"(\d+)-(\d+)(\.\d+)?")
_OFFSETS = re.compile(r"(\d{1,15})-(\d{1,15})")
_STACKED = re.compile(r"(?<!\\)\|")
_ID = re.compile(r"(?<!\\)\[(\d+)\]$")
_ESCAPED = re.compile(r"\\(.)")
_TO_ESCAPE = re.compile(r"([\\\[\]|_;*]|->)")
_ENTITIES, _POS = "NamedEntity", "POS"
_NOT_ENTITIES = ("POS", "Lemma", "Morpheme", "MorphologicalFeatures", "Stem", "Sentence", "Token")
_FEATURES = ("value", "label", "entity", "PosValue")
_WRITTEN = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"
_WRITTEN_POS = "de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS"


@dataclass
class _Layer:
    """A layer of spans: its short name, and the column of its label, where it has any."""

    name: str
    column: int
    has_label: bool


def sniff(sample: Sample) -> bool:
    """Return whether the first line names the format."""
    return any(line.startswith("#FORMAT=WebAnno") for line in sample.lines[:1])


def read(path: Path, findings: Findings) -> Iterator[Document]:
    """Yield the document of a file.

    Raises:
        FormatError: The version is another, or a line is not a token with its columns.
        CorpusError: The file cannot be read.
    """
    layers: list[_Layer] = []
    n_columns = 0
    tokens: list[tuple[int, int, str]] = []
    ends: list[int] = []
    entities: _Layer | None = None
    pos: _Layer | None = None
    tags: list[str | None] = []
    spans: dict[tuple[str, str], list[tuple[int, int, int]]] = {}
    for number, line in read_rows(path):
        if number == 1:
            match = _FORMAT.fullmatch(line)
            if match is None or match[1] != "3":
                raise FormatError(
                    path, number, f"{line[1:40]} is not read", hint="export it as WebAnno TSV 3"
                )
        elif line.startswith("#T_"):
            n_columns = _add_layer(line, n_columns, layers)
            entities, pos = _entities(layers), _named(layers, _POS)
        elif not line.strip() or line.startswith("#"):
            if tokens and ends[-1:] != [len(tokens)]:
                ends.append(len(tokens))
        else:
            fields = line.split("\t")
            which = _TOKEN.fullmatch(fields[0])
            at = _OFFSETS.fullmatch(fields[1]) if len(fields) > 2 else None
            if which is None or at is None or len(fields) - 3 < n_columns:
                raise FormatError(
                    path,
                    number,
                    f"{line!r:.40} is not a token with {counted(n_columns, 'column')} after it",
                    hint="as in 1-1<tab>0-3<tab>Kim<tab>PER",
                )
            start, end, form = int(at[1]), int(at[2]), _unescape(fields[2])
            if start >= end or (tokens and not which[3] and start < tokens[-1][1]):
                raise FormatError(path, number, f"the token {form!r:.40} at {fields[1]}")
            if not which[3]:  # otherwise it is a part of the token before
                tokens.append((start, end, form))
                tags.append(_value(fields[3 + pos.column]) if pos else None)
            if entities is not None:
                for key, label in _labels(fields[3 + entities.column], number):
                    if label is None and entities.has_label:
                        findings.count("annotation without a label", path, number, action="ignored")
                        continue
                    label = label or entities.name
                    spans.setdefault((key, label), []).append((start, end, number))
    if tokens and ends[-1:] != [len(tokens)]:
        ends.append(len(tokens))
    for layer in layers:
        if layer not in (entities, pos) and layer.name not in _NOT_ENTITIES:
            findings.count(f"layer {layer.name} of WebAnno", path, action="ignored")
    yield _document(path, tokens, ends, spans, tags if pos and any(tags) else None)


def write(documents: Sequence[Document], scheme: Scheme, findings: Findings) -> bytes:
    """Lay out documents of tokens as one document of WebAnno.

    Raises:
        FormatError: A token contains a line end or a tab.
    """
    return encode_lines(documents, _lines(documents, findings))


def _lines(documents: Sequence[Document], findings: Findings) -> Iterator[str]:
    pos = next((head for head in ("xpos", "pos", "upos") if _has(documents, head)), None)
    yield "#FORMAT=WebAnno TSV 3.3"
    yield f"#T_SP={_WRITTEN}|identifier|value"
    if pos is not None:
        yield f"#T_SP={_WRITTEN_POS}|PosValue|coarseValue"
    yield ""
    position = n_spans = n_sentences = 0
    for document in documents:
        count_unwritten(document, findings, tags=[pos] if pos else [])
        spaces = space_after(document) or [True] * len(document.tokens)
        spans = document.sentence_spans(main_layer(document))
        for (first, past), within in zip(document.bounds(), spans, strict=True):
            n_sentences += 1
            forms = document.tokens[first:past]
            refuse(document, "\t\r\n", *forms)
            gaps = [" " * space for space in spaces[first : past - 1]]
            text = "".join(form + gap for form, gap in zip(forms, [*gaps, ""], strict=True))
            yield ""
            yield f"#Text={text.replace(chr(92), chr(92) * 2)}"
            values = ["_"] * len(forms)
            for start, end, label in within:
                refuse(document, "\t\r\n", label)
                n_spans += 1
                values[start:end] = [f"{_escape(label)}[{n_spans}]"] * (end - start)
            for i, (form, value) in enumerate(zip(forms, values, strict=True)):
                width = _units(form)
                identifier = f"*[{value.rpartition('[')[2]}" if value != "_" else "_"
                fields = [f"{n_sentences}-{i + 1}", f"{position}-{position + width}"]
                fields += [_escape(form), identifier, value]
                if pos is not None:
                    tag = document.tags.get(pos, [None] * past)[first + i]
                    fields += [_escape(tag) if tag else "_", "*" if tag else "_"]
                yield "\t".join([*fields, ""])
                position += width + len(gaps[i] if i < len(gaps) else "")
            position += 1


def _has(documents: Sequence[Document], head: str) -> bool:
    return any(any(document.tags.get(head, ())) for document in documents)


def _add_layer(line: str, n_columns: int, layers: list[_Layer]) -> int:
    """Add the layer of a line of the header, and return the number of columns so far."""
    kind, _, rest = line.partition("=")
    name, *features = rest.rstrip().split("|")
    features = [feature for feature in features if feature]
    short = name.rpartition(".")[2]
    if kind == "#T_SP":
        found = next((i for key in _FEATURES for i, f in enumerate(features) if f == key), 0)
        layers.append(_Layer(short, n_columns + found, bool(features)))
    return n_columns + max(len(features), 1)


def _named(layers: Sequence[_Layer], name: str) -> _Layer | None:
    return next((layer for layer in layers if layer.name == name), None)


def _entities(layers: Sequence[_Layer]) -> _Layer | None:
    others = [layer for layer in layers if layer.name not in _NOT_ENTITIES]
    return _named(layers, _ENTITIES) or next(iter(others), None)


def _labels(field: str, line: int) -> Iterator[tuple[str, str | None]]:
    """Yield for each annotation in a field its identity, and its label."""
    for number, value in enumerate(_STACKED.split(field)):
        found = _ID.search(value)
        label = _value(value[: found.start()] if found else value)
        if value not in ("_", ""):
            yield found[1] if found else f"{line}.{number}", label


def _value(field: str) -> str | None:
    """Return the label in a field; None where there is no annotation, or it has no value."""
    return None if field in ("_", "*", "") else _unescape(field)


def _document(
    path: Path,
    tokens: Sequence[tuple[int, int, str]],
    ends: list[int],
    spans: dict[tuple[str, str], list[tuple[int, int, int]]],
    tags: list[str | None] | None,
) -> Document:
    """Lay tokens out at their offsets, which count UTF-16 units."""
    document = Document(path.stem, path, 1, text="", ends=ends)
    parts: list[str] = []
    length = past = 0
    at: dict[int, int] = {}
    breaks = set(ends)
    document.offsets = []
    for number, (start, end, form) in enumerate(tokens):
        gap = min(start - past, 1)
        parts.append(("\n" if number in breaks else " ") * gap if number else "")
        length += len(parts[-1])
        document.offsets.append((length, length + len(form)))
        unit = start
        for i, mark in enumerate(form):
            at.setdefault(unit, length + i)
            unit += _units(mark)
        parts.append(form)
        length += len(form)
        at[end] = length
        past = end
    document.text = "".join(parts)
    document.tokens = [form for *_, form in tokens]
    if tags is not None:
        document.tags["xpos"] = tags
    for (_, label), pieces in spans.items():
        pieces.sort()
        first, last, line = pieces[0][0], pieces[-1][1], pieces[0][2]
        if first not in at or last not in at:
            raise FormatError(path, line, f"the annotation {label!r:.40} is not within its token")
        gaps = any(
            has_text(document.text, at[left[1]], at[right[0]]) for left, right in pairwise(pieces)
        )
        document.chars.append(CharSpan(at[first], at[last], label, line, gaps))
    return document


def _units(text: str) -> int:
    return sum(1 + (mark > "\uffff") for mark in text)


def _escape(value: str) -> str:
    return _TO_ESCAPE.sub(r"\\\1", value)


def _unescape(value: str) -> str:
    return _ESCAPED.sub(
        lambda found: {"t": "\t", "n": "\n", "r": "\r"}.get(found[1], found[1]), value
    )
