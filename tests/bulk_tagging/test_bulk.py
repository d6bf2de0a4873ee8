"""`tagger bulk` and `tagger.bulk` from tables to tables."""

from __future__ import annotations

import bz2
import csv
import errno
import gzip
import json
import sys
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest

import tagger
from tagger.bulk_tagging.job import Job, Work, load_tagger
from tagger.bulk_tagging.reporting import Progress, Reporter
from tagger.bulk_tagging.state import locked
from tagger.bulk_tagging.storage import Folder
from tagger.errors import CorpusError, FormatError, ModelError, UsageError
from tagger.executors.board import Board
from tests.helpers.commands import assert_one_line
from tests.helpers.tables import read_rows, texts, write_parquet


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    write_parquet(tmp_path / "in" / "a.parquet", 25)
    write_parquet(tmp_path / "in" / "day=2" / "b.parquet", 10)
    return tmp_path / "in"


def test_rows_are_those_of_the_tagger(model: Path, tables: Path, tmp_path: Path) -> None:
    summary = tagger.bulk(tables, tmp_path / "out", model=model, workers=1, confidence=True)
    rows = read_rows(tmp_path / "out")
    assert [row["id"] for row in rows] == [*range(25), *range(10)]
    assert (summary.n_finished, summary.n_shards, summary.total.n_errors) == (4, 4, 0)
    documents = tagger.load(model).batch(texts(25), ["ner"], confidence=True)
    for row, document in zip(rows, documents, strict=False):
        assert [(e["start"], e["end"], e["label"], e["text"]) for e in row["entities"]] == [
            (e.start, e.end, e.label, e.text) for e in document.entities
        ]
        for entity, expected in zip(row["entities"], document.entities, strict=True):
            assert entity["confidence"] == pytest.approx(expected.confidence, abs=1e-2)
    n = sum(len(row["entities"]) for row in rows)
    assert sum(summary.total.n_entities.values()) == n > 0
    stored = json.loads((tmp_path / "out" / "_summary.json").read_text())
    assert stored["total"]["n_documents"] == 35


def test_labels_of_texts_are_a_column(intent_model: Path, tables: Path, tmp_path: Path) -> None:
    tagger.bulk(tables / "a.parquet", tmp_path / "out", model=intent_model, workers=1)
    rows = read_rows(tmp_path / "out")
    documents = tagger.load(intent_model).batch(texts(25))
    assert "tokens" not in rows[0]
    for row, document in zip(rows, documents, strict=True):
        label = document.labels["intent"]
        assert (row["labels"]["intent"] is None) == (label is None)
        if label is not None:
            assert row["labels"]["intent"]["label"] == label.label
            assert row["labels"]["intent"]["prob"] == pytest.approx(label.prob, abs=1e-2)


def test_tokens_and_sentences(model: Path, tables: Path, tmp_path: Path) -> None:
    tagger.bulk(tables / "a.parquet", tmp_path / "out", model=model, workers=1, tokens=True)
    documents = tagger.load(model).batch(texts(25))
    for row, document in zip(read_rows(tmp_path / "out"), documents, strict=True):
        assert row["tokens"] == [
            {"text": t.text, "start": t.start, "end": t.end, **t.tags} for t in document.tokens
        ]
        assert [(s["start"], s["end"]) for s in row["sentences"]] == document.sentences


def test_a_head_without_spans_has_tokens(model: Path, tables: Path, tmp_path: Path) -> None:
    tagger.bulk(tables, tmp_path / "out", model=model, workers=1, heads=["upos"])
    row = read_rows(tmp_path / "out")[0]
    assert "entities" not in row
    assert row["tokens"][1]["upos"] == "PROPN"


def test_the_output_mirrors_the_input(model: Path, tables: Path, tmp_path: Path) -> None:
    tagger.bulk(tables, tmp_path / "out", model=model, workers=1)
    names = sorted(
        p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.parquet")
    )
    assert names == [
        "a-00000.parquet", "a-00001.parquet", "a-00002.parquet", "day=2/b-00000.parquet",
    ]  # fmt: skip


