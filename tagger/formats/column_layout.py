"""The layout of column files, detected from their first lines, with the reasons."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path

from tagger.errors import FormatError, UsageError
from tagger.formats import column_header
from tagger.formats.column_marks import are_marks, has_no_space
from tagger.formats.column_numbers import Numbering, n_runs, numbering, restarts
from tagger.formats.fields import (
    BLANK,
    find_delimiter,
    may_be_comment,
    parse_delimiter,
    split,
    width_of,
)
from tagger.formats.records import RESERVED, TOKEN_KEYS, Columns, Delimiter, Layout
from tagger.formats.spelling import find_spelling, looks_like_spans
from tagger.lines import plain_suffix, read_rows
from tagger.schemes import OUTSIDE

__all__ = ["DOCSTART", "detect_layout", "parse_columns"]

DOCSTART = "-DOCSTART-"
_MAX_COLUMNS = 1_000
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_CHUNKS = frozenset({"NP", "VP", "PP"})
_UPOS = frozenset(
    {
        *("ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON"),
        *("PROPN", "PUNCT", "SCONJ", "SYM", "VERB", "X", "_"),
    }
)
_EMPTY = frozenset({"-", "_", "", "*"})
_SAMPLE = 20_000  # lines from which the layout is found
_TAGS = 1000  # distinct tags of a column of spans
_CONSTANT = 10  # tokens that must have the same word for a column to be constant
_SHOWN = 3
_CONLL2012 = 11  # columns before those of predicates
_BRACKETS = re.compile(r"(?:\([^()*\s]+)?\*?\)?")
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_GLOBAL = re.compile(r"#\s*global\.columns\s*=\s*(.*)")


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


_SENTENCE = "sentence"
"""Names a column whose change ends a sentence."""


def detect_layout(paths: Sequence[Path], names: str | Columns | None = None) -> Layout:
    """Find the delimiter and the columns from the first lines of the first file.

    Args:
        paths: The files, the training part of a corpus first.
        names: What the user states.

    Raises:
        FormatError: The file has no sentences, only one column, or columns that are in doubt.
        UsageError: What the user states is impossible.
    """
    stated = Columns.of(names)
    columns = parse_columns(stated.names) if stated.names else None
    table = _Table.read(paths[0], stated, columns)
    is_universal_ner = plain_suffix(paths[0]) == ".iob2" and table.delimiter == "tab"
    if columns is None and is_universal_ner and table.width >= 3:
        columns = [None, "token", "ner"] + [None] * (table.width - 3)
    if columns is None and table.width < 2:
        raise FormatError(
            paths[0],
            None,
            f"there is only one column: {', '.join(row[0] for row in table.head)}",
            hint="separate token and tags with tabs or spaces, or name what does with {delimiter}",
        )
    if columns is not None:
        sentences = columns.index(_SENTENCE) + 1 if _SENTENCE in columns else 0
        named = _Named([None if name == _SENTENCE else name for name in columns])
        named.sentences = sentences
    elif table.is_conll2012:
        named = _conll2012()
    else:
        if stated.header is None and not table.header:
            _check_first_row(table)
        named = _name_columns(table)
    names_of = dict(enumerate(named.names, start=1))
    unread = [i for i, name in names_of.items() if name is None and i <= table.width]
    marks = next((i for i in unread if are_marks(table.counts[i - 1])), 0)
    bracketed = tuple(
        i
        for i, name in names_of.items()
        if name not in (None, "token") and table.is_bracketed(i - 1)
    )
    return Layout(
        format="conll",
        title=f"{table.delimiter.removesuffix('s')}-separated",
        delimiter=table.delimiter,
        columns={i: name for i, name in names_of.items() if name is not None},
        skipped=tuple(i for i, name in names_of.items() if name is None),
        why={i: why for i, why in sorted(named.why.items()) if why},
        header=table.header,
        sentences=named.sentences,
        documents=named.documents,
        restarts=named.restarts,
        marks=marks,
        has_spaces=bool(marks) and any(map(has_no_space, table.counts[marks - 1])),
        brackets=bracketed,
        tags=table.span_tags([i for i, name in names_of.items() if name not in (None, "token")]),
        comment_prefix=stated.comment_prefix,
        is_quoted=table.is_quoted,
        is_open=table.is_conll2012,
    )


@dataclass
class _Named:
    """Names of columns, None for those that are skipped, and the reasons by number."""

    names: list[str | None]
    why: dict[int, str] = field(default_factory=dict)
    sentences: int = 0
    documents: int = 0
    restarts: int = 0

    def take(self, i: int, name: str, why: str) -> None:
        """Name a column, by its number if another column has the name."""
        self.names[i] = name if name not in self.names else f"column{i + 1}"
        self.why[i + 1] = why


@dataclass
class _Table:
    """The first lines of a file as rows of equal width.

    Attributes:
        path: The file.
        delimiter: What separates the columns.
        is_quoted: Whether fields may stand in quotes.
        width: The number of columns of most lines.
        header: The line that names the columns; empty where there is none.
        names: What its fields stand for.
        rows: The rows, None between sentences.
        is_conll2012: Whether the columns are those of CoNLL-2012.
    """

    path: Path
    delimiter: Delimiter
    is_quoted: bool
    width: int
    header: str
    names: list[str]
    rows: list[list[str] | None]
    is_conll2012: bool

    @classmethod
    def read(cls, path: Path, stated: Columns, columns: Sequence[str | None] | None) -> _Table:
        """Read the beginning of a file.

        Raises:
            FormatError: It has no sentences, or too many columns.
        """
        sample = [line for _, line in islice(read_rows(path), _SAMPLE)]
        prefix = stated.comment_prefix
        data = [x for x in sample if x.strip(BLANK) and not may_be_comment(x, prefix)]
        data = [line for line in data if not line.startswith(DOCSTART)] or data
        if not data:
            raise FormatError(path, None, "the file has no sentences")
        if stated.delimiter:
            delimiter = parse_delimiter(stated.delimiter)
        else:
            delimiter = find_delimiter(path, data)
            n = None if columns is None else len(columns)
            if n is not None and width_of(data, delimiter) != n == width_of(data, "spaces"):
                delimiter = "spaces"
        is_quoted = delimiter not in ("tab", "spaces")
        width = width_of(data, delimiter)
        if width > _MAX_COLUMNS:  # each is compared with the others
            raise FormatError(
                path,
                None,
                f"{width:,} columns; at most {_MAX_COLUMNS:,} are read",
                hint="what separates the columns? State it with {delimiter}",
            )
        header, names = _header(path, data, delimiter, stated.header, is_quoted=is_quoted)
        if header and delimiter == "tab":
            is_quoted = _is_quoted(data)
        if not names and (match := next(filter(None, map(_GLOBAL.match, sample[:5])), None)):
            names = [column_header.head_named(one.split(":")[-1]) for one in match[1].split()]
        names = names if len(names) == width else []
        rows: list[list[str] | None] = []
        is_conll2012 = _is_conll2012(sample, data, delimiter) and columns is None
        for line in sample:
            fields = split(line, delimiter, is_quoted=is_quoted)
            if not any(one.strip() for one in fields):
                rows.append(None)
            elif line == header or may_be_comment(line, prefix) or DOCSTART in fields:
                continue
            elif is_conll2012 and len(fields) > _CONLL2012:
                rows.append([*fields[:_CONLL2012], fields[-1]][:_CONLL2012])
            elif len(fields) == width:
                rows.append([one.strip() for one in fields])
        if not any(rows):
            raise FormatError(path, None, "the file has no sentences")
        if is_conll2012:
            width = _CONLL2012
        return cls(path, delimiter, is_quoted, width, header, names, rows, is_conll2012)

    @cached_property
    def counts(self) -> list[Counter[str]]:
        """The values of each column."""
        return [Counter(row[i] for row in self.rows if row) for i in range(self.width)]

    @property
    def head(self) -> list[list[str]]:
        """The first rows."""
        return list(islice((row for row in self.rows if row), _SHOWN))

    @cached_property
    def n_rows(self) -> int:
        """The number of rows."""
        return sum(row is not None for row in self.rows)

    def shown(self, i: int, n: int = _SHOWN) -> str:
        """Return the first distinct values of a column."""
        values = [value for value in self.counts[i] if value] or ["nothing"]
        return ", ".join(values[:n])

    def is_span(self, i: int) -> bool:
        """Return whether a column has the tags of spans."""
        return self.is_bracketed(i) or looks_like_spans(self.counts[i])

    def is_bracketed(self, i: int) -> bool:
        """Return whether a column has entities in brackets over its rows."""
        if i >= self.width:
            return False
        values = self.counts[i].keys()
        return (
            any("(" in value for value in values)
            and any(")" in value for value in values)
            and all(value and _BRACKETS.fullmatch(value) for value in values)
            and all("*" in value or value.endswith(")") for value in values)
        )

    def n_labelled(self, i: int) -> int:
        """Return how many tokens are in spans."""
        return sum(n for tag, n in self.counts[i].items() if tag not in ("O", "o", *_EMPTY))

    def labels(self, i: int) -> set[str]:
        """Return the labels of the spans of a column."""
        if self.is_bracketed(i):
            return {found.strip("(*)") for found in self.counts[i]} - {""}
        spelling = find_spelling(self.counts[i])
        tags = self.counts[i] if spelling is None else spelling.tags.values()
        return {tag.split("-", 1)[1] for tag in tags if tag and "-" in tag}

    def span_tags(self, numbers: Sequence[int]) -> dict[int, list[str]]:
        """Return the tags of each column of spans."""
        return {
            i: sorted(self.counts[i - 1])[:_TAGS]
            for i in numbers
            if i <= self.width and not self.is_bracketed(i - 1) and self.is_span(i - 1)
        }

    def doubt(self, what: str) -> FormatError:
        """Return the error for columns that cannot be named."""
        columns = "; ".join(
            f"{i + 1}: {', '.join(row[i] for row in self.head)}" for i in range(self.width)
        )
        return FormatError(
            self.path,
            None,
            f"the columns are in doubt: {what} ({columns})",
            hint="name them with {columns=token,ner}, - for a column to skip",
        )


def _header(
    path: Path, data: Sequence[str], delimiter: Delimiter, stated: bool | None, *, is_quoted: bool
) -> tuple[str, list[str]]:
    """Return the line that names the columns and what its fields stand for, if there is one."""
    rows = [split(line, delimiter, is_quoted=is_quoted) for line in data]
    if stated is False or (stated is None and not column_header.is_header(rows[0], rows[1:])):
        return "", []
    return data[0], [column_header.head_named(one) for one in rows[0]]


def _is_quoted(data: Sequence[str]) -> bool:
    """Return whether fields between tabs are quoted as in CSV: a quotation mark is ``\"\"\"\"``."""
    fields = [one for line in data for one in line.split("\t") if one.startswith('"')]
    return any('""' in one[1:-1] for one in fields) and all(map(_QUOTED.fullmatch, fields))


