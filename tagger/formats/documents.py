"""A document as readers yield it and writers take it."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tagger.errors import FormatError
from tagger.findings import Finding
from tagger.formats.records import TextLabel
from tagger.schemes import Span
from tagger.tables import counted

__all__ = [
    "ENTITIES",
    "CharSpan",
    "Document",
    "check_span",
    "check_text",
    "has_text",
    "in_characters",
    "main_layer",
    "span_finding",
]

ENTITIES = "ner"
_SHOWN = 40  # characters of a span, in messages
_VISIBLE = re.compile(r"\S")


class CharSpan(NamedTuple):
    """A labelled stretch of characters; ``end`` is exclusive.

    Attributes:
        start: Its first character.
        end: The character after its last one.
        label: Its label.
        line: Its line in the file, where each span has one.
        has_gaps: Whether it leaves out some of the characters (brat's discontinuous spans).
    """

    start: int
    end: int
    label: str
    line: int | None = None
    has_gaps: bool = False


@dataclass(slots=True)
class Document:
    """A document with annotations of characters, of tokens, or of both.

    Readers of text set ``text`` and ``chars``, readers of sentences ``tokens``, ``ends``,
    ``spans`` and ``tags``; `tagger.corpus.alignment` makes either from the other.

    Attributes:
        name: Its id, or else its number in the file.
        path: Its file.
        line: The line at which it begins, where it is known.
        text: None where the format holds only tokens.
        chars: The spans of ``text``, in any order.
        tokens: The forms of the tokens.
        offsets: Each token's ``(start, end)`` in ``text``.
        ends: For each sentence the number of the token after its last one.
        space_after: Whether a space follows each token, where ``text`` is None and it is known.
        spans: The spans of tokens of each span head, in order.
        tags: The tag of each token for every other head, None where it has none.
        unknown: By head of spans, ranges of tokens whose spans nobody annotated.
        unknown_chars: Ranges of characters whose entities nobody annotated, where the tokens are
            not known yet.
        is_part: Whether it is a sentence in a file that marks no documents.
        labels: By text head the label of each sentence; of the text, where it has no sentences yet.
        is_whole: Whether it is one text with labels, which is not cut into sentences.
    """

    name: str
    path: Path
    line: int | None = None
    text: str | None = None
    chars: list[CharSpan] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    offsets: list[tuple[int, int]] | None = None
    ends: list[int] = field(default_factory=list)
    space_after: list[bool] | None = None
    spans: dict[str, list[Span]] = field(default_factory=dict)
    tags: dict[str, list[str | None]] = field(default_factory=dict)
    unknown: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    unknown_chars: list[tuple[int, int]] = field(default_factory=list)
    is_part: bool = False
    labels: dict[str, list[TextLabel]] = field(default_factory=dict)
    is_whole: bool = False

    def bounds(self) -> list[tuple[int, int]]:
        """Return each sentence as the range of its tokens."""
        return list(zip([0, *self.ends[:-1]], self.ends, strict=True)) if self.ends else []

    def unknown_tokens(self, head: str) -> set[int]:
        """Return the tokens that may be in a span of a head which nobody annotated."""
        found = {i for start, end in self.unknown.get(head, ()) for i in range(start, end)}
        return found.difference(*(range(start, end) for start, end, _ in self.spans.get(head, ())))

    def sentence_spans(self, head: str) -> list[list[Span]]:
        """Return the spans of a head for each sentence, counted from its first token."""
        remaining = deque(self.spans.get(head, ()))
        found: list[list[Span]] = []
        for first, past in self.bounds():
            found.append([])
            while remaining and remaining[0].start < past:
                start, end, label = remaining.popleft()
                found[-1].append(Span(start - first, end - first, label))
        return found


def span_finding(document: Document, span: CharSpan, kind: str, action: str) -> Finding:
    """Return the finding for a span that cannot be taken as it stands.

    Its example reads like ``'oh' 1–3 PER in document 3``.
    """
    text = (document.text or "")[span.start : min(span.end, span.start + _SHOWN + 1)]
    text = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
    return Finding(
        kind=kind,
        path=str(document.path),
        line=span.line or document.line,
        example=f"{text!r} {span.start}–{span.end} {span.label} in document {document.name}",
        action=action,
    )


def check_span(
    path: Path,
    line: int | None,
    document: str,
    text: str,
    start: object,
    end: object,
    label: object,
) -> CharSpan:
    """Check the bounds and the label of a span.

    Raises:
        FormatError: It cannot be a span of ``text``.
    """
    if type(start) is not int or type(end) is not int:  # True is an int too
        raise FormatError(
            path, line, f"document {document}: a span from {start!r} to {end!r}, not whole numbers"
        )
    which = f"document {document}: the span {start}–{end}"
    if not isinstance(label, str) or not label:
        raise FormatError(path, line, f"{which} has the label {label!r}", hint="write its name")
    if start < 0 or start >= end:
        raise FormatError(path, line, f"{which} ({label}) ends before it begins, or is empty")
    if end > len(text):
        raise FormatError(
            path,
            line,
            f"{which} ({label}) ends after the text, which has {counted(len(text), 'character')}",
            hint="offsets must count characters",
        )
    return CharSpan(start, end, label)


def has_text(text: str, start: int, end: int) -> bool:
    """Return whether a stretch of a text has more than white space; it is not copied."""
    return _VISIBLE.search(text, start, end) is not None


def in_characters(spans: Iterable[Span], offsets: Sequence[tuple[int, int]]) -> list[CharSpan]:
    """Return the spans of characters for spans of tokens with the given ``offsets``."""
    return [CharSpan(offsets[start][0], offsets[end - 1][1], label) for start, end, label in spans]


def check_text(path: Path, line: int | None, *values: object) -> None:
    """Check that strings can be written as UTF-8, which half a surrogate pair cannot.

    Raises:
        FormatError: One cannot.
    """
    for value in values:
        if not isinstance(value, str):
            continue
        try:
            value.encode()
        except UnicodeEncodeError:
            raise FormatError(path, line, f"half a surrogate pair in {value[:40]!a}") from None


def main_layer(document: Document) -> str:
    """Return the head whose spans a format with one kind of spans holds: entities, if any."""
    return ENTITIES if ENTITIES in document.spans else next(iter(document.spans), ENTITIES)