def test_results_do_not_depend_on_workers(
    model: Path, tables: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("tagger.executors.processes", "tagger.bulk_tagging.run"):
        monkeypatch.setattr(f"{module}.n_cores", lambda: 2)
    tagger.bulk(tables, tmp_path / "one", model=model, workers=1)
    tagger.bulk(tables, tmp_path / "two", model=model, workers=2)
    for path in (tmp_path / "one").rglob("*.parquet"):
        other = tmp_path / "two" / path.relative_to(tmp_path / "one")
        assert path.read_bytes() == other.read_bytes()


def test_parts_make_one_output(model: Path, tables: Path, tmp_path: Path) -> None:
    for i in (3, 1, 2):
        summary = tagger.bulk(tables, tmp_path / "out", model=model, workers=1, shard=f"{i}/3")
    assert summary.n_finished == summary.n_shards == 4
    assert len(read_rows(tmp_path / "out")) == 35


@pytest.mark.parametrize(
    "name", ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst", "a.csv", "a.txt", "a.txt.bz2", "a.arrow"]
)
def test_formats(name: str, model: Path, tmp_path: Path) -> None:
    path, rows = tmp_path / name, [{"id": i, "text": t, "n": i / 2} for i, t in enumerate(texts(9))]
    if ".jsonl" in name:
        content = "".join(json.dumps(row) + "\r\n" for row in rows).encode()
    elif name == "a.csv":
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, ["id", "text", "n"])
            writer.writeheader()
            writer.writerows(rows)
        content = path.read_bytes()
    elif name == "a.arrow":
        with pa.ipc.new_stream(path, pa.Table.from_pylist(rows).schema) as stream:
            stream.write_table(pa.Table.from_pylist(rows))
        content = path.read_bytes()
    else:
        content = "".join(row["text"] + "\n" for row in rows).encode()
    if name.endswith(".gz"):
        content = gzip.compress(content)
    if name.endswith(".zst"):
        content = pa.compress(content, "zstd", asbytes=True)
    if name.endswith(".bz2"):
        content = bz2.compress(content)
    path.write_bytes(content)
    has_columns = ".txt" not in name
    tagger.bulk(path, tmp_path / "out", model=model, workers=1, keep=["n"] if has_columns else [])
    found = read_rows(tmp_path / "out")
    expected = tagger.load(model).batch(texts(9))
    assert [len(row["entities"]) for row in found] == [len(d.entities) for d in expected]
    if has_columns:
        kind = str if name == "a.csv" else lambda value: value
        assert [(row["id"], row["n"]) for row in found] == [
            (kind(row["id"]), kind(row["n"])) for row in rows
        ]


def test_ranges_of_lines_lose_no_line(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"{i} Mary {'é' * (i % 7)}" for i in range(60)]
    path = tmp_path / "a.txt"
    path.write_text("\ufeff" + "\n".join(lines), encoding="utf-8")
    for size in (1, 13, 64, 10_000):
        monkeypatch.setattr("tagger.bulk_tagging.sources.lines.RANGE", size)
        tagger.bulk(path, tmp_path / str(size), model=model, workers=1, tokens=True)
        rows = read_rows(tmp_path / str(size))
        assert [row["tokens"][0]["text"] for row in rows] == [str(i) for i in range(60)]


def test_documents(model: Path, tmp_path: Path) -> None:
    for i, text in enumerate(texts(3)):
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / f"{i}.txt").write_text(text + "\nMary left.\n")
    tagger.bulk(tmp_path / "in", tmp_path / "out", model=model, workers=1, document=True)
    rows = read_rows(tmp_path / "out")
    assert [Path(row["id"]).name for row in rows] == ["0.txt", "1.txt", "2.txt"]
    assert all(row["entities"][-1]["text"] == "Mary" for row in rows)


