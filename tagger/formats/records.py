"""What the readers hand on, and what a loaded corpus is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import msgspec

from tagger.schemes import Scheme

if TYPE_CHECKING:
    import datasets

__all__ = [
    "RESERVED",
    "SPLITS",
    "TOKEN_KEYS",
    "Corpus",
    "HeadColumn",
    "Layout",
    "Reader",
    "Repairs",
    "Sentence",
    "can_name_head",
]

SPLITS = ("train", "dev", "test")

Kind = Literal["span", "token"]

RESERVED = frozenset(
    {"tokens", "document", "line", "space_after", "form_ids", "text", "start", "end"}
)
"""What no head can be called: other columns of a corpus, and other keys of an answer."""


TOKEN_KEYS = ("tokens", "words", "token", "form")
"""What the list of a sentence's tokens is called in JSON and on hubs, first come first served."""


def can_name_head(name: str) -> bool:
    """Whether a head of a model can be called so."""
    return bool(name) and "." not in name and name not in RESERVED


@dataclass(slots=True)
class Sentence:
    """A sentence as a reader finds it: tags as in the file, None where the file has none."""

    tokens: list[str]
    heads: dict[str, list[str | None]]
    lines: list[int]  # of each token
    document: int
    space_after: list[bool] | None = None


class Reader(Protocol):
    """One way to read sentences from a file; the same object reads every split of a corpus."""

    @property
    def layout(self) -> Layout:
        """The layout of its files."""
        ...

    def read(self, path: Path) -> Iterator[Sentence]:
        """Give the sentences of a file, one at a time.

        Raises:
            FormatError: where the file is not what the reader expects.
        """
        ...


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """How the files of a corpus are laid out: what was detected, or what the user said.

    Attributes:
        format: ``columns``, ``conllu``, ``jsonl``, ``documents`` or ``hub``.
        delimiter: ``tab`` or ``spaces``; empty where the format has no columns.
        columns: the name of each column that is read, by its number from 1; ``token`` is the text.
        skipped: the numbers of the columns that are not read.
        schemes: the tag scheme of each span head as found in the files.
        misc_key: the key of MISC that holds the entities of a CoNLL-U file; else empty.
        has_spaces: whether a CoNLL-U file says anywhere what its text is, or where it has no space.
        remarks: what was changed or left out, as spans off token bounds.
    """

    format: Literal["columns", "conllu", "jsonl", "documents", "hub"]
    delimiter: Literal["tab", "spaces", ""] = ""
    columns: dict[int, str]
    skipped: tuple[int, ...] = ()
    schemes: dict[str, str] = {}  # msgspec copies it
    misc_key: str = ""
    has_spaces: bool = False
    remarks: tuple[str, ...] = ()

    @property
    def n_columns(self) -> int:
        """How many columns a line has."""
        return len(self.columns) + len(self.skipped)

    def describe(self) -> str:
        """Say it in one line: ``tab-separated: column 1 token, 2 ner (BIO)``."""
        parts = [
            f"{number} {name}" + (f" ({self.schemes[name]})" if name in self.schemes else "")
            for number, name in sorted(self.columns.items())
        ]
        if kind := {"jsonl": "JSON lines", "documents": "documents", "hub": "hub"}.get(self.format):
            return f"{kind}: " + ", ".join(part.split(" ", 1)[1] for part in parts)
        kind = "CoNLL-U" if self.format == "conllu" else f"{self.delimiter}-separated"
        kind = kind.replace("spaces-", "space-")
        skipped = ", ".join(map(str, self.skipped))
        tail = f"; {skipped} skipped" if skipped and self.format == "columns" else ""
        return f"{kind}: column " + ", ".join(parts) + tail


@dataclass(frozen=True)
class Repairs:
    """Tags outside the scheme of their head, read as conlleval reads them.

    Attributes:
        head: the head they belong to; ``token`` for empty tokens, read as U+FFFD.
        n: how many there are, over all splits.
        first: where the first one stands, as ``path:line``.
        example: the first one in words, as ``I-PER after O``.
    """

    head: str
    n: int
    first: str
    example: str

    def describe(self) -> str:
        """Say it in one line."""
        if self.head == "token":
            return f"{self.n} empty tokens, the first at {self.first} ({self.example})"
        return (
            f"{self.n} {self.head} tags outside their scheme begin a span, the first at "
            f"{self.first} ({self.example})"
        )


@dataclass(frozen=True)
class HeadColumn:
    """A head that the corpus annotates; ``scheme`` is the one found in the files (span heads)."""

    name: str
    kind: Kind
    scheme: Scheme | None


@dataclass(frozen=True)
class Corpus:
    """Sentences with gold tags.

    Attributes:
        name: the name it was asked for by, or that of its folder.
        splits: of ``train``, ``dev`` and ``test`` those that exist. Columns: ``tokens``; the tags
            of each head under its name (span heads in BIO whatever the files have, token heads
            with None where a token has no tag); ``document``, the number of the document in the
            split; ``line``, where the sentence's first token stands in the file; ``space_after``,
            only where the files know it, None for a sentence that does not match its text.
        heads: what is annotated.
        main_heads: the heads that are trained unless the user says otherwise.
        layout: how the files are laid out.
        repairs: tags outside their scheme and empty tokens, a record for each head that has any.
        files: the path or hub address of each split.
        licence: what its licence is called; empty where unknown.
        citation: whom to cite; empty where unknown.
        fingerprint: a hash over the content of all splits.
    """

    name: str
    splits: Mapping[str, datasets.Dataset]
    heads: tuple[HeadColumn, ...]
    main_heads: tuple[str, ...]
    layout: Layout
    repairs: tuple[Repairs, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    licence: str = ""
    citation: str = ""
    fingerprint: str = ""

    @property
    def mended(self) -> list[str]:
        """What is read in another way than it stands in the files, in a line each."""
        return [*self.layout.remarks, *(repair.describe() for repair in self.repairs)]
