"""Corpora read for their checks: what cannot be read is a finding, and the rest is read."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from sys import intern

from tagger.corpus.alignment import OFF_BOUNDS, Aligner
from tagger.corpus.document_source import DocumentSource
from tagger.corpus.load import open_corpus
from tagger.corpus.records import split_of_part
from tagger.corpus.scan import FileSource, Source
from tagger.corpus.tally import Place
from tagger.corpus.text_labels import LabelTally, text_heads
from tagger.errors import FormatError
from tagger.findings import Finding, Findings
from tagger.formats.columns import NO_BLANK_LINES
from tagger.formats.offsets import NO_SPANS
from tagger.formats.records import Columns, Layout, Sentence
from tagger.formats.text_labels import as_label
from tagger.linting.characters import check_bytes, is_packed
from tagger.linting.codes import CODES
from tagger.linting.records import Collector, Edit, GoldCorpus, GoldFile, PlacedSentence

__all__ = ["read_gold"]

_CODES = {
    NO_BLANK_LINES: "S503",
    OFF_BOUNDS: "S601",
    "span with gaps": "S601",
    "overlapping span": "S602",
    "repeated span": "S602",
    "sentence end within a span": "S603",
    "white space around a token": "S203",
    "white space around a tag": "S203",
    "white space around a span": "S203",
}
"""The codes of what readers find; all else is `_OTHER`."""

_OTHER = "S202"
_UNREADABLE, _NOT_UTF_8 = "S201", "S101"


def read_gold(
    source: str,
    found: Collector,
    *,
    data_dir: Path | None = None,
    columns: str | Columns | None = None,
    read_predictions: bool = False,
    show: Callable[[str, float | None], None],
) -> tuple[GoldCorpus, Layout | None]:
    """Read a corpus; arguments as those of `tagger.corpus.load_corpus`.

    Args:
        source: The corpus.
        found: Collects what cannot be read, or is read differently than it stands in the files.
        data_dir: See there.
        columns: See there.
        read_predictions: See there.
        show: Receives the file that is being read.

    Returns:
        The corpus, and its layout if it is one of columns.

    Raises:
        UsageError: The name is unknown, or ``columns`` are impossible.
        CorpusError: The corpus is not found, or a file cannot be opened.
        FormatError: A file cannot be read at all, and findings of that kind are not wanted.
    """
    try:
        where, opened = open_corpus(
            source, data_dir=data_dir, columns=columns, read_predictions=read_predictions
        )
    except FormatError as error:  # no format can be detected
        if error.path is not None and Path(error.path).is_file():
            check_bytes(Path(error.path), found, has_rows=False)
        _keep(error, found)
        return GoldCorpus(source), None
    for path in opened.paths.values():
        if path.is_file():
            check_bytes(path, found, has_rows=_has_rows(opened, path))
    corpus = GoldCorpus(where.name)
    try:
        layout = opened.detect()
    except FormatError as error:
        _keep(error, found)
        return corpus, None
    for part, path in opened.paths.items():
        file = GoldFile(str(path), split_of_part(part), has_rows=_has_rows(opened, path))
        corpus.files.append(file)
        reader = _Reader(found, file.has_rows, has_labels=bool(opened.text_labels))
        n = len(found.findings)
        try:
            show(f"reading {path}", None)
            file.sentences.extend(_sentences(opened, path, layout, reader))
        except FormatError as error:
            _keep(error, found, "; the rest of the file is not checked")
        if not file.sentences and len(found.findings) == n:
            _keep(FormatError(path, None, "the file has no sentences"), found)
    _choose_labels(corpus, opened, found)
    return corpus, layout


def _choose_labels(corpus: GoldCorpus, opened: Source, found: Collector) -> None:
    """Find the heads of labels of texts, and forget what else may have been some."""
    tally = LabelTally(opened.text_labels)
    for number, file in enumerate(corpus.files):
        for sentence in file.sentences:
            tally.add(sentence.labels, Place(number, sentence.line() or 0))
    if not tally.keys and not opened.text_labels:
        return
    tags = {head for sentence in corpus.sentences() for head in sentence.tags}
    several: dict[str, bool] = {}
    try:
        heads = text_heads(tally, tags, [Path(file.path) for file in corpus.files])
        several = {head.name: head.multi_label for head in heads}
    except FormatError as error:
        _keep(error, found)
    corpus.text_heads = list(several)
    for sentence in corpus.sentences():
        sentence.labels = {
            head: as_label(sentence.labels.get(head), multi_label=is_several)
            for head, is_several in several.items()
        }


class _Reader(Findings):
    """Turns the findings of readers into those of the checks, place by place."""

    def __init__(self, found: Collector, has_rows: bool, *, has_labels: bool) -> None:
        super().__init__()
        self._to, self._has_rows, self._has_labels = found, has_rows, has_labels

    def reject(self, error: FormatError) -> None:
        _keep(error, self._to)

    def add(self, finding: Finding) -> None:
        self._keep(finding)

    def count(
        self,
        kind: str,
        path: object,
        line: int | None = None,
        *,
        head: str | None = None,
        example: str = "",
        count: int = 1,
        action: str = "",
    ) -> None:
        self._keep(
            Finding(
                kind=kind,
                path=str(path),
                line=line,
                head=head,
                example=example,
                count=count,
                action=action,
            )
        )

    def _keep(self, finding: Finding) -> None:
        if self._has_labels and finding.kind == NO_SPANS:
            return
        code = _CODES.get(finding.kind, _OTHER)
        example = finding.example
        if not finding.kind.startswith(CODES[code].title[:11]):
            example = ": ".join(filter(None, [finding.kind, example]))
        edit = None
        if code == "S203" and self._has_rows and finding.line is not None:
            edit = Edit(finding.path, finding.line, finding.head or "token", str.strip)
        self._to.add(
            code,
            finding.path,
            finding.line,
            example,
            head=finding.head,
            count=finding.count,
            edit=edit,
        )


def _keep(error: FormatError, found: Collector, more: str = "") -> None:
    """Keep an error as a finding, unless there is one already, as of a line that is not UTF-8."""
    place = error.path, error.line
    if place in {(one.path, one.line) for one in found.findings if one.code == _NOT_UTF_8}:
        return
    if not found.wants(_UNREADABLE):
        raise error
    example, hint = error.message + more, error.hint or ""
    found.add(_UNREADABLE, error.path or "", error.line, example, hint=hint)


def _has_rows(source: Source, path: Path) -> bool:
    """Return whether a file has columns whose fields can be replaced."""
    is_columns = isinstance(source, FileSource) and source.format.name == "conll"
    return is_columns and path.is_file() and not is_packed(path)


def _sentences(
    source: Source, path: Path, layout: Layout, reader: _Reader
) -> Iterator[PlacedSentence]:
    if not isinstance(source, DocumentSource):
        for sentence in source.read(path, layout, reader):
            yield _placed(sentence, str(path), sentence.lines)
        return
    aligner = Aligner("expand", "drop", reader)
    for document, sentence in source.read_within(path, layout, aligner):
        lines = [] if document.line is None else sentence.lines
        name = document.name if document.line is None else ""
        yield _placed(sentence, str(document.path), lines, name)


def _placed(
    sentence: Sentence, path: str, lines: Sequence[int], document: str = ""
) -> PlacedSentence:
    return PlacedSentence(
        [*map(intern, sentence.tokens)],
        {head: [tag and intern(tag) for tag in tags] for head, tags in sentence.heads.items()},
        path,
        array("I", lines),
        document,
        sentence.document,
        labels=sentence.labels,
    )
