"""Annotated documents as a corpus, as `tagger train` reads the exports of annotation tools."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec

from tagger.corpus.alignment import Aligner
from tagger.corpus.text_labels import find_labels, keep_labels
from tagger.errors import FormatError
from tagger.files import content_hash
from tagger.findings import Finding, Findings, summary
from tagger.formats.documents import ENTITIES, Document
from tagger.formats.offsets import NO_SPANS
from tagger.formats.records import Columns, Layout, Sentence
from tagger.formats.table import Format
from tagger.formats.text_labels import NO_TOKENS
from tagger.formats.writing import space_after
from tagger.schemes import Scheme, tags_of
from tagger.seals import read_sealed, write_sealed

__all__ = ["DocumentSource"]

# Raise it whenever a reader yields other sentences for the same files.
_VERSION = 5


@dataclass(frozen=True)
class DocumentSource:
    """Files of documents.

    Spans that do not fall on token bounds are expanded, and of overlapping ones the longest stays.

    Attributes:
        paths: The path of each split.
        formats: The format of each split.
        columns: What the user states about the columns of tables.
        stated_labels: The heads of labels of texts that the user names; empty to find them.
    """

    paths: Mapping[str, Path]
    formats: Mapping[str, Format]
    columns: str | Columns | None = None
    stated_labels: tuple[str, ...] = ()

    @property
    def text_labels(self) -> Sequence[str]:
        """The heads of labels of texts."""
        return tuple(self._labels)

    def content(self) -> list[str]:
        """Return the version of the readers, the formats, and the hashes of all files."""
        found = [f"documents {_VERSION}"]
        if self.columns is not None or self.stated_labels:
            found.append(repr((self.columns, self.stated_labels)))
        for split, path in self.paths.items():
            form = self.formats[split]
            hashes = ",".join(f"{file.stem}={content_hash(file)}" for file in form.files(path))
            found.append(f"{split} {form.name}:{hashes}")
        return found

    def detect(self) -> Layout:
        """Find the heads.

        Raises:
            FormatError: A file is wrong, or without text.
        """
        heads, _ = self._found
        titles = dict.fromkeys(form.title for form in self.formats.values())
        columns = dict(enumerate(["token", *heads], start=1))
        return Layout(
            format="documents",
            title=" and ".join(titles),
            columns=columns,
            text_labels=tuple(self._labels),
        )

    def read(self, path: Path, layout: Layout, findings: Findings) -> Iterator[Sentence]:
        """Yield the sentences of a file; the method `findings` has what became of its spans."""
        for _, sentence in self.read_within(path, layout, Aligner("expand", "drop")):
            yield sentence

    def read_within(
        self, path: Path, layout: Layout, aligner: Aligner
    ) -> Iterator[tuple[Document, Sentence]]:
        """Yield the sentences of a file, each with its document."""
        heads = [name for name in layout.columns.values() if name != "token"]
        for number, document in enumerate(self._documents(path, aligner)):
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
                for head in document.unknown:
                    for token in document.unknown_tokens(head) & {*range(first, past)}:
                        found[head][token - first] = None
                sentence = Sentence(
                    document.tokens[first:past],
                    found,
                    [line] * n,
                    number,
                    None if spaces is None else spaces[first:past],
                    {head: document.labels[head][i] for head in layout.text_labels},
                )
                yield document, sentence

    def findings(self, folder: Path) -> list[Finding]:
        """Return what became of the spans, which is kept in the cache.

        Raises:
            FormatError: A file is wrong.
        """
        # Named by the paths, which are in it: equal files elsewhere share the folder.
        names = repr([str(path) for path in self.paths.values()]).encode()
        kept = folder / f"findings-{hashlib.blake2b(names, digest_size=8).hexdigest()}.json"
        content = read_sealed(kept)
        if content is not None:
            return msgspec.json.decode(content, type=list[Finding])
        _, found = self._found
        with suppress(OSError):  # then they are found again the next time
            write_sealed(kept, msgspec.json.encode(found))
        return found

    def _documents(self, path: Path, aligner: Aligner) -> Iterator[Document]:
        """Yield the documents of one of the files, with spans of tokens."""
        for document in self._read(path, aligner.findings):
            keep_labels(document, self._labels)
            aligner.align(document)
            if document.is_whole and not document.tokens:
                aligner.findings.count(NO_TOKENS, path, document.line, action="left out")
            yield document

    def _check_labels(self) -> None:
        """Refuse tables of texts of which no column is known to hold labels.

        Raises:
            FormatError: They are such tables.
        """
        path = next(iter(self.paths.values()))
        if any(form.name != "table" for form in self.formats.values()):
            return
        first = next(self._read(path, Findings()), None)
        columns = ", ".join(first.labels) if first is not None else ""
        raise FormatError(
            path,
            None,
            f"no column is known to hold labels (besides the text: {columns or 'none'})",
            hint="name it with {text_labels=…}",
        )

    def _read(self, path: Path, findings: Findings) -> Iterator[Document]:
        form = next(self.formats[split] for split, one in self.paths.items() if one == path)
        return form.read_documents(path, findings, self.columns)

    @cached_property
    def _labels(self) -> dict[str, bool]:
        """The heads of labels of texts, and whether each has several.

        One pass finds them, which formats that hold none do not need.
        """
        places = {form.labels for form in self.formats.values()}
        if places == {"nowhere"} and not self.stated_labels:
            return {}
        documents = ((path, self._read(path, Findings())) for path in self.paths.values())
        return find_labels(documents, self.stated_labels, is_certain=places == {"own place"})

    @cached_property
    def _found(self) -> tuple[list[str], list[Finding]]:
        """The heads and the findings: one pass over all documents finds both."""
        heads: dict[str, None] = {}
        has_entities = False
        findings = Findings()
        for path in self.paths.values():
            empty = True
            aligner = Aligner("expand", "drop", findings)
            for document in self._documents(path, aligner):
                empty = empty and not document.tokens
                heads |= dict.fromkeys([*document.tags, *document.spans])
                has_entities = has_entities or bool(document.spans.get(ENTITIES))
            if empty:
                raise FormatError(path, None, "the file has no sentences")
            aligner.check()
        if self._labels:
            if not has_entities:  # no one annotates spans here
                heads.pop(ENTITIES, None)
            findings.remove(NO_SPANS)
        elif not heads or not has_entities:
            self._check_labels()
        return list(heads), summary(findings)