def test_json_lines_out_and_urls(model: Path, tables: Path) -> None:
    import fsspec

    tagger.bulk(tables / "a.parquet", "memory://out", model=model, workers=1, output_format="jsonl")
    fs = fsspec.filesystem("memory")
    lines = fs.cat_file("/out/a-00000.jsonl").decode().splitlines()
    assert [json.loads(line)["id"] for line in lines] == list(range(10))
    assert not fs.glob("/out/_tmp/*")
    again = tagger.bulk(
        tables / "a.parquet", "memory://out", model=model, workers=1, output_format="jsonl"
    )
    assert (again.n_now, again.n_finished) == (0, 3)
    fs.rm("/out", recursive=True)


# -- Rows that cannot be tagged


def test_bad_rows_have_an_error(model: Path, tmp_path: Path, run) -> None:
    path = tmp_path / "a.jsonl"
    rows = [
        b'{"id": 1, "text": "Mary left."}',
        b'{"id": 2, "text": null}',
        b'{"id": 3, "text": 7}',
        b'{"id": 4}',
        b"{not JSON",
        b'{"id": 6, "text": "\xff"}',
        b'{"id": 7, "text": "' + b"Mary " * 300_000 + b'"}',
        b"[1, 2]",
        b'{"id": "x", "text": "Mary left."}',
        b'{"id": 10, "text": ""}',
    ]
    path.write_bytes(b"\n".join(rows))
    result = run("bulk", path, "-o", tmp_path / "out", "-m", model, "--workers", 1)
    assert result.code == 3
    assert "a-00000.parquet" in result.out
    found = read_rows(tmp_path / "out")
    assert len(found) == len(rows)
    wrong = [i for i, row in enumerate(found) if row["error"]]
    assert wrong == [1, 2, 3, 4, 5, 6, 7, 8]
    assert all(found[i]["entities"] is None for i in wrong)
    assert [found[i]["id"] for i in (1, 2, 3, 6)] == [2, 3, 4, 7]
    assert [len(found[i]["entities"]) for i in (0, 9)] == [1, 0]
    assert_one_line(
        run("bulk", path, "-o", tmp_path / "f", "-m", model, "--workers", 1, "--fail-fast"),
        1, "row 2", "null",
    )  # fmt: skip
    assert not list((tmp_path / "f").rglob("*.parquet"))


def test_csv_rows_with_errors(model: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b'id,text\n1,"Mary\nleft"\n2\n3,"\xff"\n4,John,x\n5,Kim\n')
    summary = tagger.bulk(path, tmp_path / "out", model=model, workers=1)
    assert [bool(row["error"]) for row in read_rows(tmp_path / "out")] == [
        False, True, True, True, False,
    ]  # fmt: skip
    assert summary.total.n_errors == 3


def test_tables_and_lines_in_one_folder(model: Path, tmp_path: Path, run) -> None:
    """A type that a table states holds for lines, which are read as it where they can be."""
    folder = tmp_path / "in"
    write_parquet(folder / "a.parquet", 2)
    (folder / "b.jsonl").write_text('{"id": 5, "text": "Mary left."}\n{"id": "x", "text": ""}\n')
    (folder / "c.csv").write_text("id,text\n7,Mary left.\n,Mary left.\ny,Mary left.\n")
    (folder / "d.txt").write_text("Mary left.\n")
    summary = tagger.bulk(folder, tmp_path / "out", model=model, workers=1)
    rows = read_rows(tmp_path / "out")
    assert [row["id"] for row in rows] == [0, 1, 5, None, 7, None, None, None]
    assert [i for i, row in enumerate(rows) if row["error"]] == [3, 6]
    assert summary.total.n_errors == 2
    write_parquet(folder / "a.parquet", 2, id=[[1], [2]])
    result = run("bulk", folder, "-o", tmp_path / "other", "-m", model, "--workers", 1)
    assert_one_line(result, 2, "b.jsonl", "'id'", "list<element: int64>", "a.parquet")


