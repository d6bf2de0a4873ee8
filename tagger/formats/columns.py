"""Column files: a token a line, its tags beside it, an empty line after each sentence.

CoNLL-2000, 2002 and 2003, WNUT, BC5CDR, the ``.iob2`` files of Universal NER and their many
relatives. A comment is ``#`` or begins with ``# ``, and stands before the first token of a
sentence; a token ``#`` with its columns is a token all the same.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Literal

from tagger.corpus.tally import looks_like_spans
from tagger.errors import FormatError, UsageError
from tagger.formats.records import RESERVED, TOKEN_KEYS, Layout, Sentence
from tagger.formats.spacing import align
from tagger.lines import read_lines

__all__ = ["ColumnReader", "detect_layout", "parse_columns"]

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
_SAMPLE = 20_000  # lines that the layout is found from

Delimiter = Literal["tab", "spaces"]


@dataclass(frozen=True)
class ColumnReader:
    """Reads column files of one layout."""

    layout: Layout

    def read(self, path: Path) -> Iterator[Sentence]:
        """Give the sentences of a file, one at a time.

        Raises:
            FormatError: for a line with another number of columns, or an empty one among them.
        """
        layout = self.layout
        delimiter: Delimiter = "tab" if layout.delimiter == "tab" else "spaces"
        n_columns = layout.n_columns
        columns = [(number - 1, name) for number, name in sorted(layout.columns.items())]
        token_column = next(i for i, name in columns if name == "token")
        heads = [(i, name) for i, name in columns if name != "token"]
        document = -1
        sentence = _Pending()
        for number, line in read_lines(path):
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
                if not fields[i] and name != "token":
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
                # `_` is CoNLL's for no tag, and what `tagger convert` writes for it.
                name: [None if row[i] == "_" else row[i] for row in self.rows]
                for i, name in heads
            }
            yield Sentence(self.tokens, tags, self.lines, document, space_after)
        self.tokens, self.rows, self.lines, self.text = [], [], [], None


def parse_columns(columns: str) -> list[str | None]:
    """Read ``token,pos,-,ner`` into names, None for a column to skip.

    Raises:
        UsageError: where no column or more than one is the token, or a name is impossible.
    """
    names = [name.strip().lower() for name in columns.split(",")]
    names = ["token" if name in (*TOKEN_KEYS, "word") else name for name in names]
    used = [name for name in names if name not in ("-", "_")]
    if used.count("token") != 1:
        raise UsageError(f"columns {columns!r}: exactly one must be 'token', as in token,pos,ner")
    for name in used:
        if used.count(name) > 1:
            raise UsageError(f"columns {columns!r}: {name!r} is there more than once")
        if not _NAME.fullmatch(name) or name in RESERVED:
            raise UsageError(
                f"columns {columns!r}: {name!r} cannot name a head; take a-z, 0-9 and _, "
                "or '-' to skip a column"
            )
    return [name if name not in ("-", "_") else None for name in names]


def detect_layout(path: Path, columns: str | None = None, *, iob2: bool = False) -> Layout:
    """Find the delimiter and the columns from the first lines of a file.

    Args:
        path: the file, the training part of a corpus where there is one.
        columns: the columns' names, where the user gives them.
        iob2: whether it is a file of Universal NER, whose columns are known.

    Raises:
        FormatError: for a file without sentences, or with only one column.
        UsageError: for impossible ``columns``.
    """
    sample = [line for _, line in islice(read_lines(path), _SAMPLE)]
    data = [line for line in sample if line.strip(_BLANK) and not line.startswith("# ")]
    data = [line for line in data if not line.startswith(_DOCSTART)] or data
    if not data:
        raise FormatError(path, None, "the file has no sentences")
    names = parse_columns(columns) if columns is not None else None
    widths = {d: _width(data, d) for d in ("tab", "spaces")}
    delimiter: Delimiter = "tab" if widths["tab"] > 1 else "spaces"
    if names is not None and widths[delimiter] != len(names) == widths["spaces"]:
        delimiter = "spaces"
    width = widths[delimiter]
    if names is None and iob2 and delimiter == "tab" and width >= 3:
        names = [None, "token", "ner"] + [None] * (width - 3)
    if names is None and width < 2:
        raise FormatError(
            path, None, "there is only one column: separate token and tags with tabs or spaces"
        )
    if names is None:
        names = _name_columns(sample, delimiter, width)
    return Layout(
        format="columns",
        delimiter=delimiter,
        columns={i: name for i, name in enumerate(names, start=1) if name is not None},
        skipped=tuple(i for i, name in enumerate(names, start=1) if name is None),
    )


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
        f"({delimiter}-separated: {', '.join(names)}); mend the line, or name the columns of the "
        "file with --columns",
    )


def _name_columns(sample: Sequence[str], delimiter: Delimiter, width: int) -> list[str | None]:
    """Tell what each column holds from its values."""
    rows: list[list[str] | None] = []  # None between sentences
    for line in sample:
        if not line.strip(_BLANK):
            rows.append(None)
            continue
        fields = _split(line, delimiter)
        if _DOCSTART not in fields and len(fields) == width and not line.startswith("# "):
            rows.append(fields)
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
    """Whether the column numbers the tokens of each sentence."""
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
    """Whether a column's values are too many for tags, as lemmas are."""
    return len(count) > 1000 or (count.total() >= 200 and len(count) > 0.25 * count.total())
