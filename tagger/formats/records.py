"""Sentences as the readers yield them, and the layout of their files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec

__all__ = [
    "RESERVED",
    "SPAN_HEADS",
    "TOKEN_HEADS",
    "TOKEN_KEYS",
    "Layout",
    "Sentence",
    "can_name_head",
]

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


@dataclass(slots=True)
class Sentence:
    """A sentence as a reader yields it: tags as in the file, None where the file has none."""

    tokens: list[str]
    heads: dict[str, list[str | None]]
    lines: list[int]  # of each token
    document: int
    space_after: list[bool] | None = None


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """The layout of the files of a corpus, as detected or as the user states it.

    Attributes:
        format: The name of a format of sentences, ``documents`` or ``hub``.
        title: Its name in messages: ``tab-separated``, ``CoNLL-U``, ``Prodigy's JSON lines``.
        delimiter: ``tab`` or ``spaces``; empty where the format has no columns.
        columns: The name of each column that is read, by its number from 1; ``token`` is the text.
        skipped: The numbers of the columns of a line that are not read.
        schemes: The tag scheme of each span head as found in the files.
        misc_key: The key of MISC that holds the entities of a CoNLL-U file; else empty.
        labels: The names of the numbers that stand for tags, by the head.
        has_spaces: Whether a CoNLL-U file marks anywhere where its text has no space.
    """

    format: str
    title: str
    delimiter: Literal["tab", "spaces", ""] = ""
    columns: dict[int, str]
    skipped: tuple[int, ...] = ()
    schemes: dict[str, str] = {}  # msgspec copies it
    misc_key: str = ""
    labels: dict[str, dict[int, str]] = {}  # msgspec copies it
    has_spaces: bool = False

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
        return f"{self.title}: {column}{', '.join(parts)}{skipped}"