def test_files_that_are_not_text(model: Path, tmp_path: Path, run) -> None:
    good = write_parquet(tmp_path / "a.parquet", 2)
    for name in ("b.csv", "b.txt", "b.jsonl"):
        (tmp_path / name).write_bytes("id,text\n1,Mary\n".encode("utf-16"))
        result = run("bulk", tmp_path / name, "-o", tmp_path / "no", "-m", model, "--workers", 1)
        assert_one_line(result, 1, name, "UTF-16", "iconv")
        out = tmp_path / f"{name}.out"
        tagger.bulk([good, tmp_path / name], out, model=model, workers=1)
        assert ["UTF-16" in (row["error"] or "") for row in read_rows(out)] == [False, False, True]
    assert not (tmp_path / "no").exists()
    (tmp_path / "c.csv").write_bytes("prénom,text\nJosé,Mary left.\n".encode("latin-1"))
    tagger.bulk(tmp_path / "c.csv", tmp_path / "c", model=model, workers=1)
    assert [row["error"] for row in read_rows(tmp_path / "c")] == [None]
    (tmp_path / "d.csv").write_text("id;text\n1;Mary left.\n")
    result = run("bulk", tmp_path / "d.csv", "-o", tmp_path / "no", "-m", model, "--workers", 1)
    assert_one_line(result, 2, "id;text", "commas", ".tsv")


def test_damaged_files_have_errors(model: Path, tmp_path: Path) -> None:
    good = write_parquet(tmp_path / "in" / "good.parquet", 30)
    content = bytearray(good.read_bytes())
    (tmp_path / "in" / "cut.parquet").write_bytes(content[:-100])
    content[60:110] = b"x" * 50  # in a column of the first row group
    (tmp_path / "in" / "hole.parquet").write_bytes(content)
    lines = gzip.compress(b'{"id": 1, "text": "Mary left."}\n' * 20_000)
    (tmp_path / "in" / "lines.jsonl.gz").write_bytes(lines[:-30])
    summary = tagger.bulk(tmp_path / "in", tmp_path / "out", model=model, workers=1)
    rows = read_rows(tmp_path / "out")
    assert sum(row["error"] is None for row in rows) >= 50
    assert summary.total.n_errors == sum(row["error"] is not None for row in rows) >= 3
    assert any("damaged" in error.message for error in summary.total.errors)


# -- Again