def _is_conll2012(sample: Sequence[str], data: Sequence[str], delimiter: Delimiter) -> bool:
    rows = [split(line, delimiter) for line in data if not line.startswith("#")]
    return (
        delimiter == "spaces"
        and any("*" in row[5] and "*" in row[10] + "*" for row in rows if len(row) > _CONLL2012)
        and all(
            len(row) > _CONLL2012
            and row[1].isdigit()
            and row[2].isdigit()
            and _BRACKETS.fullmatch(row[10])
            for row in rows
        )
    )


def _conll2012() -> _Named:
    names = [None, None, None, "token", "pos", *[None] * 5, "ner"]
    skipped = ("document", "part", "token number", "", "", "parse", "lemma", "frameset", "sense")
    why = {i: f"{what} of CoNLL-2012" for i, what in enumerate((*skipped, "speaker"), 1) if what}
    return _Named([*names], why | {11: "entities in brackets, as in CoNLL-2012"})


def _name_columns(table: _Table) -> _Named:
    """Name each column by the header, or else by its values.

    Raises:
        FormatError: They are in doubt.
    """
    named = _Named([None] * table.width)
    header = table.names or [""] * table.width
    _number_columns(table, header, named)
    free = [i for i in range(table.width) if i + 1 not in named.why]
    is_span = {i: table.is_span(i) for i in free}
    token = _token_column(table, header, free, is_span)
    named.names[token] = "token"
    named.why[token + 1] = "by the header" if header[token] == "token" else "words"
    rest = [i for i in free if i != token]
    for i in list(rest):
        if why := _reason_to_skip(table, header[i], i, has_others=len(rest) > 1):
            named.why[i + 1] = why
            rest.remove(i)
    _name_spans(table, header, [i for i in rest if is_span[i]], named)
    for i in [i for i in rest if not is_span[i]]:
        if _is_free_text(table.counts[i]) and (len(rest) > 1 or table.n_rows >= 200):
            named.why[i + 1] = f"skipped: too many values for tags ({table.shown(i)}, …)"
            continue
        if why := _odd_tags(table.counts[i]):
            raise table.doubt(f"column {i + 1} {why}")
        name = "upos" if table.counts[i].keys() <= _UPOS else "pos"
        own = header[i] if header[i] != column_header.TAGS else ""
        if own and (own in column_header.HEADS or name in named.names):
            named.take(i, own, "by the header")
        else:
            named.take(i, name, f"tags such as {table.shown(i)}")
    if not any(name not in (None, "token") for name in named.names):
        raise table.doubt("none of them looks like tags")
    return named


