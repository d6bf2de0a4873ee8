"""Parquet that is read in pieces has the values and types that `pyarrow` reads at once."""

from __future__ import annotations

import decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from tagger.formats import bounded_parquet
from tagger.formats.bounded_parquet import batches, plain

N = 60
COLUMNS = {
    "string": pa.array(["a", "b", None] * 20),
    "large": pa.array(["a", "b", None] * 20, pa.large_string()),
    "view": pa.array(["a", "b", None] * 20).cast(pa.string_view()),
    "binary": pa.array([b"a", b"\xff", None] * 20),
    "category": pa.array(["x", "y"] * 30).dictionary_encode(),
    "list": pa.array([["a", "bcd"], [], None, ["c"]] * 15),
    "struct": pa.array([{"a": "x", "b": ["p", "q"], "c": 1}, None] * 30),
    "map": pa.array([[("k", "v")], [("l", "v"), ("a", "b")]] * 30, pa.map_("string", "string")),
    "decimal": pa.array([decimal.Decimal("1.5")] * N),
    "lists": pa.array([[["a"], ["b", "c"]]] * N),
    "views": pa.array([["a", "b"]] * N, pa.list_(pa.string_view())),
    "vector": pa.array([[1.0, 2.0]] * N, pa.list_(pa.float32(), 2)),
    "words": pa.array([["a", "b"]] * N, pa.list_(pa.string(), 2)),
    "fixed": pa.array([b"abcd"] * N, pa.binary(4)),
    "number": pa.array(range(N)),
    "null": pa.nulls(N),
}


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("most", [bounded_parquet.MAX_BATCH, 1000])
def test_every_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, most: int):
    monkeypatch.setattr(bounded_parquet, "MAX_BATCH", most)
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({name: COLUMNS[name], "other": range(N)}), path, row_group_size=25)
    kind = parquet.read_schema(path).field(name).type
    given = list(batches(path, "a", size=path.stat().st_size, rows=20, columns=[name]))
    assert [one.num_columns for one in given] == [1] * len(given)
    assert (len(given) > 5) == (most == 1000)
    columns = [plain(one.column(0), kind) for one in given]
    assert [value for one in columns for value in one.to_pylist()] == COLUMNS[name].to_pylist()
    assert {one.type for one in columns} == {kind}
