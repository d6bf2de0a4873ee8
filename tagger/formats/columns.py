"""Column files: a token a line, its tags after it, an empty line after each sentence.

CoNLL-2000, 2002 and 2003, WNUT, BC5CDR, the ``.iob2`` files of Universal NER and their many
relatives. A comment is ``#`` or begins with ``# ``, and stands before the first token of a
sentence; a token ``#`` with its columns is a token all the same.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Literal

from tagger.errors import FormatError, UsageError
from tagger.findings import Findings
from tagger.formats.documents import Document
from tagger.formats.records import RESERVED, TOKEN_KEYS, Layout, Sentence
from tagger.formats.sample import Sample
from tagger.formats.spacing import align
from tagger.formats.writing import encode_lines, heads_of, refuse, sentence_tags
from tagger.lines import plain_suffix, read_rows
from tagger.schemes import Scheme, is_tag, looks_like_spans

__all__ = ["detect_layout", "parse_columns", "read", "sniff", "write"]

_DOCSTART = "-DOCSTART-"
_BLANK = " \t"
_SPACES = re.compile(r"[ \t]+")
# In a file separated by spaces, what CoNLL-U writes in comments can have as many words as a line
# of tokens has columns.
_COMMENT = re.compile(r"#\s*(?:\S+(?: id)? = |newdoc\b|newpar\b)")
_TEXT = re.compile(r"#\s*text\s*=\s*(.*)")
_NEWDOC = re.compile(r"#\s*newdoc\b")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_CHUNKS = frozenset({"NP", "VP", "PP"})
_UPOS = frozenset(
    {
        *("ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON"),
        *("PROPN", "PUNCT", "SCONJ", "SYM", "VERB", "X", "_"),
    }
)
_SAMPLE = 20_000  # lines from which the layout is found

Delimiter = Literal["tab", "spaces"]


def sniff(sample: Sample) -> bool:
    """Return whether nearly all lines have the same width and end with tags, or contain tabs."""
    rows = [line.rstrip().split("\t") if "\t" in line else line.split() for line in sample.data]
    if not rows:
        return False
    width = max(len(row) for row in rows)
    if width < 2 or sum(len(row) == width for row in rows) < 0.9 * len(rows):
        return False
    tagged = sum(is_tag(row[-1]) or is_tag(row[0]) for row in rows)
    return tagged >= 0.5 * len(rows) or all("\t" in line for line in sample.data)


def read(path: Path, layout: Layout, findings: Findings) -> Iterator[Sentence]:
    """Yield the sentences of a file.

    Raises:
        FormatError: A line has another number of columns, or an empty one.
        CorpusError: The file cannot be read.
    """
    delimiter: Delimiter = "tab" if layout.delimiter == "tab" else "spaces"
    n_columns = layout.n_columns
    columns = [(number - 1, name) for number, name in sorted(layout.columns.items())]
    token_column = next(i for i, name in columns if name == "token")
    heads = [(i, name) for i, name in columns if name != "token"]
    document = -1
    sentence = _Pending()
    for number, line in read_rows(path):
        if not line.strip(_BLANK):
            yield from sentence.flush(document, heads)
            continue
        fields = _split(line, delimiter)
        if not sentence.rows and _is_comment(line, fields, n_columns, delimiter):
            if _NEWDOC.match(line):
                document += 1
            elif match := _TEXT.match(line):
                sentence.text = match[1]
            continue
        if _DOCSTART in (fields[0], fields[min(token_column, len(fields) - 1)]):
            yield from sentence.flush(document, heads)
            document += 1
            continue
        if len(fields) != n_columns:
            raise _wrong_number(path, number, len(fields), layout)
        for i, name in columns:
            if not fields[i].strip() and name != "token":
                raise FormatError(path, number, f"column {i + 1} ({name}) is empty")
        sentence.tokens.append(fields[token_column])
        sentence.rows.append(fields)
        sentence.lines.append(number)
    yield from sentence.flush(document, heads)


@dataclass
class _Pending:
    """The sentence that is being read."""

    tokens: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    text: str | None = None

    def flush(self, document: int, heads: Sequence[tuple[int, str]]) -> Iterator[Sentence]:
        if self.rows:
            space_after = None if self.text is None else align(self.tokens, self.text)
            tags: dict[str, list[str | None]] = {
                # CoNLL's mark for no tag, also written by `write`.
                name: [None if row[i] == "_" else row[i] for row in self.rows]
                for i, name in heads
            }
            yield Sentence(self.tokens, tags, self.lines, document, space_after)
        self.tokens, self.rows, self.lines, self.text = [], [], [], None


def parse_columns(columns: str) -> list[str | None]:
    """Parse ``token,pos,-,ner`` into names, None for a column to skip.

    Raises:
        UsageError: No column or more than one is the token, or a name is impossible.
    """
    names = [name.strip().lower() for name in columns.split(",")]
    names = ["token" if name in (*TOKEN_KEYS, "word") else name for name in names]
    used = [name for name in names if name not in ("-", "_")]
    if used.count("token") != 1:
        raise UsageError(
            f"columns {columns!r}: exactly one must be 'token'", hint="as in token,pos,ner"
        )
    for name in used:
        if used.count(name) > 1:
            raise UsageError(f"columns {columns!r}: {name!r} occurs more than once")
        if not _NAME.fullmatch(name) or name in RESERVED:
            raise UsageError(
                f"columns {columns!r}: {name!r} cannot name a head",
                hint="use a-z, 0-9 and _, or '-' to skip a column",
            )
    return [name if name not in ("-", "_") else None for name in names]


def detect_layout(paths: Sequence[Path], names: str | None = None) -> Layout:
    """Find the delimiter and the columns from the first lines of the first file.

    Args:
        paths: The files, the training part of a corpus first.
        names: The columns' names, where the user states them.

    Raises:
        FormatError: The file has no sentences, or only one column.
        UsageError: ``names`` are impossible.
    """
    path = paths[0]
    sample = [line for _, line in islice(read_rows(path), _SAMPLE)]
    data = [line for line in sample if line.strip(_BLANK) and not line.startswith("# ")]
    data = [line for line in data if not line.startswith(_DOCSTART)] or data
    if not data:
        raise FormatError(path, None, "the file has no sentences")
    columns = parse_columns(names) if names is not None else None
    widths = {d: _width(data, d) for d in ("tab", "spaces")}
    delimiter: Delimiter = "tab" if widths["tab"] > 1 else "spaces"
    if columns is not None and widths[delimiter] != len(columns) == widths["spaces"]:
        delimiter = "spaces"
    width = widths[delimiter]
    is_universal_ner = plain_suffix(path) == ".iob2"
    if columns is None and is_universal_ner and delimiter == "tab" and width >= 3:
        columns = [None, "token", "ner"] + [None] * (width - 3)
    if columns is None and width < 2:
        raise FormatError(
            path,
            None,
            "there is only one column",
            hint="separate token and tags with tabs or spaces",
        )
    if columns is None:
        columns = _name_columns(sample, delimiter, width)
    return Layout(
        format="conll",
        title=f"{delimiter.removesuffix('s')}-separated",
        delimiter=delimiter,
        columns={i: name for i, name in enumerate(columns, start=1) if name is not None},
        skipped=tuple(i for i, name in enumerate(columns, start=1) if name is None),
    )


def write(documents: Sequence[Document], scheme: Scheme, findings: Findings) -> bytes:
    """Lay out documents of tokens, tabs between the columns, entities last.

    Documents are marked where one has several sentences; otherwise each sentence is one.

    Raises:
        FormatError: A column cannot hold a token or label.
    """
    return encode_lines(documents, _lines(documents, scheme))


def _lines(documents: Sequence[Document], scheme: Scheme) -> Iterator[str]:
    tag_heads, span_heads = heads_of(documents)
    n_tags = len(tag_heads) + len(span_heads)
    marks = any(len(document.ends) > 1 for document in documents)
    for document in documents:
        if marks:
            yield "\t".join([_DOCSTART, *"O" * n_tags])
            yield ""
        no_tags: list[str | None] = [None] * len(document.tokens)
        columns = [document.tags.get(head, no_tags) for head in tag_heads]
        for head in span_heads:
            columns.append([*chain.from_iterable(sentence_tags(document, head, scheme))])
        for first, past in document.bounds():
            for i in range(first, past):
                row = [document.tokens[i], *(column[i] or "_" for column in columns)]
                refuse(document, "\t\r\n", *row)
                if row[0] == _DOCSTART:
                    refuse(document, [_DOCSTART], row[0])
                yield "\t".join(row)
            yield ""


def _split(line: str, delimiter: Delimiter) -> list[str]:
    # str.split() would also break at no-break spaces and the like, which may be part of a token.
    return line.split("\t") if delimiter == "tab" else _SPACES.split(line.strip(_BLANK))


def _width(data: Sequence[str], delimiter: Delimiter) -> int:
    return Counter(len(_split(line, delimiter)) for line in data).most_common(1)[0][0]


def _is_comment(line: str, fields: Sequence[str], n_columns: int, delimiter: Delimiter) -> bool:
    if not line.startswith("#"):
        return False
    if delimiter == "spaces" and _COMMENT.match(line):
        return True
    return len(fields) != n_columns and (line.startswith("# ") or line == "#")


def _wrong_number(path: Path, line: int, n: int, layout: Layout) -> FormatError:
    names = [layout.columns.get(i, "-") for i in range(1, layout.n_columns + 1)]
    delimiter = layout.delimiter.removesuffix("s")
    return FormatError(
        path,
        line,
        f"{n} column{'s' * (n != 1)} where {layout.n_columns} are expected "
        f"({delimiter}-separated: {', '.join(names)})",
        hint="correct the line, or name the columns with {columns}",
    )


def _name_columns(sample: Sequence[str], delimiter: Delimiter, width: int) -> list[str | None]:
    """Name each column by its values."""
    rows: list[list[str] | None] = []  # None between sentences
    for line in sample:
        if not line.strip(_BLANK):
            rows.append(None)
            continue
        fields = _split(line, delimiter)
        if _DOCSTART not in fields and len(fields) == width and not line.startswith("# "):
            rows.append([field.strip() for field in fields])
    counts = [Counter(row[i] for row in rows if row is not None) for i in range(width)]
    is_span = [looks_like_spans(count) for count in counts]
    names: list[str | None] = [None] * width
    free = [i for i in range(width) if not _is_index(rows, i)] or list(range(width))
    # The token comes first, or else (mit_movie_trivia) after its tag.
    token = next((i for i in free if not is_span[i]), free[0])
    names[token] = "token"
    rest = [i for i in free if i != token and set(counts[i]) - {"-", "_", ""}]
    for i in reversed([i for i in rest if is_span[i]]):
        labels = {tag.split("-", 1)[1] for tag in counts[i] if "-" in tag}
        name = "chunk" if labels & _CHUNKS else "ner"
        names[i] = name if name not in names else f"column{i + 1}"
    for i in [i for i in rest if not is_span[i]]:
        if _is_free_text(counts[i]) and len(rest) > 1:
            continue
        name = "upos" if counts[i].keys() <= _UPOS else "pos"
        names[i] = name if name not in names else f"column{i + 1}"
    return names


def _is_index(rows: Sequence[list[str] | None], column: int) -> bool:
    """Return whether a column numbers the tokens of each sentence."""
    expected = ("0", "1")
    for row in rows:
        if row is None:
            expected = ("0", "1")
        elif row[column] not in expected:
            return False
        else:
            following = str(int(row[column]) + 1)
            expected = (following, following)
    return True


def _is_free_text(count: Counter[str]) -> bool:
    """Return whether a column has too many values for tags, as lemmas do."""
    return len(count) > 1000 or (count.total() >= 200 and len(count) > 0.25 * count.total())