def _check_first_row(table: _Table) -> None:
    """Refuse a first row that may name the columns, where that is in doubt.

    Raises:
        FormatError: Its tag fits no spelling, and without it those of the others do.
    """
    first = table.head[0]
    for i, value in enumerate(first):
        counts = table.counts[i]
        alone = find_spelling({value: 1, OUTSIDE: 1})
        is_spelled = alone is not None and alone.tags[value] != f"I-{value}"
        if counts[value] > 1 or table.n_rows < 3 or is_spelled:
            continue
        others = Counter({tag: n for tag, n in counts.items() if tag != value})
        found, without = find_spelling(counts), find_spelling(others)
        is_odd = found is None and without is not None
        # Among labels without letters a name of the column is one that nothing else has.
        is_label = (
            found is not None
            and found.tags[value] == f"I-{value}"
            and table.n_rows >= _CONSTANT
            and all(n > 1 for n in others.values())
        )
        if is_odd or is_label:
            raise FormatError(
                table.path,
                1,
                f"{value!r} is not a tag such as {_example(table, i, value)}: does the line name "
                f"the columns ({', '.join(first)})?",
                hint="if so, say {header=True}; else correct the tag, or say {header=False}",
            )


def _number_columns(table: _Table, header: Sequence[str], named: _Named) -> None:
    """Find columns that number tokens, sentences or documents, or hold other numbers."""
    may_number = ("", column_header.INDEX, column_header.SENTENCE, column_header.DOCUMENT)
    others = [i for i in range(table.width) if not table.is_span(i)]
    kinds = {i: numbering(table.rows, i) for i in others if header[i] in may_number}
    if "token" not in header and all(kinds.get(i) is not None for i in others):
        return  # tokens may be numbers, too
    for i, kind in kinds.items():
        if kind == Numbering.TOKENS or header[i] == column_header.INDEX:
            named.why[i + 1] = "skipped: numbers the tokens"
            if kind == Numbering.TOKENS and restarts(table.rows, i):
                named.restarts = i + 1
                named.why[i + 1] = "numbers the tokens; where it restarts, a sentence ends"
        elif kind == Numbering.OTHER:
            named.why[i + 1] = f"skipped: numbers ({table.shown(i)})"
        elif kind == Numbering.DOCUMENTS or header[i] == column_header.DOCUMENT:
            named.documents = i + 1
    sentences = [i for i, kind in kinds.items() if kind == Numbering.SENTENCES]
    sentences = [i for i in sentences if i + 1 != named.documents]
    sentences.sort(key=lambda i: n_runs(table.rows, i))
    if len(sentences) > 1 and not named.documents:
        named.documents = sentences.pop(0) + 1
    of_header = [i for i in kinds if header[i] == column_header.SENTENCE]
    anew = named.documents or (sentences[0] + 1 if sentences else 0)
    for i in [i for i, kind in kinds.items() if kind == Numbering.OTHER and anew]:
        if numbering(table.rows, i, anew - 1) == Numbering.SENTENCES and not of_header:
            of_header, named.documents = [i], anew
    if found := of_header or sentences:
        i = found[-1]
        named.sentences = i + 1
        named.why[i + 1] = f"number of the sentence ({table.shown(i, 2)}): its change ends one"
    if named.documents:
        i = named.documents - 1
        named.why[i + 1] = f"document ({table.shown(i, 2)})"


