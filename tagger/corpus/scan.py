"""The first pass over a corpus: layout, heads, schemes, and the tags that break them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from tagger.corpus.tally import BadTagError, Place, Tally, Violations
from tagger.errors import FormatError, UsageError
from tagger.files import content_hash
from tagger.formats import columns as column_files
from tagger.formats import conllu as conllu_files
from tagger.formats import jsonl as json_files
from tagger.formats.records import HeadColumn, Kind, Layout, Reader
from tagger.schemes import Scheme

__all__ = ["FileKind", "FileSource", "FoundHead", "FoundRepair", "Scan", "Source", "scan"]


FileKind = Literal["columns", "conllu", "jsonl"]


class FoundHead(msgspec.Struct, frozen=True, kw_only=True):
    """A head, how its tags are spelt, and whether some of them break the scheme."""

    name: str
    kind: Kind
    scheme: str | None = None
    well_formed: bool = True

    def column(self) -> HeadColumn:
        """Give the head as a corpus shows it."""
        return HeadColumn(self.name, self.kind, Scheme(self.scheme) if self.scheme else None)


class FoundRepair(msgspec.Struct, frozen=True, kw_only=True):
    """What is read in another way than it stands there; ``strict`` makes it an error.

    Attributes:
        head: the head, or ``token``.
        n: how many there are.
        file: the number of the file with the first one.
        line: its line there.
        example: the first one in words.
    """

    head: str
    n: int
    file: int
    line: int
    example: str


class Scan(msgspec.Struct, frozen=True, kw_only=True):
    """What the first pass found; no paths in it, so that it holds wherever the files lie."""

    layout: Layout
    heads: tuple[FoundHead, ...]
    repairs: tuple[FoundRepair, ...]
    has_space_after: bool


class Source(Protocol):
    """Where the sentences of a corpus come from."""

    @property
    def paths(self) -> Mapping[str, Path]:
        """The path of each split, in the order of splits; what errors name."""
        ...

    def content(self) -> list[str]:
        """Give what changes whenever a sentence does."""
        ...

    def detect(self) -> Layout:
        """Find the layout."""
        ...

    def reader(self, layout: Layout) -> Reader:
        """Give the reader for a layout that was found."""
        ...

    def described(self, layout: Layout, *, folder: Path, strict: bool) -> Layout:
        """Add what became of annotations that are no tags; ``strict`` refuses to mend any.

        Args:
            layout: the layout that was found.
            folder: where the corpus lies in the cache.
            strict: whether what would be mended is an error.
        """
        ...


@dataclass(frozen=True)
class FileSource:
    """Files of one format and layout, and what the user says about their columns."""

    paths: Mapping[str, Path]
    kind: FileKind
    columns: str | None = None

    def content(self) -> list[str]:
        """Give the names of the splits, the suffixes, which tell the format, and the hashes."""
        return [
            self.columns or "",
            *(f"{s}{path.suffix.lower()}:{content_hash(path)}" for s, path in self.paths.items()),
        ]

    def detect(self) -> Layout:
        """Find the columns or heads.

        Raises:
            FormatError: for files that are not of the format.
            UsageError: for ``columns`` where the format leaves no choice.
        """
        first = next(iter(self.paths.values()))
        if self.kind != "columns" and self.columns is not None:
            raise UsageError(
                f"{first}: columns cannot be given for CoNLL-U or JSON lines, which name their own"
            )
        if self.kind == "conllu":
            return conllu_files.detect_layout(self.paths.values())
        if self.kind == "jsonl":
            return json_files.detect_layout(first)
        is_iob2 = first.suffix.lower() == ".iob2"
        return column_files.detect_layout(first, self.columns, iob2=is_iob2)

    def reader(self, layout: Layout) -> Reader:
        """Give the reader for a layout that was found."""
        readers: dict[str, Callable[[Layout], Reader]] = {
            "columns": column_files.ColumnReader,
            "conllu": conllu_files.ConlluReader,
            "jsonl": json_files.JsonlReader,
        }
        return readers[layout.format](layout)

    def described(self, layout: Layout, *, folder: Path, strict: bool) -> Layout:
        """Give the layout as it is: files of sentences hold tags."""
        return layout


def scan(source: Source) -> Scan:
    """Read all the sentences once.

    Raises:
        FormatError: for the first line that cannot be read as the layout and the schemes ask.
        CorpusError: for a file that cannot be read at all.
        UsageError: for impossible columns.
    """
    layout = source.detect()
    reader = source.reader(layout)
    tallies = {name: Tally(name) for name in layout.columns.values() if name != "token"}
    has_space_after = False
    paths = list(source.paths.values())
    empty: list[Place] = []  # tokens
    for number, path in enumerate(paths):
        n_sentences = 0
        for sentence in reader.read(path):
            n_sentences += 1
            has_space_after = has_space_after or sentence.space_after is not None
            if "" in sentence.tokens:
                pairs = zip(sentence.tokens, sentence.lines, strict=True)
                empty += [Place(number, line) for token, line in pairs if not token]
            for name, tags in sentence.heads.items():
                tallies[name].add(tags, sentence.lines, number)
        if not n_sentences:
            raise FormatError(path, None, "the file has no sentences")
    heads, repairs = [], []
    if empty:
        example = "a token that is empty, read as U+FFFD"
        repairs.append(_repair("token", Violations(len(empty), empty[0], example)))
    for tally in tallies.values():
        if tally.kind() == "token":
            heads.append(FoundHead(name=tally.head, kind="token"))
            continue
        try:
            found = tally.scheme()
        except BadTagError as error:
            raise FormatError(paths[error.place.file], error.place.line, str(error)) from None
        bad = tally.violations(found)
        heads.append(
            FoundHead(name=tally.head, kind="span", scheme=found.value, well_formed=bad is None)
        )
        if bad is not None:
            repairs.append(_repair(tally.head, bad))
    schemes = {head.name: head.scheme for head in heads if head.scheme}
    return Scan(
        layout=msgspec.structs.replace(layout, schemes=schemes),
        heads=tuple(heads),
        repairs=tuple(repairs),
        has_space_after=has_space_after,
    )


def _repair(head: str, bad: Violations) -> FoundRepair:
    n, (file, line), example = bad
    return FoundRepair(head=head, n=n, file=file, line=line, example=example)
