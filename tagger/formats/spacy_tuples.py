"""Training data of spaCy 2: ``["Kim left.", {"entities": [[0, 3, "PER"]]}]`` for each text.

As JSON, an array or one a line, or as a list of Python, whose literals are read and never run. The
files of ner-annotator (tecoholic) have the same pairs under ``annotations``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import msgspec

from tagger.errors import FormatError
from tagger.findings import Findings
from tagger.formats.documents import Document, check_text
from tagger.formats.json_records import read_values
from tagger.formats.offsets import Raw, counted, raw_spans
from tagger.formats.sample import Sample
from tagger.lines import read_lines
from tagger.schemes import Scheme

__all__ = ["read", "sniff", "write"]

_PYTHON = re.compile(r"\s*(?:\w+\s*(?::[^=\n]+)?=\s*)?(\[\s*\()")
"""The beginning of a list of tuples, with or without a name."""
_HINT = 'write ["text", {"entities": [[0, 3, "PER"]]}]'


def sniff(sample: Sample) -> bool:
    """Return whether the first value is a pair of a text and its spans."""
    if _PYTHON.match("\n".join(sample.lines[:2])):
        return True
    value = None if sample.value is None else sample.value[1]
    return _is_pair(value) or _is_annotator(value)


def read(path: Path, findings: Findings) -> Iterator[Document]:
    """Yield the texts of a file.

    Raises:
        FormatError: A value is not a pair of a text and its spans, or a span cannot be one.
        CorpusError: The file cannot be read.
    """
    return counted(partial(_read, path), findings)


def _read(path: Path, findings: Findings) -> Iterator[Raw]:
    for number, (line, value) in enumerate(_pairs(path), start=1):
        if value is None:
            findings.count("text without annotations", path, line, action="ignored")
            continue
        if not isinstance(value, list | tuple) or not _is_pair(value):
            raise FormatError(path, line, f"{value!r:.40} is not a text with its spans", hint=_HINT)
        text, annotations = value
        entities = annotations
        if isinstance(annotations, dict):
            entities = annotations.get("entities")
            if entities is None and annotations:
                keys = ", ".join(map(repr, annotations))
                raise FormatError(path, line, f"no 'entities'; the keys are {keys}", hint=_HINT)
        if not isinstance(entities or [], list | tuple):
            raise FormatError(path, line, "'entities' is not a list of spans", hint=_HINT)
        check_text(path, line, text)
        document = Document(str(number), path, line, text=text)
        spans = [list(one) if isinstance(one, tuple) else one for one in entities or []]
        yield Raw(document, raw_spans(document, spans))


def write(documents: Sequence[Document], scheme: Scheme, findings: Findings) -> bytes:
    """Lay out documents of text as an array, a pair a line."""
    lines = []
    for document in documents:
        entities = [[span.start, span.end, span.label] for span in document.chars]
        lines.append(msgspec.json.encode([document.text, {"entities": entities}]))
    return b"[\n" + b",\n".join(lines) + b"\n]\n"


def _pairs(path: Path) -> Iterator[tuple[int, object]]:
    lines = [line for _, line in read_lines(path)]
    if match := _PYTHON.match("\n".join(lines)):
        yield from _literals(path, lines, match.start(1))
        return
    for number, value in read_values(path):
        if _is_annotator(value):
            assert isinstance(value, dict)
            yield from ((number, pair) for pair in value["annotations"])
        else:
            yield number, value


def _literals(path: Path, lines: list[str], start: int) -> Iterator[tuple[int, object]]:
    """Yield the tuples of a list of Python."""
    text = "\n".join(lines)
    first = text.count("\n", 0, start)
    try:
        (statement,) = ast.parse(text[start:].rstrip()).body
        assert isinstance(statement, ast.Expr)
        assert isinstance(statement.value, ast.List)
        for element in statement.value.elts:
            yield first + element.lineno, ast.literal_eval(element)
    except (SyntaxError, ValueError, AssertionError, RecursionError, MemoryError) as error:
        line = error.lineno if isinstance(error, SyntaxError) else None
        raise FormatError(
            path,
            None if line is None else first + line,
            "not a list of Python literals alone",
            hint="write the list as JSON",
        ) from None


def _is_pair(value: object) -> bool:
    return (
        isinstance(value, list | tuple)
        and len(value) == 2
        and isinstance(value[0], str)
        and isinstance(value[1], dict | list | tuple)
    )


def _is_annotator(value: object) -> bool:
    """Return whether a value is the object of ner-annotator."""
    if not isinstance(value, dict) or "text" in value:
        return False
    pairs = value.get("annotations")
    return isinstance(pairs, list) and any(map(_is_pair, pairs))
