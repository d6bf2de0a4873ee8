"""The columns of a split in memory, where ``datasets`` is not installed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any


class MemoryRows:
    """A split as lists, with the methods of ``datasets.Dataset`` that reading one takes.

    A deployment that only predicts reads the corpora that it evaluates in this way. They must fit
    into memory.

    Args:
        columns: The values of each column, one for each row.

    >>> rows = MemoryRows({"tokens": [["John"], ["left", "."]], "ner": [["B-PER"], ["O", "O"]]})
    >>> len(rows), rows.column_names, rows.select_columns(["ner"])[:1]
    (2, ['tokens', 'ner'], {'ner': [['B-PER']]})
    """

    features: None = None
    cache_files: tuple[dict[str, Any], ...] = ()
    _fingerprint = ""

    def __init__(self, columns: Mapping[str, Sequence[Any]]) -> None:
        self._columns = dict(columns)

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, Any]], names: Iterable[str]) -> MemoryRows:
        """Collect rows that have all of the columns ``names``."""
        columns: dict[str, list[Any]] = {name: [] for name in names}
        for row in rows:
            for name, values in columns.items():
                values.append(row[name])
        return cls(columns)

    @property
    def column_names(self) -> list[str]:
        """The names of the columns."""
        return list(self._columns)

    def __len__(self) -> int:
        return len(next(iter(self._columns.values()), ()))

    def __getitem__(self, rows: slice) -> dict[str, Sequence[Any]]:
        return {name: values[rows] for name, values in self._columns.items()}

    def iter(self, batch_size: int) -> Iterator[dict[str, Sequence[Any]]]:
        """Yield the columns of at most ``batch_size`` rows at a time."""
        for start in range(0, len(self), batch_size):
            yield self[start : start + batch_size]

    def select_columns(self, names: Sequence[str]) -> MemoryRows:
        """Return the split with some of its columns."""
        return MemoryRows({name: self._columns[name] for name in names})

    def rename_columns(self, names: Mapping[str, str]) -> MemoryRows:
        """Return the split with new names, by old ones, for some of its columns."""
        return MemoryRows({names.get(old, old): values for old, values in self._columns.items()})

    def map(
        self, function: Callable[[dict[str, Any]], Mapping[str, Sequence[Any]]], **others: object
    ) -> MemoryRows:
        """Return the split with the columns that ``function`` computes from all columns."""
        return MemoryRows({**self._columns, **function(dict(self._columns))})