def _token_column(
    table: _Table, header: Sequence[str], free: Sequence[int], is_span: dict[int, bool]
) -> int:
    """Find the column of tokens: the first of words, or else (mit_movie_trivia) after its tag.

    Raises:
        FormatError: A later column looks more like words.
    """
    if "token" in header:
        return header.index("token")
    words = [i for i in free if not is_span[i] and not _is_constant(table, i)]
    words = words or [i for i in free if not is_span[i]]
    if not words:
        return free[0] if free else 0
    tags = [i for i in words if table.counts[i].keys() <= _UPOS]
    if tags == words[: len(tags)] and len(tags) < len(words):
        words = words[len(tags) :]
    first = words[0]
    for i in words[1:]:
        if table.n_rows >= 20 and len(table.counts[i]) > 3 * len(table.counts[first]):
            raise table.doubt(f"column {i + 1} has more different words than column {first + 1}")
    return first


def _reason_to_skip(table: _Table, role: str, i: int, *, has_others: bool) -> str:
    count = table.counts[i]
    if role in (column_header.SKIPPED, column_header.MARKS):
        return "skipped, by the header"
    if are_marks(count):
        return f"marks such as {next(value for value in count if value not in _EMPTY)}"
    if not set(count) - _EMPTY:
        return f"skipped: empty ({next(iter(count))})" if any(count) else "skipped: empty"
    if _is_constant(table, i) and has_others:
        return f"skipped: the same in all lines ({next(iter(count))})"
    return ""


