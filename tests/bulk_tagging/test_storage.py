"""Bulk taggings from and to other places than this machine's disks."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

import tagger
from tests.helpers.commands import assert_one_line
from tests.helpers.files_over_http import served
from tests.helpers.tables import read_rows, texts, write_parquet


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """The address of a server of tables."""
    pytest.importorskip("aiohttp")
    folder = tmp_path / "served"
    write_parquet(folder / "a.parquet", 25)
    lines = "".join(json.dumps({"id": i, "text": t}) + "\n" for i, t in enumerate(texts(25)))
    for name, content in {
        "a.jsonl": lines.encode(),
        "a.jsonl.gz": gzip.compress(lines.encode()),
        "a.jsonl.zst": pa.compress(lines.encode(), "zstd", asbytes=True),
    }.items():
        (folder / name).write_bytes(content)
    with served(folder) as found:
        yield found


@pytest.fixture
def memory() -> Iterator[object]:
    """A file system in memory; what it holds is removed."""
    import fsspec

    fs = fsspec.filesystem("memory")
    yield fs
    for path in ("/in", "/out"):
        if fs.exists(path):
            fs.rm(path, recursive=True)


@pytest.mark.parametrize("name", ["a.parquet", "a.jsonl", "a.jsonl.gz", "a.jsonl.zst"])
def test_input_over_http(address: str, name: str, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    summary = tagger.bulk(f"{address}/{name}", out, model=model, workers=1)
    assert (summary.total.n_documents, summary.total.n_errors) == (25, 0)
    here = tmp_path / "served" / name
    tagger.bulk(here, tmp_path / "local", model=model, workers=1)
    assert read_rows(out) == read_rows(tmp_path / "local")
    again = tagger.bulk(f"{address}/{name}", out, model=model, workers=1)
    assert again.n_now == 0


def test_http_is_not_written_to(address: str, model: Path, run) -> None:
    arguments = ("-m", model, "--workers", 1)
    result = run("bulk", f"{address}/a.parquet", "-o", f"{address}/out", *arguments)
    assert_one_line(result, 2, f"{address}/out", "--output")
    nobody = "ftp://127.0.0.1:9/out"
    result = run("bulk", f"{address}/a.parquet", "-o", nobody, *arguments)
    assert_one_line(result, 1, nobody, "reached")
    result = run("bulk", f"{address}/no.parquet", "-o", "memory://out", *arguments)
    assert_one_line(result, 1, f"{address}/no.parquet", "no such file")


def test_a_library_that_is_missing_is_named(
    model: Path, tmp_path: Path, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    result = run("bulk", "s3://lake/a.parquet", "-o", tmp_path / "out", "-m", model)
    assert_one_line(result, 1, "s3fs", "s3://lake/a.parquet")


def test_from_memory_to_memory(memory, model: Path, tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", 25)
    memory.pipe("/in/day=1/a.parquet", path.read_bytes())
    tagger.bulk("memory://in", "memory://out", model=model, workers=1)
    tagger.bulk(path, tmp_path / "out", model=model, workers=1)
    found = [
        row
        for name in sorted(memory.glob("/out/day=1/*.parquet"))
        for row in parquet.read_table(memory.open(name)).to_pylist()
    ]
    assert found == read_rows(tmp_path / "out")
    assert not memory.glob("/out/_tmp/*")
    # One output is gone, one has not arrived whole, and there is more input.
    memory.rm("/out/day=1/a-00000.parquet")
    memory.pipe("/out/day=1/a-00001.parquet", b"PAR1")
    memory.pipe("/in/day=2/a.parquet", path.read_bytes())
    again = tagger.bulk("memory://in", "memory://out", model=model, workers=1)
    assert (again.n_now, again.n_finished, again.total.n_documents) == (5, 6, 50)
