"""Bulk taggings from and to an object store: a server on this machine that speaks S3."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pyarrow as pa
import pytest
from pyarrow import parquet

import tagger
from tagger.bulk_tagging.reporting import Progress, Reporter
from tagger.errors import Interrupted
from tests.helpers.commands import assert_one_line
from tests.helpers.tables import read_rows, write_parquet

pytest.importorskip("s3fs", reason="needs s3fs and moto[server]")
pytest.importorskip("moto.server", reason="needs s3fs and moto[server]")

# Of botocore and moto themselves.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def lake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The file system of a server with the bucket ``lake``."""
    import s3fs
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("no_proxy", "*")
    s3fs.S3FileSystem.clear_instance_cache()
    fs = s3fs.S3FileSystem()
    fs.mkdir("lake")
    yield fs
    s3fs.S3FileSystem.clear_instance_cache()
    urlopen(Request(f"{address}/moto-api/reset", method="POST")).close()
    server.stop()


@pytest.fixture
def table(lake: Any, tmp_path: Path) -> Path:
    """A table of three row groups, which is also at ``s3://lake/mails/day=1/a.parquet``."""
    path = write_parquet(tmp_path / "a.parquet", 25)
    lake.pipe("lake/mails/day=1/a.parquet", path.read_bytes())
    return path


class StopAfter(Reporter):
    """Interrupts after some shards."""

    def __init__(self, n: int) -> None:
        self.left = n

    def progress(self, progress: Progress) -> None:
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


def rows_at(fs: Any, pattern: str) -> list[dict[str, Any]]:
    files = (fs.cat_file(name) for name in sorted(fs.glob(pattern)))
    return [
        row for content in files for row in parquet.read_table(pa.BufferReader(content)).to_pylist()
    ]


def test_it_resumes_after_an_interruption(
    lake: Any, table: Path, model: Path, tmp_path: Path
) -> None:
    tagger.bulk(table, tmp_path / "out", model=model, workers=1)
    arguments = ("s3://lake/mails", "s3://lake/found")
    with pytest.raises(Interrupted) as stopped:
        tagger.bulk(*arguments, model=model, workers=1, reporter=StopAfter(1))
    assert stopped.value.path == "s3://lake/found"
    lake.invalidate_cache()
    assert len(lake.ls("lake/found/_done/day=1")) == 1
    summary = tagger.bulk(*arguments, model=model, workers=1)
    assert (summary.n_now, summary.n_finished, summary.n_shards) == (2, 3, 3)
    lake.invalidate_cache()
    assert rows_at(lake, "lake/found/day=1/*.parquet") == read_rows(tmp_path / "out")
    assert json.loads(lake.cat("lake/found/_manifest.json"))["text_column"] == "text"
    assert json.loads(lake.cat("lake/found/_summary.json"))["total"]["n_documents"] == 25
    assert not lake.exists("lake/found/_tmp")


def test_new_input_and_lost_output_are_taken_up(
    lake: Any, table: Path, model: Path, tmp_path: Path
) -> None:
    arguments = ("s3://lake/mails/*/*.parquet", "s3://lake/found")
    tagger.bulk(*arguments, model=model, workers=1)
    expected = rows_at(lake, "lake/found/day=1/*.parquet")
    lake.pipe("lake/mails/day=2/a.parquet", table.read_bytes())
    lake.rm("lake/found/day=1/a-00001.parquet")
    summary = tagger.bulk(*arguments, model=model, workers=1)
    assert (summary.n_now, summary.total.n_documents) == (4, 50)
    lake.invalidate_cache()
    for day in (1, 2):
        assert rows_at(lake, f"lake/found/day={day}/*.parquet") == expected


@pytest.mark.slow
def test_several_processes_write_what_one_writes(
    lake: Any, table: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("tagger.executors.processes", "tagger.bulk_tagging.run"):
        monkeypatch.setattr(f"{module}.n_cores", lambda: 2)
    for workers in (1, 2):
        tagger.bulk("s3://lake/mails", f"s3://lake/by-{workers}", model=model, workers=workers)
    one, two = (rows_at(lake, f"lake/by-{n}/day=1/*.parquet") for n in (1, 2))
    assert len(one) == 25
    assert one == two


def test_what_is_wrong_is_one_line(
    lake: Any, table: Path, model: Path, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("-m", model, "--workers", 1)
    result = run("bulk", "s3://lake/no.parquet", "-o", "s3://lake/found", *arguments)
    assert_one_line(result, 1, "s3://lake/no.parquet", "no such file")
    result = run("bulk", "s3://no-bucket/a.parquet", "-o", "s3://lake/found", *arguments)
    assert_one_line(result, 1, "s3://no-bucket/a.parquet")
    result = run("bulk", "s3://lake/mails", "-o", "s3://no-bucket/found", *arguments)
    assert_one_line(result, 1, "s3://no-bucket/found", "bucket")
    assert not lake.exists("no-bucket")
    lake.pipe("lake/other/notes.txt", b"x")
    result = run("bulk", "s3://lake/mails", "-o", "s3://lake/other", *arguments)
    assert_one_line(result, 2, "s3://lake/other", "notes.txt", "--output")
