"""A corpus as the checks see it: every sentence as its file has it, with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from tagger.errors import spelled_hint
from tagger.findings import Finding
from tagger.formats.records import TextLabel
from tagger.linting.codes import CODES
from tagger.printable import one_line
from tagger.schemes import Span

__all__ = [
    "FIXABLE",
    "LINE_ENDS",
    "OF_CONTEXT",
    "CodedFinding",
    "Collector",
    "Edit",
    "GoldCorpus",
    "GoldFile",
    "PlacedSentence",
    "places",
    "quoted",
    "shown",
]

LINE_ENDS = "\n"
"""Stands for a column where all the line ends of a file are repaired."""

OF_CONTEXT = "chunk"
"""A head whose spans depend on what stands around them: the same words are rightly one or not."""

FIXABLE = "fixable"
"""What was done about a finding that a repair removes."""


_SHOWN = 60  # characters of a text, in messages
_LINES = 6  # lines that a message lists


@dataclass(slots=True)
class PlacedSentence:
    """A sentence with its place.

    Attributes:
        tokens: Its tokens, without white space around them.
        tags: By head the tags as they stand in the file.
        path: The file.
        lines: The line of each token; empty where the file has no lines.
        document: The name of its document, where lines do not lead to it; else empty.
        number: The number of its document in the file; below 0 where the file marks none.
        spans: By span head the spans, read in the scheme of the file.
        labels: By text head the label of the text, or its labels; None where it has none.
    """

    tokens: list[str]
    tags: dict[str, list[str | None]]
    path: str
    lines: Sequence[int]
    document: str = ""
    number: int = -1
    spans: dict[str, list[Span]] = field(default_factory=dict)
    labels: dict[str, TextLabel] = field(default_factory=dict)

    def line(self, i: int = 0) -> int | None:
        """Return the line of a token; None where there are no lines."""
        return self.lines[i] if self.lines else None

    def where(self, i: int = 0, *, seen_from: str = "") -> str:
        """Name the place of a token in a message about a place in the file ``seen_from``."""
        if not self.lines:
            return f"{self.path} {self.document}"
        line = self.lines[i]
        return f"line {line}" if self.path == seen_from else f"{self.path}:{line}"

    def form(self, span: Span) -> tuple[str, ...]:
        """Return the tokens of a span."""
        return tuple(self.tokens[span.start : span.end])


@dataclass
class GoldFile:
    """The sentences of one file.

    Attributes:
        path: Its path, or its address on a hub.
        split: Its split.
        sentences: Its sentences.
        has_rows: Whether each token has a line of its own, whose fields `tagger lint` can replace.
    """

    path: str
    split: str
    sentences: list[PlacedSentence] = field(default_factory=list)
    has_rows: bool = False

    @property
    def marks_documents(self) -> bool:
        """Whether it marks where documents begin."""
        return any(sentence.number >= 0 for sentence in self.sentences)


@dataclass
class GoldCorpus:
    """A corpus as its files have it.

    Attributes:
        name: Its name.
        files: Its files, in the order of splits.
        heads: The kind of each head of tags.
        text_heads: The heads of labels of texts.
    """

    name: str
    files: list[GoldFile] = field(default_factory=list)
    heads: dict[str, Literal["span", "token"]] = field(default_factory=dict)
    text_heads: list[str] = field(default_factory=list)

    @property
    def span_heads(self) -> list[str]:
        """The heads of spans."""
        return [name for name, kind in self.heads.items() if kind == "span"]

    def sentences(self) -> Iterator[PlacedSentence]:
        """Yield all sentences."""
        for file in self.files:
            yield from file.sentences

    def splits(self) -> dict[str, list[PlacedSentence]]:
        """Return the sentences of each split."""
        found: dict[str, list[PlacedSentence]] = {}
        for file in self.files:
            found.setdefault(file.split, []).extend(file.sentences)
        return found


class CodedFinding(Finding, frozen=True, kw_only=True):
    """A finding of a check.

    Attributes:
        code: The code of the check, as ``S301``.
        hint: What to do about it, with arguments in braces as in `tagger.errors.TaggerError`.
    """

    code: str
    hint: str = ""

    def what(self) -> str:
        """Return the code, and the kind with its head."""
        return f"{self.code} {super().what()}".lstrip()

    def describe(self) -> str:
        """Word the finding in one line, with the hint."""
        text = super().describe()
        return f"{text}; {one_line(spelled_hint(self.hint))}" if self.hint else text


class Edit(NamedTuple):
    """A repair of one field of a file of columns."""

    path: str
    line: int
    column: str
    """``token``, the name of a head, or `LINE_ENDS`."""
    repair: Callable[[str], str] = str


class Collector:
    """Collects the findings of the codes that are wanted, and how they can be fixed.

    Args:
        wanted: The codes.
    """

    def __init__(self, wanted: Set[str]) -> None:
        self.findings: list[CodedFinding] = []
        self.edits: list[tuple[CodedFinding, Edit]] = []
        self.facts: list[str] = []
        self._wanted = wanted

    def wants(self, *prefixes: str) -> bool:
        """Return whether a code that begins so is wanted."""
        return any(code.startswith(prefixes) for code in self._wanted)

    def add(
        self,
        code: str,
        path: str,
        line: int | None,
        example: str = "",
        *,
        head: str | None = None,
        count: int = 1,
        edit: Edit | None = None,
        hint: str = "",
    ) -> None:
        """Keep a finding if its code is wanted."""
        if code not in self._wanted:
            return
        finding = CodedFinding(
            kind=CODES[code].title,
            path=path,
            line=line,
            head=head,
            example=example,
            count=count,
            action="" if edit is None else FIXABLE,
            code=code,
            hint=hint,
        )
        self.findings.append(finding)
        if edit is not None:
            self.edits.append((finding, edit))

    def at(
        self,
        code: str,
        sentence: PlacedSentence,
        i: int,
        example: str,
        *,
        head: str | None = None,
        count: int = 1,
        edit: Edit | None = None,
    ) -> None:
        """Keep a finding at a token of a sentence."""
        if sentence.document:
            example = f"{example} in document {sentence.document}"
        self.add(code, sentence.path, sentence.line(i), example, head=head, count=count, edit=edit)


def quoted(tokens: Sequence[str]) -> str:
    """Quote a form as messages show it, with characters that nobody sees written out."""
    return repr(shown(" ".join(tokens)))


def shown(text: str) -> str:
    """Shorten a text for a message."""
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def places(found: Sequence[tuple[PlacedSentence, int]]) -> str:
    """List places after the first, which the finding has: ``lines 3, 12; dev.txt:4 and 40 more``.

    Returns:
        A colon and the list; nothing where there is one place.
    """
    if len(found) < 2:
        return ""
    by_path: dict[str, list[str]] = {}
    for sentence, i in found[:_LINES]:
        line = sentence.line(i)
        by_path.setdefault(sentence.path, []).append(
            f"document {sentence.document}" if line is None else str(line)
        )
    own = found[0][0].path
    named = "; ".join(
        f"line{'s' * (len(lines) > 1)} {', '.join(lines)}"
        if path == own
        else f"{path}:{', '.join(lines)}"
        for path, lines in by_path.items()
    )
    more = len(found) - _LINES
    return f": {named} and {more:,} more" if more > 0 else f": {named}"
