"""A document between two formats, and what was wrong with its spans."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from tagger.errors import FormatError
from tagger.schemes import Span

__all__ = ["CharSpan", "Document", "Notes", "Problem", "check_span", "in_characters", "main_layer"]

Notes = Counter[str]
"""What a reader or writer leaves out or changes, and how often; shown, never silent."""

ENTITIES = "ner"
_SHOWN = 40  # characters of a span, in messages


class CharSpan(NamedTuple):
    """A labelled stretch of characters; ``end`` is exclusive.

    Attributes:
        start: its first character.
        end: the character after its last one.
        label: its label.
        line: where it stands in the file, if it has a line of its own.
        has_gaps: whether it leaves out some of the characters (brat's discontinuous spans).
    """

    start: int
    end: int
    label: str
    line: int | None = None
    has_gaps: bool = False


@dataclass(slots=True)
class Document:
    """A document with annotations of characters, of tokens, or of both.

    Readers of text give ``text`` and ``chars``, readers of sentences ``tokens``, ``ends``,
    ``spans`` and ``tags``; `tagger.corpus.alignment` makes either from the other.

    Attributes:
        name: its id, or else its number in the file.
        path: its file.
        line: where it begins there, where that can be told.
        text: None where the format holds tokens alone.
        chars: the spans of ``text``, in any order.
        tokens: the forms of the tokens.
        offsets: each token's ``(start, end)`` in ``text``.
        ends: for each sentence the number of the token after its last one.
        space_after: whether a space follows each token, where ``text`` is None and it is known.
        spans: the spans of tokens of each span head, in order.
        tags: the tag of each token for every other head, None where it has none.
        is_part: whether it is a sentence whose document the file does not tell.
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
    is_part: bool = False

    def bounds(self) -> list[tuple[int, int]]:
        """Give each sentence as the range of its tokens."""
        return list(zip([0, *self.ends[:-1]], self.ends, strict=True)) if self.ends else []

    def sentence_spans(self, head: str) -> list[list[Span]]:
        """Give the spans of a head for each sentence, counted from its first token."""
        remaining = deque(self.spans.get(head, ()))
        found: list[list[Span]] = []
        for first, past in self.bounds():
            found.append([])
            while remaining and remaining[0].start < past:
                start, end, label = remaining.popleft()
                found[-1].append(Span(start - first, end - first, label))
        return found


class Problem(msgspec.Struct, frozen=True):
    """A span that could not be taken as it stands, and what was done with it."""

    kind: Literal["misaligned", "discontinuous", "overlapping"]
    document: str
    path: str
    line: int | None
    start: int
    end: int
    label: str
    text: str
    done: Literal["kept", "expanded", "dropped", "refused"]

    def describe(self) -> str:
        """Say where it is: ``my.jsonl:3: 'oh' 1–3 PER in document 3``."""
        where = f"{self.path}:{self.line}" if self.line is not None else self.path
        return f"{where}: {self.name()}"

    def name(self) -> str:
        """Say which one it is: ``'oh' 1–3 PER in document 3``."""
        return f"{self.text!r} {self.start}–{self.end} {self.label} in document {self.document}"


def problem(
    document: Document,
    span: CharSpan,
    kind: Literal["misaligned", "discontinuous", "overlapping"],
    done: Literal["kept", "expanded", "dropped", "refused"],
) -> Problem:
    """Describe what is wrong with a span of a document."""
    text = (document.text or "")[span.start : span.end]
    return Problem(
        kind=kind,
        document=document.name,
        path=str(document.path),
        line=span.line or document.line,
        start=span.start,
        end=span.end,
        label=span.label,
        text=text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…",
        done=done,
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
    """Check what a file says about a span.

    Raises:
        FormatError: for what cannot be a span of ``text``.
    """
    if type(start) is not int or type(end) is not int:  # True is an int too
        raise FormatError(
            path, line, f"document {document}: a span from {start!r} to {end!r}, no whole numbers"
        )
    which = f"document {document}: the span {start}–{end}"
    if not isinstance(label, str) or not label:
        raise FormatError(path, line, f"{which} has the label {label!r}; write its name")
    if start < 0 or start >= end:
        raise FormatError(path, line, f"{which} ({label}) ends before it begins, or is empty")
    if end > len(text):
        raise FormatError(
            path,
            line,
            f"{which} ({label}) goes past the text's end at {len(text)}; offsets count characters",
        )
    return CharSpan(start, end, label)


def in_characters(spans: Iterable[Span], offsets: Sequence[tuple[int, int]]) -> list[CharSpan]:
    """Give the characters of spans of tokens, whose ``offsets`` are known."""
    return [CharSpan(offsets[start][0], offsets[end - 1][1], label) for start, end, label in spans]


def check_text(path: Path, line: int | None, *values: object) -> None:
    """See that strings can be written as UTF-8, which half a surrogate pair cannot.

    Raises:
        FormatError: where one cannot.
    """
    for value in values:
        if not isinstance(value, str):
            continue
        try:
            value.encode()
        except UnicodeEncodeError:
            raise FormatError(path, line, f"half a surrogate pair in {value[:40]!a}") from None


def main_layer(document: Document) -> str:
    """Give the head whose spans formats with one kind of spans hold: entities where it has any."""
    return ENTITIES if ENTITIES in document.spans else next(iter(document.spans), ENTITIES)