def test_it_resumes_and_takes_up_new_input(model: Path, tables: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    tagger.bulk(tables, out, model=model, workers=1)
    before = (out / "a-00001.parquet").read_bytes()
    (out / "a-00001.parquet").unlink()
    (out / "a-00002.parquet").write_bytes(b"cut")
    write_parquet(tables / "c.parquet", 5)
    summary = tagger.bulk(tables, out, model=model, workers=1)
    assert (summary.n_now, summary.n_shards) == (3, 5)
    assert (out / "a-00001.parquet").read_bytes() == before
    write_parquet(tables / "c.parquet", 6)
    summary = tagger.bulk(tables, out, model=model, workers=1)
    assert (summary.n_now, summary.total.n_documents) == (1, 41)


def test_another_job_is_refused(model: Path, tables: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    tagger.bulk(tables, out, model=model, workers=1)
    with pytest.raises(UsageError, match="confidence no, now yes") as error:
        tagger.bulk(tables, out, model=model, workers=1, confidence=True)
    assert error.value.path == str(out)
    with pytest.raises(UsageError, match="input that is not given"):
        tagger.bulk(tables / "a.parquet", out, model=model, workers=1)
    summary = tagger.bulk(
        tables / "a.parquet", out, model=model, workers=1, confidence=True, force=True
    )
    assert summary.n_now == summary.n_shards == 3
    assert not (out / "day=2" / "b-00000.parquet").exists()


def test_folders_of_others_are_not_touched(model: Path, tables: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("x")
    for force in (False, True):
        with pytest.raises(UsageError, match="other files"):
            tagger.bulk(tables, out, model=model, workers=1, force=force)
    assert [p.name for p in out.iterdir()] == ["mine.txt"]


# -- Wrong usage


@pytest.mark.parametrize(
    ("options", "code", "parts"),
    [
        (["--text-column", "txt"], 2, ["'txt'", "did you mean 'text'", "a.parquet"]),
        (["--text-column", "id"], 2, ["'id'", "int64", "--text-column"]),
        (["--keep", "dat"], 2, ["'dat'"]),
        (["--id-column", "ids"], 2, ["did you mean 'id'"]),
        (["--executor", "rya"], 2, ["did you mean 'ray'"]),
        (["--format", "xml"], 2, ["parquet, jsonl"]),
        (["--shard", "0/2"], 2, ["1/8"]),
        (["--ray-address", "x:1"], 2, ["--executor ray"]),
        (["--heads", "nre"], 2, ["did you mean 'ner'"]),
        (["--workers", "5000"], 2, ["cores", "--workers"]),
        ([""], 2, ["empty"]),
    ],
)
def test_wrong_options(
    options: list[str], code: int, parts: list[str], model: Path, tables: Path, tmp_path: Path, run
) -> None:
    result = run("bulk", tables, "-o", tmp_path / "out", "-m", model, *options)
    assert_one_line(result, code, *parts)
    assert not (tmp_path / "out").exists()


def test_models_that_workers_do_not_see(model: Path, tables: Path, tmp_path: Path) -> None:
    tagger.bulk(tables / "a.parquet", tmp_path / "out", model=model, workers=1)
    job = msgspec.json.decode((tmp_path / "out" / "_manifest.json").read_bytes(), type=Job)
    for changed, message in (
        ({"model": str(tmp_path / "gone")}, "cannot see"),
        ({"model_digest": "0"}, "another model"),
    ):
        elsewhere = msgspec.structs.replace(job, **changed)
        with pytest.raises(ModelError, match=message) as error:
            load_tagger(Work(job=elsewhere, schema=b"", output=str(tmp_path / "out")))
        assert error.value.path == elsewhere.model


def test_inputs_of_other_schemas(model: Path, tables: Path, tmp_path: Path) -> None:
    write_parquet(tables / "c.parquet", 2, id=["x", "y"])
    with pytest.raises(UsageError, match=r"'id' is string, and int64 in .*a\.parquet"):
        tagger.bulk(tables, tmp_path / "out", model=model, workers=1)


def test_outputs_that_are_no_folder(model: Path, tables: Path, tmp_path: Path) -> None:
    for path in (tables / "a.parquet", Path("/dev/full")):
        with pytest.raises(UsageError, match="is a file") as error:
            tagger.bulk(tables, path, model=model, workers=1)
        assert error.value.path == str(path)
    with pytest.raises(UsageError, match="other parts"):
        tagger.bulk(tables, tmp_path / "out", model=model, shard="1/2", workers=1, force=True)


def test_a_full_disk_leaves_no_partial_file(model: Path, tables: Path, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))  # the manifest fits
    try:
        with pytest.raises(OSError) as error:
            tagger.bulk(tables, tmp_path / "out", model=model, workers=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert error.value.errno == errno.EFBIG
    assert str(error.value.filename).endswith("a-00000.parquet")
    assert not list((tmp_path / "out").rglob("*.parquet*"))
    assert tagger.bulk(tables, tmp_path / "out", model=model, workers=1).n_finished == 4


def test_two_at_once(model: Path, tables: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with locked(Folder(str(out)), (1, 1)), pytest.raises(UsageError, match="another process"):
        tagger.bulk(tables, out, model=model, workers=1)


def test_a_json_array_is_named(model: Path, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[{"text": "Mary left."}]')
    with pytest.raises(FormatError, match="JSON array"):
        tagger.bulk(tmp_path / "a.json", tmp_path / "out", model=model, workers=1)


def test_ray_is_an_extra(
    model: Path, tables: Path, tmp_path: Path, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    result = run("bulk", tables, "-o", tmp_path / "out", "-m", model, "--executor", "ray")
    assert_one_line(result, 1, "Ray", "pip install", "[ray]")


def test_inputs_that_are_not_there(model: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name, message in (("no", "no such"), ("*.parquet", "matches"), ("empty", "no file")):
        with pytest.raises(CorpusError, match=message):
            tagger.bulk(tmp_path / name, tmp_path / "out", model=model, workers=1)
    with pytest.raises(UsageError):
        tagger.bulk("nosuch://x/a.parquet", tmp_path / "out", model=model, workers=1)
    assert not (tmp_path / "out").exists()


def test_one_file_by_several_names(
    model: Path, tables: Path, tmp_path: Path, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given = [tables, tables / "a.parquet", "in/a.parquet", "./in/../in/a.parquet"]
    summary = tagger.bulk(given, "out", model=model, workers=1)
    assert summary.total.n_documents == 35
    (tables / "broken.parquet").symlink_to("nothing")
    result = run("bulk", tables, "-o", "other", "-m", model, "--workers", 1)
    assert_one_line(result, 1, "broken.parquet", "no such file")


def test_files_that_would_have_one_name(model: Path, tmp_path: Path) -> None:
    paths = [write_parquet(tmp_path / name / "a.parquet", 3) for name in "xy"]
    with pytest.raises(UsageError, match="the same name"):
        tagger.bulk(paths, tmp_path / "out", model=model, workers=1)
    tagger.bulk(tmp_path / "*" / "a.parquet", tmp_path / "out", model=model, workers=1)
    assert len(read_rows(tmp_path / "out")) == 6


@pytest.mark.parametrize("name", ["a.parquet", "a.jsonl", "a.jsonl.gz"])
def test_progress_within_a_shard(
    name: str, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    lines = b"".join(json.dumps({"text": text}).encode() + b"\n" for text in texts(5000))
    if name == "a.parquet":
        write_parquet(path, 5000, group=5000)
    else:
        path.write_bytes(gzip.compress(lines) if name.endswith(".gz") else lines)
    monkeypatch.setattr("tagger.executors.local._EVERY", 0.0)
    seen = []

    class Watch(Reporter):
        def progress(self, progress: Progress) -> None:
            measures = progress.measures()
            seen.append((measures["documents"], measures["share"], measures["finished"]))

    tagger.bulk(path, tmp_path / "out", model=model, workers=1, reporter=Watch())
    assert [n for n, _, _ in seen] == [1000, 2000, 3000, 4000, 5000, 5000]
    assert [n for _, _, n in seen] == [0, 0, 0, 0, 0, 1]
    shares = [share for _, share, _ in seen]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    if not name.endswith(".gz"):  # how much of it is read is not known
        assert 0.15 < shares[0] < 0.25


def test_progress_of_workers_is_summed() -> None:
    board = Board(3)
    board.write(0, (1.0, 2.0, 3.0))
    board.write(2, (10.0, 20.0, 30.0))
    assert board.total([0, 2]) == (11.0, 22.0, 33.0)
    assert board.total([]) == board.total([1]) == (0.0, 0.0, 0.0)


def test_progress_for_machines(model: Path, tables: Path, tmp_path: Path, run) -> None:
    result = run("bulk", tables, "-o", tmp_path / "out", "-m", model, "--workers", 1, "--json")
    events = [json.loads(line) for line in result.out.splitlines()]
    assert events[-1]["event"] == "summary"
    assert events[-2]["share"] == 1
    assert events[-1]["summary"]["total"]["n_documents"] == 35
