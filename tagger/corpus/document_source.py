"""Annotated documents as a corpus: what `tagger train` reads of an annotator's export."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec

from tagger.corpus.alignment import Aligner, refuse
from tagger.errors import FormatError, UsageError
from tagger.files import content_hash, write_file
from tagger.formats.brat import annotations_in
from tagger.formats.detect import document_format
from tagger.formats.documents import ENTITIES, Document, Problem
from tagger.formats.plain import space_after
from tagger.formats.records import Layout, Reader, Sentence
from tagger.formats.table import FORMATS
from tagger.schemes import Scheme, tags_of

__all__ = ["DocumentLayout", "DocumentSource", "document_source"]

# Raise it whenever a reader gives other sentences for the same files.
_VERSION = 1
_DONE = {
    ("misaligned", "expanded"): "off token bounds expanded to whole tokens",
    ("misaligned", "dropped"): "without a token dropped",
    ("discontinuous", "expanded"): "with gaps closed",
    ("discontinuous", "dropped"): "without a token dropped",
    ("overlapping", "dropped"): "dropped, as they overlap with longer ones",
}


def document_source(files: Mapping[str, Path]) -> DocumentSource | None:
    """Give the source of a corpus whose files hold documents; None where they hold sentences.

    Raises:
        UsageError: where some hold the one and some the other.
        CorpusError: where one cannot be read.
    """
    formats = {split: document_format(path) for split, path in files.items()}
    known = {split: name for split, name in formats.items() if name is not None}
    if not known:
        return None
    if len(known) < len(files):
        other = next(split for split in files if split not in known)
        raise UsageError(
            f"{files[other]}: holds sentences, the other files documents; convert it with "
            "tagger convert"
        )
    return DocumentSource(files, known)


class DocumentLayout(Layout, frozen=True, kw_only=True):
    """The layout of a corpus of documents, with what became of its spans.

    Attributes:
        titles: what its formats are called.
    """

    titles: tuple[str, ...] = ()

    def describe(self) -> str:
        """Say it in one line: ``Prodigy's JSON lines: ner; 1 span … (the first at x.jsonl:3)``."""
        heads = ", ".join(name for name in self.columns.values() if name != "token")
        return "; ".join([f"{' and '.join(self.titles)}: {heads}", *self.remarks])


class _Outcome(msgspec.Struct, frozen=True):
    """What became of the spans of a corpus."""

    problems: list[Problem]
    notes: dict[str, int]


@dataclass(frozen=True)
class DocumentSource:
    """Files of documents, read with some spans mended rather than not at all.

    Spans that do not fall on token bounds are expanded, and of overlapping ones the longest stays.

    Attributes:
        paths: the path of each split.
        formats: the name of the format of each split.
    """

    paths: Mapping[str, Path]
    formats: Mapping[str, str]

    def content(self) -> list[str]:
        """Give the version of the readers, the formats, and the hashes of all files."""
        found = [f"documents {_VERSION}"]
        for split, path in self.paths.items():
            files = [path]
            if self.formats[split] == "brat":
                annotations = annotations_in(path) if path.is_dir() else [path.with_suffix(".ann")]
                files = [file.with_suffix(end) for file in annotations for end in (".ann", ".txt")]
            hashes = ",".join(f"{file.stem}={content_hash(file)}" for file in files)
            found.append(f"{split} {self.formats[split]}:{hashes}")
        return found

    def detect(self) -> Layout:
        """Find the heads.

        Raises:
            FormatError: for a file that is wrong, or without text.
        """
        heads, _ = self._found
        return Layout(format="documents", columns=dict(enumerate(["token", *heads], start=1)))

    def reader(self, layout: Layout) -> Reader:
        """Give the reader for the heads that were found."""
        return _Reader(self, layout)

    def described(self, layout: Layout, *, folder: Path, strict: bool) -> Layout:
        """Add what became of the spans, which is kept in the cache.

        Raises:
            FormatError: where ``strict``, for the first span that is mended otherwise.
        """
        outcome = self._outcome(folder)
        if strict:
            refuse(outcome.problems, "leave out --strict to have them mended")
        groups: dict[str, list[Problem]] = {}
        for problem in outcome.problems:
            groups.setdefault(_DONE[problem.kind, problem.done], []).append(problem)
        remarks = [f"{what}: {n:,}" for what, n in outcome.notes.items()]
        for what, found in groups.items():
            n = f"{len(found):,} span{'s' * (len(found) > 1)}"
            remarks.append(f"{n} {what}, the first at {found[0].describe()}")
        titles = tuple(dict.fromkeys(FORMATS[name].title for name in self.formats.values()))
        return DocumentLayout(
            **{**msgspec.structs.asdict(layout), "titles": titles, "remarks": tuple(remarks)}
        )

    def documents(self, path: Path, aligner: Aligner) -> Iterator[Document]:
        """Give the documents of one of the files, their spans laid on tokens."""
        name = next(self.formats[split] for split, one in self.paths.items() if one == path)
        for document in FORMATS[name].read(path, aligner.notes):
            aligner.align(document)
            yield document

    @cached_property
    def _found(self) -> tuple[list[str], _Outcome]:
        """The heads, and what became of the spans: one pass over all documents finds both."""
        heads: dict[str, None] = {}
        aligner = Aligner("expand", "drop")
        for path in self.paths.values():
            empty = True
            for document in self.documents(path, aligner):
                empty = empty and not document.tokens
                heads |= dict.fromkeys([*document.tags, *document.spans])
            if empty:
                raise FormatError(path, None, "the file has no sentences")
        return list(heads), _Outcome(aligner.problems, dict(aligner.notes))

    def _outcome(self, folder: Path) -> _Outcome:
        # Named by the paths too, which are in it: equal files elsewhere share the folder.
        names = repr([str(path) for path in self.paths.values()]).encode()
        kept = folder / f"spans-{hashlib.blake2b(names, digest_size=8).hexdigest()}.json"
        try:
            return msgspec.json.decode(kept.read_bytes(), type=_Outcome)
        except (OSError, msgspec.DecodeError):
            pass
        _, outcome = self._found
        with suppress(OSError):  # then it is found again the next time
            write_file(kept, msgspec.json.encode(outcome))
        return outcome


@dataclass(frozen=True)
class _Reader:
    source: DocumentSource
    layout: Layout

    def read(self, path: Path) -> Iterator[Sentence]:
        """Give the sentences of a file, one at a time."""
        heads = [name for name in self.layout.columns.values() if name != "token"]
        for number, document in enumerate(self.source.documents(path, Aligner("expand", "drop"))):
            line = document.line or 1
            spaces = space_after(document)
            spans = {head: document.sentence_spans(head) for head in document.spans}
            for i, (first, past) in enumerate(document.bounds()):
                n = past - first
                found: dict[str, list[str | None]] = {}
                for head in heads:
                    if head in document.tags:
                        found[head] = document.tags[head][first:past]
                    elif head in spans:
                        found[head] = [*tags_of(spans[head][i], n, Scheme.BIO)]
                    else:  # other documents have it; one without entities has none of them
                        found[head] = ["O" if head == ENTITIES else None] * n
                yield Sentence(
                    document.tokens[first:past],
                    found,
                    [line] * n,
                    number,
                    None if spaces is None else spaces[first:past],
                )
