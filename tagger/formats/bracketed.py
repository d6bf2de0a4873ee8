r"""Text with its spans in brackets, ``[John](PER) works``, as ``tagger predict`` prints it.

A line is a document. A bracket of the text itself has a backslash before it; backslashes mean
themselves elsewhere, and before a bracket two mean one. Within a label ``\(``, ``\)`` and ``\\``
are written so. A bracket that begins no span is read as itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from tagger.errors import FormatError
from tagger.findings import Findings
from tagger.formats.brackets import BRACKET, bracketed
from tagger.formats.documents import CharSpan, Document
from tagger.formats.sample import Sample
from tagger.formats.writing import encode_lines, one_line, refuse
from tagger.lines import read_lines
from tagger.schemes import Scheme

__all__ = ["read", "sniff", "write"]

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
        text = one_line(document, findings)
        for span in document.chars:
            refuse(document, "\r\n", span.label)
        lines.append(bracketed(text, document.chars))
    return encode_lines(documents, lines)


def _parse(path: Path, number: int, line: str) -> tuple[str, list[CharSpan]]:
    parts: list[str] = []
    chars: list[CharSpan] = []
    length = position = 0  # of the text so far, and in the line
    opened: tuple[int, int] | None = None  # where a bracket stands among the parts, and in the text
    for match in BRACKET.finditer(line):
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
