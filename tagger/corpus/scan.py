"""The first pass over a corpus: layout, heads, schemes, and the tags that break them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from tagger.corpus.records import HeadColumn, Kind
from tagger.corpus.tally import BadTagError, Place, Tally
from tagger.corpus.text_labels import LabelTally, text_heads
from tagger.errors import FormatError, UsageError
from tagger.files import content_hash
from tagger.findings import Finding, Findings
from tagger.formats.label_names import name_files
from tagger.formats.records import Columns, Layout, Sentence
from tagger.formats.table import Format, SentenceModule
from tagger.schemes import Scheme

__all__ = ["EMPTY_TOKEN", "FileSource", "FoundHead", "Scan", "Source", "located", "scan"]

EMPTY_TOKEN = "empty token"


class FoundHead(msgspec.Struct, frozen=True, kw_only=True):
    """A head, the spelling of its tags, and whether all of them fit the scheme."""

    name: str
    kind: Kind
    scheme: str | None = None
    well_formed: bool = True
    spelled: dict[str, str | None] = {}  # msgspec copies it
    """The usual spelling of tags that have another, None where the tag is not known."""
    multi_label: bool = False

    def column(self) -> HeadColumn:
        """Return the head as a corpus shows it."""
        scheme = Scheme(self.scheme) if self.scheme else None
        return HeadColumn(self.name, self.kind, scheme, self.multi_label)


class Scan(msgspec.Struct, frozen=True, kw_only=True):
    """The results of the first pass.

    The paths of its findings are the names of splits, so that it holds wherever the files lie.
    """

    layout: Layout
    heads: tuple[FoundHead, ...]
    findings: tuple[Finding, ...]
    has_space_after: bool


class Source(Protocol):
    """The sentences of a corpus, wherever they come from."""

    @property
    def text_labels(self) -> Sequence[str]:
        """The heads of labels of whole texts; empty to find them."""
        ...

    @property
    def paths(self) -> Mapping[str, Path]:
        """The path of each part of the splits, in the order of splits; errors name it."""
        ...

    def content(self) -> list[str]:
        """Return what changes whenever a sentence does."""
        ...

    def detect(self) -> Layout:
        """Find the layout."""
        ...

    def read(self, path: Path, layout: Layout, findings: Findings) -> Iterator[Sentence]:
        """Yield the sentences of one of the paths."""
        ...

    def findings(self, folder: Path) -> list[Finding]:
        """Return the findings of all files that are not those of tags.

        Args:
            folder: The folder of the corpus in the cache.
        """
        ...


@dataclass(frozen=True)
class FileSource:
    """Files of one format of sentences, and the names of their columns where the user states them.

    Raises:
        UsageError: Columns are named in a format that does not take any.
    """

    paths: Mapping[str, Path]
    format: Format
    columns: str | Columns | None = None
    text_labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.columns is not None and not self.format.takes_columns:
            raise UsageError(
                f"columns cannot be named for {self.format.title}, which names its own",
                path=next(iter(self.paths.values())),
            )

    @property
    def _module(self) -> SentenceModule:
        assert self.format.sentences is not None
        return self.format.sentences

    def content(self) -> list[str]:
        """Return the names of the splits, the suffixes, which show the format, and the hashes."""
        paths = self.paths.values() if self.format.has_numbers else ()
        beside = dict.fromkeys(file for path in paths for file in name_files(path))
        return [
            repr(self.columns) if isinstance(self.columns, Columns) else self.columns or "",
            *([f"labels {self.text_labels}"] if self.text_labels else []),
            *map(content_hash, beside),
            *(f"{s}{path.suffix.lower()}:{content_hash(path)}" for s, path in self.paths.items()),
        ]

    def detect(self) -> Layout:
        """Find the columns or heads.

        Raises:
            FormatError: The files are not of the format.
            UsageError: ``columns`` are impossible.
        """
        return self._module.detect_layout(list(self.paths.values()), self.columns)

    def read(self, path: Path, layout: Layout, findings: Findings) -> Iterator[Sentence]:
        """Yield the sentences of a file, without white space around tokens and tags."""
        for sentence in self._module.read(path, layout, findings):
            _strip(sentence, path, findings)
            yield sentence

    def findings(self, folder: Path) -> list[Finding]:
        """Return nothing: the scan has all findings of files of sentences."""
        return []


def _strip(sentence: Sentence, path: Path, findings: Findings) -> None:
    """Remove white space around tokens and tags, which nobody sees.

    A token may consist of it; a tag that does is none.
    """
    tokens = [token.strip() or token for token in sentence.tokens]
    if tokens != sentence.tokens:
        _count_stripped(sentence.tokens, tokens, None, sentence, path, findings)
        sentence.tokens = tokens
    for head, tags in sentence.heads.items():
        stripped = [tag and (tag.strip() or None) for tag in tags]
        if stripped != tags:
            _count_stripped(tags, stripped, head, sentence, path, findings)
            sentence.heads[head] = stripped


def _count_stripped(
    before: Sequence[str | None],
    after: Sequence[str | None],
    head: str | None,
    sentence: Sentence,
    path: Path,
    findings: Findings,
) -> None:
    what = "white space around a token" if head is None else "white space around a tag"
    for old, new, line in zip(before, after, sentence.lines, strict=True):
        if old != new:
            findings.count(what, path, line, head=head, example=repr(old), action="removed")


def scan(source: Source) -> Scan:
    """Read all the sentences once.

    Raises:
        FormatError: A line does not fit the layout or the schemes.
        CorpusError: A file cannot be read.
        UsageError: The columns are impossible.
    """
    layout = source.detect()
    has_null = layout.format in ("jsonl", "parquet", "documents")
    tallies = {
        name: Tally(name, has_null=has_null) for name in layout.columns.values() if name != "token"
    }
    has_space_after = False
    names, paths = list(source.paths), list(source.paths.values())
    labels = LabelTally(source.text_labels)
    findings = Findings()
    for number, (name, path) in enumerate(source.paths.items()):
        n_sentences = 0
        found = Findings()
        for sentence in source.read(path, layout, found):
            n_sentences += 1
            has_space_after = has_space_after or sentence.space_after is not None
            if "" in sentence.tokens:
                for token, line in zip(sentence.tokens, sentence.lines, strict=True):
                    if not token:
                        findings.count(EMPTY_TOKEN, name, line, action="read as U+FFFD")
            for head, tags in sentence.heads.items():
                tallies[head].add(tags, sentence.lines, number)
            labels.add(sentence.labels, Place(number, sentence.lines[0]))
        if not n_sentences:
            raise FormatError(path, None, "the file has no sentences")
        for finding in found:
            findings.add(msgspec.structs.replace(finding, path=name))
    heads: list[FoundHead] = []
    schemes: dict[str, str] = {}
    for tally in tallies.values():
        try:
            tally.check()
            if tally.kind() == "token":
                heads.append(FoundHead(name=tally.head, kind="token"))
                continue
            spelling = tally.spelling()
            scheme = tally.scheme(spelling)
        except BadTagError as error:
            path, line = paths[error.place.file], error.place.line
            raise FormatError(path, line, str(error), hint=error.hint) from None
        bad = tally.violations(scheme, spelling, names)
        heads.append(
            FoundHead(
                name=tally.head,
                kind="span",
                scheme=scheme.value,
                well_formed=bad is None,
                spelled={tag: usual for tag, usual in spelling.tags.items() if tag != usual},
            )
        )
        schemes[tally.head] = spelling.title(scheme)
        for of_tags in (bad, tally.unknown(spelling, names)):
            if of_tags is not None:
                findings.add(of_tags)
    of_texts = text_heads(labels, tallies.keys(), paths)
    for of_text in of_texts:
        heads.append(FoundHead(name=of_text.name, kind="text", multi_label=of_text.multi_label))
        missing = of_text.missing(names)
        if missing is not None:
            findings.add(missing)
    if not heads and layout.format in ("jsonl", "parquet", "hub"):
        raise FormatError(
            paths[0],
            None,
            f"no tags, and no key that is known to hold labels ({', '.join(labels.keys)})",
            hint="name it with {text_labels=…}",
        )
    return Scan(
        layout=msgspec.structs.replace(
            layout, schemes=schemes, text_labels=tuple(head.name for head in of_texts)
        ),
        heads=tuple(heads),
        findings=tuple(findings),
        has_space_after=has_space_after,
    )


def located(findings: Iterable[Finding], files: Mapping[str, object]) -> list[Finding]:
    """Replace the names of splits in findings by the paths of their files."""
    return [msgspec.structs.replace(finding, path=str(files[finding.path])) for finding in findings]
