"""Columns that number tokens, sentences or documents."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import Enum, auto
from itertools import groupby, pairwise

from tagger.lines import as_number

__all__ = ["Numbering", "n_runs", "numbering", "restarts"]

Rows = Sequence[Sequence[str] | None]
_NUMBER = re.compile(r"[-+]?\d+(?:[-.,]\d+)?")


class Numbering(Enum):
    """The things that the numbers of a column count."""

    TOKENS = auto()
    SENTENCES = auto()
    DOCUMENTS = auto()
    OTHER = auto()


def numbering(rows: Rows, column: int, within: int | None = None) -> Numbering | None:
    """Return what a column numbers; None where it has values that are not numbers.

    Args:
        rows: The rows, None between sentences.
        column: The column.
        within: A column whose change may start the numbers anew.
    """
    values = [row[column] for row in rows if row is not None]
    if not values or not values[0] or not all(_has_digit(value) for value in values if value):
        return None
    has_breaks = None in rows
    if has_breaks and _counts_tokens(rows, column):
        return Numbering.TOKENS
    runs = list(_runs(rows, column, within))
    names = [name for name, _, _ in runs]
    if len(set(names)) == len(names) and len(values) > len(names) > 1:
        is_longer = any(n_breaks for _, _, n_breaks in runs)
        return Numbering.DOCUMENTS if is_longer else Numbering.SENTENCES
    if not has_breaks and _counts_tokens(rows, column):
        return Numbering.TOKENS
    return Numbering.OTHER if all(map(_NUMBER.fullmatch, filter(None, values))) else None


def restarts(rows: Rows, column: int) -> bool:
    """Return whether numbers of tokens start anew where no empty line ends a sentence."""
    numbers = [as_number(row[column]) for row in rows if row is not None]
    return None not in rows and any(left >= right for left, right in pairwise(numbers))


def n_runs(rows: Rows, column: int) -> int:
    """Return how often the value of a column changes."""
    return sum(1 for _ in _runs(rows, column, None))


def _has_digit(value: str) -> bool:
    return any(map(str.isdigit, value))


def _counts_tokens(rows: Rows, column: int) -> bool:
    """Return whether a column counts the tokens of each sentence, or of the file."""
    if not all(row is None or row[column].isdecimal() for row in rows):
        return False
    sentences = [
        [as_number(row[column]) for row in group if row is not None]
        for is_row, group in groupby(rows, lambda row: row is not None)
        if is_row
    ]
    of_file = [number for sentence in sentences for number in sentence]
    if all(left < right for left, right in pairwise(of_file)):
        return True
    return all(
        numbers[0] in (0, 1) and all(b in (a + 1, 0, 1) for a, b in pairwise(numbers))
        for numbers in sentences
    )


def _runs(rows: Rows, column: int, within: int | None) -> Iterator[tuple[object, int, int]]:
    """Yield each value with the number of its rows and of the sentence ends among them."""
    value: object = None
    cell, n, n_breaks, is_open = "", 0, 0, False
    for row in rows:
        if row is None:
            is_open = n > 0
            continue
        cell = row[column] or cell
        current = (cell, None if within is None else row[within])
        if n and current != value:
            yield value, n, n_breaks
            n, n_breaks, is_open = 0, 0, False
        value, n = current, n + 1
        n_breaks += is_open
        is_open = False
    if n:
        yield value, n, n_breaks
