r"""Text with its spans in brackets, ``[John](PER) works``, as ``tagger predict`` prints it.

A line is a document. A bracket of the text itself has a backslash before it; backslashes mean
themselves elsewhere, and before a bracket two mean one. Within a label ``\(``, ``\)`` and ``\\``
are written so. A bracket that begins no span is read as itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from tagger.errors import FormatError
from tagger.findings import Findings
from tagger.formats.documents import CharSpan, Document
from tagger.formats.sample import Sample
from tagger.formats.writing import encode_lines, refuse
from tagger.lines import read_lines
from tagger.schemes import Scheme

__all__ = ["bracketed", "read", "sniff", "write"]

_BRACKET = re.compile(r"(\\*)([\[\]])")
_IN_LABEL = re.compile(r"([()\\])")
_LABEL = re.compile(r"\(((?:[^()\\]|\\.)+)\)")
_SPAN = re.compile(r"\[[^\[\]]+\]\([^()\s]+\)")


def sniff(sample: Sample) -> bool:
    """Return whether a line has a span in brackets."""
    return any(_SPAN.search(line) for line in sample.lines)


def read(path: Path, findings: Findings) -> Iterator[Document]:
    """Yield the texts of a file.

    Raises:
        FormatError: A span is empty or has no opening bracket.
        CorpusError: The file cannot be read.
    """
    for number, line in read_lines(path):
        text, chars = _parse(path, number, line)
        yield Document(str(number), path, number, text=text, chars=chars)


def write(documents: Sequence[Document], scheme: Scheme, findings: Findings) -> bytes:
    """Lay out documents, a text a line; line ends within a text become spaces.

    Raises:
        FormatError: A line cannot hold a text or label.
    """
    lines = []
    for document in documents:
        text = document.text or ""
        if n := sum(map(text.count, "\r\n")):
            findings.count(
                "line end within a text",
                document.path,
                document.line,
                count=n,
                action="written as a space",
            )
            text = text.replace("\r", " ").replace("\n", " ")
        for span in document.chars:
            refuse(document, "\r\n", span.label)
        lines.append(bracketed(text, document.chars))
    return encode_lines(documents, lines)


class Labelled(Protocol):
    """A span of characters: a `CharSpan`, or an entity that a model found."""

    @property
    def start(self) -> int:
        """Its first character."""

    @property
    def end(self) -> int:
        """The character after its last one."""

    @property
    def label(self) -> str:
        """Its label."""


def bracketed(text: str, spans: Iterable[Labelled]) -> str:
    """Return a text with its spans, in order and without overlaps, in brackets."""
    parts = []
    position = 0
    for span in spans:
        label = _IN_LABEL.sub(r"\\\1", span.label)
        before = _escape(text[position : span.start], before_bracket=True)
        inner = _escape(text[span.start : span.end], before_bracket=True)
        parts += [before, f"[{inner}]({label})"]
        position = span.end
    return "".join([*parts, _escape(text[position:])])


def _parse(path: Path, number: int, line: str) -> tuple[str, list[CharSpan]]:
    parts: list[str] = []
    chars: list[CharSpan] = []
    length = position = 0  # of the text so far, and in the line
    opened: tuple[int, int] | None = None  # where a bracket stands among the parts, and in the text
    for match in _BRACKET.finditer(line):
        if match.start() < position:
            continue  # within a label
        backslashes, bracket = match.groups()
        before = line[position : match.start()] + "\\" * (len(backslashes) // 2)
        parts.append(before)
        length += len(before)
        position = match.end()
        if len(backslashes) % 2:
            pass
        elif bracket == "[":
            opened = len(parts), length
        elif label := _LABEL.match(line, position):
            if opened is None or opened[1] + 1 >= length:
                what = "an empty span" if opened else "'](' without '[' before it"
                raise FormatError(
                    path, number, what, hint=r"write brackets of the text as \[ and \]"
                )
            at, start = opened
            del parts[at]  # the bracket itself
            length -= 1
            chars.append(CharSpan(start, length, re.sub(r"\\(.)", r"\1", label[1])))
            position = label.end()
            opened = None
            continue
        else:
            opened = None
        parts.append(bracket)
        length += 1
    parts.append(line[position:])
    return "".join(parts), chars


def _escape(text: str, *, before_bracket: bool = False) -> str:
    if "[" not in text and "]" not in text and not text.endswith("\\"):
        return text
    escaped = _BRACKET.sub(r"\1\1\\\2", text)
    if before_bracket:
        bare = escaped.rstrip("\\")
        escaped += "\\" * (len(escaped) - len(bare))
    return escaped
