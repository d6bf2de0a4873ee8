"""The fields of a line: what separates them, and which lines are comments."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import get_args

from tagger.errors import UsageError, unknown_name
from tagger.formats.records import Delimiter, Layout
from tagger.lines import plain_suffix
from tagger.schemes import is_tag

__all__ = [
    "BLANK",
    "MARKS",
    "begins_document",
    "find_delimiter",
    "is_comment",
    "may_be_comment",
    "parse_delimiter",
    "split",
    "width_of",
]

BLANK = " \t"
_SPACES = re.compile(r"[ \t]+")
MARKS: dict[Delimiter, str] = {"tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
_NAMED: dict[str, Delimiter] = {
    **{mark: name for name, mark in MARKS.items()},
    "\\t": "tab",
    " ": "spaces",
    "space": "spaces",
}
# What is a comment whatever the number of its words, which can be that of the columns.
_COMMENT = re.compile(
    r"#\s*(?:\S+(?: id)? = |newdoc\b|newpar\b|(?:begin|end) document\b)"
    r"|#\s+id\s+\S+(?:\s+\w+=\S*)*\s*$|#\s+https?://|##+\s"
)
_NEWDOC = re.compile(r"#\s*(?:newdoc\b|begin document\b|(?:\S*[\W_])?doc(?:ument)?(?:[_ ]id)?\s*=)")


def parse_delimiter(text: str) -> Delimiter:
    """Return the delimiter that a user names, or whose character it is.

    Raises:
        UsageError: It is none of them.
    """
    found = _NAMED.get(text, text)
    for name in get_args(Delimiter):
        if found == name:
            return name  # type: ignore[no-any-return]
    names = [name for name in get_args(Delimiter) if name]
    raise UsageError(unknown_name("delimiter", text, names), expected=names)


def split(line: str, delimiter: Delimiter, *, is_quoted: bool = False) -> list[str]:
    """Split a line into its fields."""
    if delimiter == "spaces":
        # str.split() would also break at no-break spaces and the like, part of some tokens.
        return _SPACES.split(line.strip(BLANK))
    mark = MARKS[delimiter]
    if is_quoted and '"' in line:
        # The library refuses fields of 128 KB, a limit of the whole process; no token is as long.
        with suppress(csv.Error):
            return next(csv.reader([line], delimiter=mark), [""])
    return line.split(mark)


def find_delimiter(path: Path, lines: Sequence[str]) -> Delimiter:
    """Find what separates the fields of lines: most of them have more than one."""
    order: list[Delimiter] = ["tab", "spaces", "comma", "semicolon", "pipe"]
    if plain_suffix(path) == ".csv":
        order = ["tab", "comma", "semicolon", "pipe", "spaces"]
    for delimiter in order:
        if width_of(lines, delimiter) > 1:
            return delimiter
    return "spaces"


def width_of(lines: Sequence[str], delimiter: Delimiter) -> int:
    """Return the number of fields that most lines have."""
    is_quoted = delimiter not in ("tab", "spaces")
    counts = Counter(len(split(line, delimiter, is_quoted=is_quoted)) for line in lines)
    return counts.most_common(1)[0][0] if counts else 0


def may_be_comment(line: str, prefix: str | None) -> bool:
    """Return whether a line may be a comment, before it is known how many columns there are."""
    if prefix is not None:
        return bool(prefix) and line.startswith(prefix)
    return line.startswith("# ") or _COMMENT.match(line) is not None


def is_comment(line: str, fields: Sequence[str], layout: Layout, *, is_inside: bool) -> bool:
    """Return whether a line is a comment and not a token ``#``, or one that begins with it.

    Args:
        line: The line.
        fields: Its fields.
        layout: The layout of the file.
        is_inside: Whether a token of its sentence stands before it.
    """
    if layout.comment_prefix is not None:
        return may_be_comment(line, layout.comment_prefix)
    if not line.startswith("#"):
        return False
    n, width = len(fields), layout.n_columns
    if n == width or (layout.is_open and n > width):
        if layout.delimiter == "spaces" and _COMMENT.match(line):
            return True
        return line[1:2] in BLANK and not _has_tags(fields, layout)
    if _COMMENT.match(line):
        return True
    if line[1:2] not in ("", *BLANK):
        return False
    # Within a sentence it may be a token whose columns are separated otherwise.
    last = _SPACES.split(line.strip(BLANK))[-1]
    return not (is_inside and (is_tag(last) or any(last in tags for tags in layout.tags.values())))


def begins_document(line: str) -> bool:
    """Return whether a comment marks the start of a document.

    >>> begins_document("# newdoc id = 1"), begins_document("# hipe2022:document_id = nzz")
    (True, True)
    """
    return _NEWDOC.match(line) is not None


def _has_tags(fields: Sequence[str], layout: Layout) -> bool:
    """Return whether a line has a tag in each column of spans."""
    return all(
        is_tag(fields[number - 1]) or fields[number - 1] in tags or not fields[number - 1].strip()
        for number, tags in layout.tags.items()
    )
