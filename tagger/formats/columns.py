"""Column files: a token a line, its tags after it, an empty line after each sentence.

CoNLL-2000, 2002, 2003 and 2012, WNUT, BC5CDR, GermEval, HIPE, MultiCoNER, the ``.iob2`` files of
Universal NER, CSV and their many relatives. A token ``#`` with its columns is a token, other lines
that begin so are comments (`tagger.formats.fields`). `tagger.formats.column_layout` finds out what
the columns are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from tagger.errors import FormatError
from tagger.findings import Findings
from tagger.formats.column_layout import DOCSTART, detect_layout, parse_columns
from tagger.formats.column_marks import ends_sentence, has_no_space
from tagger.formats.documents import Document
from tagger.formats.fields import (
    BLANK,
    begins_document,
    find_delimiter,
    is_comment,
    may_be_comment,
    split,
)
from tagger.formats.records import Layout, Sentence, TextLabel
from tagger.formats.sample import Sample
from tagger.formats.spacing import align
from tagger.formats.spelling import looks_like_spans
from tagger.formats.text_labels import add_label, of_comment
from tagger.formats.writing import encode_lines, heads_of, label_comments, refuse, sentence_tags
from tagger.lines import as_number, read_rows
from tagger.schemes import Scheme, is_tag
from tagger.tables import counted

__all__ = ["NO_BLANK_LINES", "detect_layout", "parse_columns", "read", "sniff", "write"]

_TEXT = re.compile(r"#\s*text\s*=\s*(.*)")
_BRACKETS = re.compile(r"(?:\(([^()*\s]+))?\*?(\))?")
_STOPS = frozenset({".", "!", "?", "。", "！", "？"})
_LONG = 100  # tokens that no single sentence has

NO_BLANK_LINES = "no empty line in the whole file"


def sniff(sample: Sample) -> bool:
    """Return whether nearly all lines have the same width and end with tags, or contain tabs."""
    lines = [line for line in sample.data if not may_be_comment(line, None)]
    if not lines:
        return False
    delimiter = find_delimiter(sample.path, lines)
    is_quoted = delimiter not in ("tab", "spaces")
    rows = [split(line.rstrip(), delimiter, is_quoted=is_quoted) for line in lines]
    width = max(len(row) for row in rows)
    if width < 2 or sum(len(row) == width for row in rows) < 0.9 * len(rows):
        return any(line.startswith("#begin document") for line in sample.lines)
    tagged = sum(is_tag(row[-1]) or is_tag(row[0]) for row in rows)
    if tagged >= 0.5 * len(rows) or all("\t" in line for line in sample.data):
        return True
    is_table = sample.suffix == ".csv" or len(rows) > 3
    return is_table and any(
        looks_like_spans(Counter(row[i] for row in rows if len(row) == width)) for i in (0, -1)
    )


def read(path: Path, layout: Layout, findings: Findings) -> Iterator[Sentence]:
    """Yield the sentences of a file.

    Raises:
        FormatError: A line has another number of columns, or an empty one.
        CorpusError: The file cannot be read.
    """
    columns = [(number - 1, name) for number, name in sorted(layout.columns.items())]
    token_column = next(i for i, name in columns if name == "token")
    ends = _Ends(layout)
    document = -1
    sentence = _Pending(layout)
    for number, line in read_rows(path):
        if not line.strip() or line == layout.header:
            yield from sentence.flush(document)
            continue
        fields = split(line, layout.delimiter, is_quoted=layout.is_quoted)
        if is_comment(line, fields, layout, is_inside=bool(sentence.rows)):
            if begins_document(line):
                yield from sentence.flush(document)
                document += 1
            elif match := _TEXT.match(line):
                sentence.text = match[1]
            elif said := of_comment(line, layout.comment_prefix):
                add_label(sentence.labels, *said)
            continue
        if DOCSTART in (fields[0], fields[min(token_column, len(fields) - 1)]):
            yield from sentence.flush(document)
            document += 1
            continue
        if layout.is_quoted and not any(map(str.strip, fields)):
            yield from sentence.flush(document)
            continue
        if len(fields) != layout.n_columns and not (
            layout.is_open and len(fields) > layout.n_columns
        ):
            findings.reject(_wrong_number(path, number, line, fields, layout))
            continue
        is_whole = True
        for i, name in columns:
            if not fields[i].strip() and name != "token":
                findings.reject(FormatError(path, number, f"column {i + 1} ({name}) is empty"))
                is_whole = False
        if not is_whole:
            continue
        if ends.before(fields):
            yield from sentence.flush(document)
        document += ends.is_new_document
        sentence.add(fields[token_column], fields, number)
        if ends.after(fields):
            yield from sentence.flush(document)
    yield from sentence.flush(document)
    if sentence.n_done == 1 and sentence.last and _is_several(sentence.last):
        findings.count(
            NO_BLANK_LINES,
            path,
            sentence.last.lines[0],
            example=f"its {len(sentence.last.tokens):,} tokens are one sentence",
            action="an empty line should end each sentence",
        )


@dataclass
class _Ends:
    """Where columns end sentences."""

    layout: Layout
    is_new_document: bool = False
    _sentence: str = ""
    _document: str = ""
    _number: int = -1

    def before(self, fields: Sequence[str]) -> bool:
        """Return whether a sentence ends before a line."""
        layout, has_ended = self.layout, False
        self.is_new_document = False
        if layout.documents and (value := fields[layout.documents - 1].strip()):
            self.is_new_document = value != self._document
            self._document, has_ended = value, self.is_new_document
        if layout.sentences and (value := fields[layout.sentences - 1].strip()):
            has_ended = has_ended or value != self._sentence
            self._sentence = value
        if layout.restarts and (value := fields[layout.restarts - 1].strip()).isdecimal():
            number = as_number(value)
            has_ended = has_ended or number <= self._number
            self._number = number
        return has_ended

    def after(self, fields: Sequence[str]) -> bool:
        """Return whether a sentence ends after a line."""
        return bool(self.layout.marks) and ends_sentence(fields[self.layout.marks - 1])


@dataclass
class _Pending:
    """The sentence that is being read, and the last one."""

    layout: Layout
    tokens: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    text: str | None = None
    labels: dict[str, TextLabel] = field(default_factory=dict)
    n_done: int = 0
    last: Sentence | None = None

    def add(self, token: str, fields: list[str], line: int) -> None:
        self.tokens.append(token)
        self.rows.append(fields)
        self.lines.append(line)

    def flush(self, document: int) -> Iterator[Sentence]:
        if self.rows:
            space_after = None if self.text is None else align(self.tokens, self.text)
            if space_after is None and self.layout.marks and self.layout.has_spaces:
                number = self.layout.marks
                space_after = [not has_no_space(row[number - 1]) for row in self.rows]
            tags = {
                name: self._tags(number)
                for number, name in sorted(self.layout.columns.items())
                if name != "token"
            }
            self.n_done += 1
            self.last = Sentence(self.tokens, tags, self.lines, document, space_after, self.labels)
            yield self.last
        self.tokens, self.rows, self.lines, self.text, self.labels = [], [], [], None, {}

    def _tags(self, number: int) -> list[str | None]:
        cells = [row[number - 1] for row in self.rows]
        if number in self.layout.brackets:
            return [*_tags_of_brackets(cells)]
        # CoNLL's mark for no tag, also written by `write`.
        return [None if cell.strip() == "_" else cell for cell in cells]


def _tags_of_brackets(cells: Sequence[str]) -> Iterator[str]:
    """Yield BIO for ``(PER*``, ``*``, ``*)`` and ``(PER)``."""
    label = ""
    for cell in cells:
        match = _BRACKETS.fullmatch(cell.strip())
        begun = match[1] if match else None
        label = begun or label
        yield f"{'B' if begun else 'I'}-{label}" if label else "O"
        if match and match[2]:
            label = ""


def _is_several(sentence: Sentence) -> bool:
    """Return whether a sentence is probably a whole text."""
    inside = sentence.tokens[:-1]
    return len(inside) >= _LONG or sum(token in _STOPS for token in inside) > 1


def write(documents: Sequence[Document], scheme: Scheme, findings: Findings) -> bytes:
    """Lay out documents of tokens, tabs between the columns, entities last.

    Documents are marked where one has several sentences; otherwise each sentence is one.

    Raises:
        FormatError: A column cannot hold a token or label.
    """
    lines = list(_lines(documents, scheme))
    rows = [line for line in lines if line.strip(BLANK) and not line.startswith(DOCSTART)]
    if all(may_be_comment(line, None) for line in rows):  # a reader would see no sentences
        for document in documents:
            refuse(document, "#", *document.tokens)
    return encode_lines(documents, lines)


def _lines(documents: Sequence[Document], scheme: Scheme) -> Iterator[str]:
    tag_heads, span_heads = heads_of(documents)
    n_tags = len(tag_heads) + len(span_heads)
    marks = any(len(document.ends) > 1 for document in documents)
    for document in documents:
        if marks:
            yield "\t".join([DOCSTART, *"O" * n_tags])
            yield ""
        no_tags: list[str | None] = [None] * len(document.tokens)
        columns = [document.tags.get(head, no_tags) for head in tag_heads]
        for head in span_heads:
            tags = chain.from_iterable(sentence_tags(document, head, scheme))
            columns.append([tag or "?" for tag in tags])
        for number, (first, past) in enumerate(document.bounds()):
            yield from label_comments(document, number)
            for i in range(first, past):
                row = [document.tokens[i], *(column[i] or "_" for column in columns)]
                refuse(document, "\t\r\n", *row)
                if row[0] == DOCSTART:
                    refuse(document, [DOCSTART], row[0])
                yield "\t".join(row)
            yield ""


def _wrong_number(
    path: Path, number: int, line: str, fields: Sequence[str], layout: Layout
) -> FormatError:
    names = [layout.columns.get(i, "-") for i in range(1, layout.n_columns + 1)]
    delimiter = layout.delimiter.removesuffix("s")
    n = len(fields)
    if line.startswith("#"):
        hint = "if it is a comment, say {comment_prefix=#}"
    else:
        hint = "correct the line, or name the columns with {columns}"
    return FormatError(
        path,
        number,
        f"{counted(n, 'column')} where {layout.n_columns} are expected "
        f"({delimiter}-separated: {', '.join(names)})",
        hint=hint,
    )
