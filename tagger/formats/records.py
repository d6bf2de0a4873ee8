"""Sentences as the readers yield them, and the layout of their files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import msgspec

from tagger.arguments import as_sequence

__all__ = [
    "RESERVED",
    "SPAN_HEADS",
    "TOKEN_HEADS",
    "TOKEN_KEYS",
    "Columns",
    "Delimiter",
    "Layout",
    "Sentence",
    "TextLabel",
    "can_name_head",
]

Delimiter = Literal["tab", "spaces", "comma", "semicolon", "pipe", ""]

SPAN_HEADS = frozenset({"ner", "chunk"})
TOKEN_HEADS = frozenset({"pos", "upos", "xpos"})
"""Heads whose kind follows from their name."""

RESERVED = frozenset(
    {"tokens", "document", "line", "space_after", "form_ids", "text", "start", "end"}
)
"""Names that no head may have: other columns of a corpus, and other keys of a result."""

TOKEN_KEYS = ("tokens", "words", "token", "form")
"""Keys of the list of a sentence's tokens in JSON and on hubs; the first that is there counts."""


def can_name_head(name: str) -> bool:
    """Return whether a head of a model may have this name."""
    return bool(name) and "." not in name and name not in RESERVED


TextLabel: TypeAlias = str | list[str] | None
"""The label of a whole text, or its labels where it may have several; None where it is missing."""


@dataclass(slots=True)
class Sentence:
    """A sentence as a reader yields it: tags as in the file, None where the file has none.

    ``labels`` holds the labels of the sentence as a whole, by text head.
    """

    tokens: list[str]
    heads: dict[str, list[str | None]]
    lines: list[int]  # of each token
    document: int
    space_after: list[bool] | None = None
    labels: dict[str, TextLabel] = field(default_factory=dict)


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """The layout of the files of a corpus, as detected or as the user states it.

    Attributes:
        format: The name of a format of sentences, ``documents`` or ``hub``.
        title: Its name in messages: ``tab-separated``, ``CoNLL-U``, ``Prodigy's JSON lines``.
        delimiter: What separates columns; empty where the format has none.
        columns: The name of each column that is read, by its number from 1; ``token`` is the text.
        skipped: The numbers of the columns of a line that are not read.
        why: Why each column is read or skipped, by its number, where that was guessed.
        schemes: The tag scheme of each span head as found in the files.
        header: The line that names the columns; empty where there is none.
        sentences: The number of the column whose change ends a sentence; 0 for none.
        documents: The number of the column whose change begins a document; 0 for none.
        restarts: The number of the column whose numbers start anew after a sentence; 0 for none.
        marks: The number of the column with marks such as ``EndOfSentence``; 0 for none.
        brackets: The numbers of columns that spell spans as ``(PER* *)``, as CoNLL-2012 does.
        tags: Tags that occur, by the number of a column of spans.
        comment_prefix: How comments begin, as the user states it; None for the usual comments.
        is_quoted: Whether fields may stand in quotes, as in CSV.
        is_open: Whether lines may have more columns than are named.
        misc_key: The key of MISC that holds the entities of a CoNLL-U file; else empty.
        labels: The names of the numbers that stand for tags, by the head.
        has_spaces: Whether marks, or a CoNLL-U file, show anywhere where the text has no space.
        text_labels: The heads of labels of whole texts, or of sentences as wholes.
    """

    format: str
    title: str
    delimiter: Delimiter = ""
    columns: dict[int, str]
    skipped: tuple[int, ...] = ()
    why: dict[int, str] = {}  # msgspec copies it
    schemes: dict[str, str] = {}
    header: str = ""
    sentences: int = 0
    documents: int = 0
    restarts: int = 0
    marks: int = 0
    brackets: tuple[int, ...] = ()
    tags: dict[int, list[str]] = {}
    comment_prefix: str | None = None
    is_quoted: bool = False
    is_open: bool = False
    misc_key: str = ""
    labels: dict[str, dict[int, str]] = {}  # msgspec copies it
    has_spaces: bool = False
    text_labels: tuple[str, ...] = ()

    @property
    def n_columns(self) -> int:
        """The number of columns of a line."""
        return len(self.columns) + len(self.skipped)

    def describe(self) -> str:
        """Describe it in one line: ``tab-separated: column 1 token, 2 ner (BIO)``."""
        parts = []
        for number, name in sorted(self.columns.items()):
            scheme = f" ({self.schemes[name]})" if name in self.schemes else ""
            parts.append(f"{number} {name}{scheme}" if self.delimiter else f"{name}{scheme}")
        skipped = f"; {', '.join(map(str, self.skipped))} skipped" if self.skipped else ""
        column = "column " if self.delimiter else ""
        labels = f"; {', '.join(self.text_labels)} of each text" if self.text_labels else ""
        return f"{self.title}: {column}{', '.join(parts)}{skipped}{labels}"

    def reasons(self) -> str:
        """Return why each column is taken for what it is; empty where nothing was guessed."""
        return "; ".join(f"{number} {why}" for number, why in sorted(self.why.items()))


class Columns(msgspec.Struct, frozen=True):
    """A user's description of files, mostly of columns; the rest is detected.

    Attributes:
        names: The names of the columns, as in ``token,pos,-,ner``; empty to detect them.
        header: Whether the first line names the columns; None to detect it.
        delimiter: ``tab``, ``spaces``, ``comma``, ``semicolon``, ``pipe`` or the character; empty
            to detect it.
        comment_prefix: How comments begin; empty for no comments, None for the usual ones.
        text_labels: The keys, columns or comments that hold labels of whole texts, in files of any
            format; empty to detect them.
    """

    names: str = ""
    header: bool | None = None
    delimiter: str = ""
    comment_prefix: str | None = None
    text_labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a string where names are expected: its letters would be names.

        Raises:
            UsageError: ``text_labels`` is one.
        """
        as_sequence("text_labels", self.text_labels, "a list of names", "pass ['intent']")

    @classmethod
    def of(cls, columns: str | Columns | None) -> Columns:
        """Return what a user states, where only the names may be given."""
        return columns if isinstance(columns, Columns) else cls(columns or "")

    def named(self, names: str | None) -> str | Columns | None:
        """Return the same with names; the names alone, where nothing else is stated."""
        named = msgspec.structs.replace(self, names=names or "")
        return named if self != Columns(self.names) else names

    def without_labels(self) -> str | Columns | None:
        """Return what is stated about columns alone; None where that is nothing."""
        return msgspec.structs.replace(self, text_labels=()).named(self.names or None)