def _is_constant(table: _Table, i: int) -> bool:
    values = table.counts[i].keys()
    if len(values) != 1 or table.n_rows < 2 or table.is_span(i):
        return False
    (value,) = values
    return value == "-X-" or not any(map(str.isalpha, value)) or table.n_rows >= _CONSTANT


def _name_spans(table: _Table, header: Sequence[str], spans: list[int], named: _Named) -> None:
    """Name the columns of spans: ``ner`` the one with the most entities, ``chunk`` phrases."""
    by_header = [i for i in spans if header[i] in column_header.HEADS]
    for i in by_header:
        named.take(i, header[i], "by the header")
    free = [i for i in spans if i not in by_header]
    for i in sorted(free, key=lambda i: (-table.n_labelled(i), -i)):
        name = "chunk" if table.labels(i) & _CHUNKS else "ner"
        own = header[i] if header[i] != column_header.TAGS else ""
        fewer = "; another column has more" if name in named.names and not own else ""
        if name in named.names and own:
            named.take(i, own, "by the header")
        else:
            named.take(i, name, f"spans such as {_example(table, i)}{fewer}")


def _example(table: _Table, i: int, without: str = "") -> str:
    inside = [tag for tag in table.counts[i] if tag not in ("O", "o", *_EMPTY, "?", without)]
    return ", ".join((inside or list(table.counts[i]))[:2])


def _odd_tags(count: Counter[str]) -> str:
    """Return why tags may be neither of spans nor of tokens; empty where nothing speaks for it."""
    known = [tag for tag in count if tag not in _EMPTY]
    if len(known) < len(count) and all(re.match(r"[BIESLU][-_].", tag) for tag in known):
        return f"has tags such as {known[0]} and no O: the others may be O, or not known"
    total = count.total()
    outside = sum(count[mark] for mark in ("O", "o"))
    if 0.1 * total <= outside:
        return f"has O ({outside:,} of {total:,} tokens) and tags in no known spelling of spans"
    shaped = sum(n for tag, n in count.items() if re.match(r"[BIESLU][-_].", tag))
    if 0.5 * total < shaped < total:
        return "has tags such as B-X, and others"
    return ""


def _is_free_text(count: Counter[str]) -> bool:
    """Return whether a column has too many values for tags, as lemmas do."""
    return len(count) > 1000 or (count.total() >= 200 and len(count) > 0.25 * count.total())
