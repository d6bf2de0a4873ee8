"""spaCy's JSON for training: a list of documents with ``paragraphs``, ``sentences`` and ``tokens``.

Version 2 has entities as BILOU tags under ``ner``, where ``-`` is unknown; version 3 has their
characters under ``entities`` of a paragraph.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from tagger.errors import FormatError
from tagger.findings import Findings
from tagger.formats.documents import ENTITIES, Document, check_text, in_characters
from tagger.formats.json_records import read_records
from tagger.formats.offsets import Raw, counted, raw_spans
from tagger.formats.sample import Sample
from tagger.schemes import Scheme, Span, is_tag, spans

__all__ = ["read", "sniff"]

_UNKNOWN = ("-", "", None)


def sniff(sample: Sample) -> bool:
    """Return whether the first object has paragraphs of sentences."""
    paragraphs = sample.keys.get("paragraphs")
    return isinstance(paragraphs, list) and all(
        isinstance(one, dict) and "sentences" in one for one in paragraphs
    )


def read(path: Path, findings: Findings) -> Iterator[Document]:
    """Yield the paragraphs of a file.

    Raises:
        FormatError: An object is not a document, or an entity cannot be one.
        CorpusError: The file cannot be read.
    """
    return counted(partial(_read, path), findings)


def _read(path: Path, findings: Findings) -> Iterator[Raw]:
    number = 0
    for line, record in read_records(path):
        for paragraph in _objects(path, line, record, "paragraphs"):
            number += 1
            yield _paragraph(path, line, str(number), paragraph)


def _paragraph(path: Path, line: int, name: str, paragraph: dict[str, Any]) -> Raw:
    document = Document(name, path, line)
    found: list[dict[str, Any]] = []
    for sentence in _objects(path, line, paragraph, "sentences"):
        words = [
            token
            for token in _objects(path, line, sentence, "tokens")
            if not str(token.get("orth", "")).isspace()
        ]
        found += words
        if words:
            document.ends.append(len(found))
    document.tokens = [token.get("orth", "") for token in found]
    if not all(isinstance(form, str) and form for form in document.tokens):
        raise FormatError(path, line, f"paragraph {name}: a token without 'orth'")
    check_text(path, line, *document.tokens)
    for key, head in (("tag", "xpos"), ("pos", "upos")):
        tags = [token.get(key) or None for token in found]
        if any(tags):
            document.tags[head] = tags
    raw = paragraph.get("raw")
    if isinstance(raw, str):
        check_text(path, line, raw)
        document.offsets = _offsets(document.tokens, raw)
        document.text = raw if document.offsets is not None else None
    entities = paragraph.get("entities")
    if entities is None or any("ner" in token for token in found):
        _read_tags(document, found)
    elif document.text is None:
        raise FormatError(path, line, f"paragraph {name}: its tokens are not those of 'raw'")
    elif not isinstance(entities, list):
        raise FormatError(path, line, f"paragraph {name}: 'entities' is not a list of spans")
    else:
        return Raw(document, raw_spans(document, entities))
    return Raw(document, [])


def _read_tags(document: Document, tokens: list[dict[str, Any]]) -> None:
    """Set the entities of a document from the BILOU tags of its tokens."""
    path, line = document.path, document.line
    tags = [token.get("ner") for token in tokens]
    if all(tag is None for tag in tags):
        return  # parts of speech alone
    unknown = [(i, i + 1) for i, tag in enumerate(tags) if tag in _UNKNOWN]
    document.unknown = {ENTITIES: unknown} if unknown else {}
    known = ["O" if tag in _UNKNOWN else str(tag) for tag in tags]
    for tag in known:
        if not is_tag(tag) or tag[0] in "ES":
            raise FormatError(
                path,
                line,
                f"ner tag {tag!r} in paragraph {document.name}",
                expected=("O", "B-", "I-", "L-", "U-"),
                hint="write tags in BILOU, and '-' where they are not known",
            )
    document.spans = {
        ENTITIES: [
            Span(first + start, first + end, label)
            for first, past in document.bounds()
            for start, end, label in spans(known[first:past], Scheme.BILOU)
        ]
    }
    if document.offsets is not None:
        document.chars = in_characters(document.spans[ENTITIES], document.offsets)


def _offsets(tokens: list[str], text: str) -> list[tuple[int, int]] | None:
    """Return the place of each token in a text; None where they are not the text."""
    offsets: list[tuple[int, int]] = []
    past = 0
    for token in tokens:
        start = text.find(token, past)
        if start < 0 or text[past:start].strip():
            return None
        past = start + len(token)
        offsets.append((start, past))
    return None if text[past:].strip() else offsets


def _objects(path: Path, line: int, record: dict[str, Any], key: str) -> list[dict[str, Any]]:
    value = record.get(key)
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise FormatError(path, line, f"no list of objects under {key!r}")
    return value
