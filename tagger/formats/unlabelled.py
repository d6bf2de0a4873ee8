"""Files of annotations that are given for raw text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from tagger.errors import CorpusError, FormatError
from tagger.lines import JSON_SUFFIXES, plain_suffix, read_lines
from tagger.schemes import OUTSIDE, is_tag

__all__ = ["TEXT_SUFFIXES", "check_is_text", "has_corpus_suffix", "is_annotated", "is_columns"]

TEXT_SUFFIXES = (".txt", ".text", ".md", "", *JSON_SUFFIXES)
"""Suffixes of files of text."""
_ALSO_TEXT = (".csv", ".tsv", ".xml", ".sgml", ".parquet")
"""Those of formats that may also hold raw text."""
_N_LINES = 50
_LEAST = 4
"""Fewer lines may end with what looks like a tag by chance."""
_CONLLU = 10


def check_is_text(path: Path) -> None:
    """Check that a file is not one of annotated sentences, whose columns would be tagged as words.

    Raises:
        FormatError: It is.
    """
    try:
        found = path.is_file() and is_annotated(path)
    except CorpusError:  # which reading the text reports
        return
    if found:
        raise FormatError(
            path,
            None,
            "a corpus of annotated sentences, not text",
            hint="take its text with `tagger convert FILE texts.jsonl --to doccano`, or score a "
            "model on it with `tagger evaluate`",
        )


def is_annotated(path: Path) -> bool:
    """Return whether a file holds annotations, by its suffix or its first lines.

    Raises:
        CorpusError: It cannot be read.
        FormatError: It is not text.
    """
    suffix = plain_suffix(path)
    if suffix in JSON_SUFFIXES:
        return False
    if _has_annotated_suffix(suffix):
        return True
    return is_columns([line for _, line in islice(read_lines(path), _N_LINES)])


def _has_annotated_suffix(suffix: str) -> bool:
    """Return whether only files of annotations have a suffix."""
    return suffix not in _ALSO_TEXT and has_corpus_suffix(suffix)


def has_corpus_suffix(suffix: str) -> bool:
    """Return whether files of annotations have a suffix, and files of plain text have not."""
    if suffix in TEXT_SUFFIXES:
        return False
    from tagger.formats.table import FORMATS  # else not needed

    return any(row.has_suffix(suffix) for row in FORMATS.values())


def is_columns(lines: Sequence[str]) -> bool:
    """Return whether lines are of CoNLL-U, or of tokens that all have a span tag.

    >>> is_columns(["John B-PER", "left O", "", "Kim B-PER", "stayed O"])
    True
    >>> is_columns(["John left", "his bottle of vitamin O"])
    False
    """
    rows = [line.split("\t") for line in lines if line.strip() and line[:1] != "#"]
    if rows and all(len(row) == _CONLLU and row[0][:1].isdecimal() for row in rows):
        return True
    rows = [row if len(row) > 1 else row[0].split() for row in rows]
    if len(rows) < _LEAST or len({len(row) for row in rows}) > 1 or len(rows[0]) < 2:
        return False
    columns = ({row[i].strip() for row in rows} for i in (0, -1))
    return any(all(map(is_tag, tags)) and tags != {OUTSIDE} for tags in columns)
