"""Small inputs that would take gigabytes: refused with the limit before any memory is taken."""

from __future__ import annotations

import bz2
import gzip
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pytest
from msgspec.structs import replace
from pyarrow import parquet

from tagger import lines
from tagger.bulk_tagging.sources import table
from tagger.bulk_tagging.sources.parquet import describe, read
from tagger.bulk_tagging.sources.rows import Rows, Shard, Source, Wanted
from tagger.errors import CorpusError, FormatError
from tagger.formats import bounded_parquet
from tagger.formats.bounded_parquet import batches
from tagger.formats.parquet import rows
from tagger.lines import read_lines
from tagger.training import limits
from tagger.training.preparation import prepare
from tagger.training.run import train
from tests.helpers.commands import assert_one_line
from tests.helpers.corpora import small_config


def test_a_docbin_that_unpacks_to_much_more(tmp_path: Path, run: Callable[..., Any]):
    bomb = tmp_path / "a.spacy"
    packer = zlib.compressobj(9)
    zeros = bytes(1 << 20)
    bomb.write_bytes(b"".join(packer.compress(zeros) for _ in range(100)) + packer.flush())
    assert bomb.stat().st_size < 200_000
    assert_one_line(run("convert", bomb, tmp_path / "b.conll"), 1, "64 MB", "a.spacy")


def zstd(content: bytes) -> bytes:
    return pyarrow.compress(content, codec="zstd", asbytes=True)


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, zstd])
def test_an_endless_line_in_a_compressed_file(tmp_path: Path, monkeypatch, compress):
    monkeypatch.setattr(lines, "MAX_LINE", 1 << 20)
    path = tmp_path / "a.txt.gz"
    path.write_bytes(compress(b"short\n" + b"a" * (2 << 20)))
    with pytest.raises(FormatError, match="1 MB") as raised:
        list(read_lines(path))
    assert (raised.value.path, raised.value.line) == (str(path), 2)
    path.write_bytes(compress(b"a" * (1 << 19) + b"\nb\n"))
    assert len(list(read_lines(path))) == 2


def dictionary_of_one(value: str, n: int) -> pyarrow.Array:
    """Return a value ``n`` times, which Parquet stores once."""
    indices = pyarrow.array(np.zeros(n, dtype=np.int32))
    return pyarrow.DictionaryArray.from_arrays(indices, pyarrow.array([value]))


def test_parquet_of_long_texts_is_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "a.parquet"
    column = dictionary_of_one("a" * 30_000, 40_000)  # 1.2 GB
    parquet.write_table(pyarrow.table({"text": column, "id": range(40_000)}), path)
    assert path.stat().st_size < 400_000
    monkeypatch.setattr(bounded_parquet, "MAX_BATCH", 1_000_000)
    given = batches(path, str(path), size=path.stat().st_size, rows=1000)
    lengths = [len(one) for _, one in zip(range(50), given, strict=False)]
    assert set(lengths) <= {32, 33, 8, 9, 10}
    wanted = Wanted("text", pyarrow.schema([("id", pyarrow.int64())]))
    (shard,) = describe(Source(str(path), "a", "parquet", size=path.stat().st_size)).shards
    found = [row for _, row in zip(range(40), read(shard, wanted), strict=False)]
    assert sum(len(row.texts) for row in found) < 1400
    assert [one for row in found for one in row.kept[0].to_pylist()][:1000] == list(range(1000))
    assert {text for row in found for text in row.texts} == {"a" * 30_000}


@pytest.mark.parametrize("n_sentences", [1, 20])
def test_parquet_of_endless_sentences(
    tmp_path: Path, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, n_sentences: int
):
    path = tmp_path / "train.parquet"
    n = 200_000
    offsets = pyarrow.array(range(0, n * n_sentences + 1, n), pyarrow.int32())
    values = (dictionary_of_one(one, n * n_sentences).cast("string") for one in ("word", "B-X"))
    lists = [pyarrow.ListArray.from_arrays(offsets, one) for one in values]
    parquet.write_table(pyarrow.table({"tokens": lists[0], "ner": lists[1]}), path)
    assert path.stat().st_size < 2000
    monkeypatch.setattr(bounded_parquet, "MAX_ROW", 10_000_000)
    monkeypatch.setattr(bounded_parquet, "MAX_BATCH", 1_000_000)
    monkeypatch.setattr(bounded_parquet, "LEAST_VALUES", 1_000_000)
    done = run("convert", path, tmp_path / "b.conll")
    assert_one_line(done, 1, "train.parquet", "10 MB" if n_sentences == 1 else "values in lists")


def test_parquet_without_the_columns_that_it_states(tmp_path: Path):
    path = tmp_path / "a.parquet"
    parquet.write_table(pyarrow.table({"tokens": [["a", "b"]]}), path)
    content = path.read_bytes()
    at = content.rindex(b"element")  # of the schema; that of the column's chunk stays
    path.write_bytes(content[:at].replace(b"element", b"elemenu", 1) + content[at:])
    with pytest.raises(FormatError):
        list(rows(path))


def test_parquet_of_pages_that_unpack_to_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "a.parquet"
    table = pyarrow.table({"text": ["a" * 1_000_000 + str(i) for i in range(20)]})
    parquet.write_table(table, path, compression="zstd", use_dictionary=False)
    monkeypatch.setattr(bounded_parquet, "LEAST_LIMIT", 1_000_000)
    with pytest.raises(FormatError, match="MB"):
        list(batches(path, "a", size=path.stat().st_size, rows=1000))
    (shard,) = describe(Source(str(path), "a", "parquet", size=path.stat().st_size)).shards
    (found,) = read(shard, Wanted("text", pyarrow.schema([])))
    assert found.texts == [None] * 20
    assert "MB" in found.problems[19]


def test_parquet_of_repeated_beginnings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bounded_parquet, "MAX_BATCH", 1_000_000)
    path = tmp_path / "a.parquet"
    encoding = {"use_dictionary": False, "column_encoding": "DELTA_BYTE_ARRAY"}
    parquet.write_table(pyarrow.table({"text": ["a" * 100_000] * 50}), path, **encoding)
    given = [len(one) for one in batches(path, "a", size=path.stat().st_size, rows=1000)]
    assert max(given) < 12
    assert sum(given) == 50
    parquet.write_table(pyarrow.table({"tokens": [["a" * 1000] * 50]}), path, **encoding)
    with pytest.raises(FormatError, match="tokens"):
        list(batches(path, "a", size=path.stat().st_size, rows=1000))


def arrow(path: Path, compression: str | None = None, **columns: pyarrow.Array) -> Shard:
    content = pyarrow.table(columns)
    options = pyarrow.ipc.IpcWriteOptions(compression=compression)
    with pyarrow.ipc.new_file(path, content.schema, options=options) as writer:
        writer.write_batch(content.combine_chunks().to_batches()[0])
    return describe_source(Source(str(path), "a", "arrow", size=path.stat().st_size))


def describe_source(source: Source) -> Shard:
    (shard,) = table.describe(source).shards
    return shard


def rows_of(shard: Shard, **kept: pyarrow.DataType) -> list[Rows]:
    return list(table.read(shard, Wanted("text", pyarrow.schema(list(kept.items())))))


@pytest.mark.parametrize("compression", ["lz4", "zstd"])
def test_arrow_that_unpacks_to_much_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compression: str
):
    shard = arrow(tmp_path / "a.arrow", compression, text=pyarrow.array(["a" * 1_000_000] * 100))
    texts = [text for rows in rows_of(shard) for text in rows.texts]
    assert texts == ["a" * 1_000_000] * 100
    monkeypatch.setattr(bounded_parquet, "LEAST_LIMIT", 20_000_000)
    monkeypatch.setattr(bounded_parquet, "MAX_RATIO", 20)
    (found,) = rows_of(shard)
    assert found.texts == [None]
    assert "MB" in found.problems[0]


def views_of_one(value: str, n: int) -> pyarrow.Array:
    _, view, *data = pyarrow.array([value], pyarrow.string_view()).buffers()
    views = pyarrow.py_buffer(view.to_pybytes() * n)
    return pyarrow.Array.from_buffers(pyarrow.string_view(), n, [None, views, *data])


@pytest.mark.parametrize("repeat", [dictionary_of_one, views_of_one])
def test_arrow_of_long_texts_is_read_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repeat: Callable[[str, int], pyarrow.Array]
):
    monkeypatch.setattr(bounded_parquet, "MAX_BATCH", 1_000_000)
    found = rows_of(arrow(tmp_path / "a.arrow", text=repeat("a" * 30_000, 200)))
    assert {len(rows.texts) for rows in found} <= {33, 2}
    assert [text for rows in found for text in rows.texts] == ["a" * 30_000] * 200


def with_offsets(kind: pyarrow.DataType, *offsets: int) -> pyarrow.Array:
    places = pyarrow.py_buffer(np.array(offsets, np.int32).tobytes())
    content: list[Any] = [None, places, pyarrow.py_buffer(b"a" * 1000)]
    return pyarrow.Array.from_buffers(kind, len(offsets) - 1, content)


def outside_of_dictionary() -> pyarrow.Array:
    indices = pyarrow.array([0, 1 << 20, 0], pyarrow.int32())
    return pyarrow.DictionaryArray.from_arrays(indices, pyarrow.array(["a"]), safe=False)


def outside_of_view() -> pyarrow.Array:
    _, view, *data = pyarrow.array(["a" * 100], pyarrow.string_view()).buffers()
    moved = view.to_pybytes()[:12] + (1 << 20).to_bytes(4, "little")
    content = [None, pyarrow.py_buffer(moved * 3), *data]
    return pyarrow.Array.from_buffers(pyarrow.string_view(), 3, content)


@pytest.mark.parametrize(
    "column",
    [
        with_offsets(pyarrow.string(), 0, 900, 0, 1000),
        with_offsets(pyarrow.string(), 0, 1 << 20, 0, 1000),
        outside_of_dictionary(),
        outside_of_view(),
    ],
)
def test_arrow_whose_offsets_lead_elsewhere(tmp_path: Path, column: pyarrow.Array):
    shards = [(arrow(tmp_path / "a.arrow", text=column), {})]
    if pyarrow.types.is_string(column.type):
        texts = pyarrow.array(["a", "b", "c"])
        shards.append((arrow(tmp_path / "b.arrow", text=texts, kept=column), {"kept": column.type}))
    for shard, kept in shards:
        (found,) = rows_of(shard, **kept)
        assert found.texts == [None]
        assert "damaged" in found.problems[0]


def test_arrow_that_is_cut_off_between_two_batches(tmp_path: Path):
    path = tmp_path / "a.arrow"
    assert not arrow(path, text=pyarrow.array(["a"])).damage
    path.write_bytes(path.read_bytes().partition(b"\xff\xff\xff\xff\0\0\0\0")[0])
    assert "cut off" in describe_source(Source(str(path), "a", "arrow", size=1)).damage


@pytest.mark.parametrize("name", ["a.txt.gz", "a.jsonl.gz", "a.csv.gz"])
def test_tables_of_endless_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.setattr("tagger.bulk_tagging.sources.lines.MAX_LINE", 1 << 20)
    monkeypatch.setattr("tagger.bulk_tagging.sources.csv._MAX_ROW", 1 << 20)
    path = tmp_path / name
    form: Any = {"txt": "text"}.get(kind := name.split(".")[1], kind)
    first = {"csv": "text\nshort\n", "jsonl": '{"text": "short"}\n'}.get(kind, "short\n")
    path.write_bytes(gzip.compress(first.encode() + b"a" * (2 << 20)))
    source = Source(str(path), "a", form, size=path.stat().st_size, is_compressed=True)
    found = rows_of(describe_source(source))
    assert found[0].texts[0] == "short"
    assert "more than" in list(found[-1].problems.values())[-1]


def test_a_header_of_csv_that_does_not_end(tmp_path: Path, run: Callable[..., Any]):
    path = tmp_path / "a.csv"
    for content in ('"' + "a" * (1 << 25), "text," * 20_000 + "x\n"):
        path.write_text(content)
        done = run("bulk", path, "-o", tmp_path / "out", "--workers", 1)
        assert_one_line(done, 1, "a.csv", "more than")


def test_large_rows_are_read_in_small_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tagger.bulk_tagging.sources.rows.MAX_BLOCK", 1000)
    path = tmp_path / "a.txt"
    path.write_text("".join(f"{i:0300}\n" for i in range(10)))
    shard = describe_source(Source(str(path), "a", "text", size=path.stat().st_size))
    assert [len(rows.texts) for rows in rows_of(shard)] == [4, 4, 2]


def test_compressed_files_that_are_read_whole(
    tmp_path: Path, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(lines, "_MAX_WHOLE", 1_000_000)
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(b"[\n" * 2_000_000))
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(b"a\n" * 2_000_000))
    for command in (
        ("convert", tmp_path / "a.json.gz", tmp_path / "a.conll"),
        ("lint", tmp_path / "a.txt.gz"),
        ("predict", "--document", "--file", tmp_path / "a.txt.gz"),
    ):
        assert_one_line(run(*command), 1, ".gz", "MB")


def refused(tmp_path: Path, content: str) -> CorpusError:
    path = tmp_path / "train.tsv"
    path.write_text(content)
    with pytest.raises(CorpusError) as raised:
        train([str(path)], tmp_path / "model", replace(small_config(), heads=("ner",)))
    assert raised.value.path == str(path)
    assert not (tmp_path / "model").exists()
    return raised.value


def test_a_sentence_without_end_is_learned_in_pieces(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_SENTENCE", 4)
    path = tmp_path / "train.tsv"
    path.write_text("x\tO\n\n" + "a\tO\nb\tB-X\nc\tI-X\n" * 3 + "\ny\tB-X\n\n")
    shutil.copy(path, tmp_path / "dev.tsv")
    prepared = prepare([str(tmp_path)], replace(small_config(), heads=("ner",)))
    train, dev = (prepared.corpora[0].splits[name][:] for name in ("train", "dev"))
    assert train["tokens"] == [["x"], list("abca"), list("bca"), list("bc"), ["y"]]
    assert train["ner"][1:4] == [["O", "B-X", "I-X", "O"], ["B-X", "I-X", "O"], ["B-X", "I-X"]]
    assert [len(tokens) for tokens in dev["tokens"]] == [1, 9, 1]
    (note,) = [note for note in prepared.notes if "cut" in note]
    assert "9 tokens" in note
    assert f"{path}:3" in note


def test_a_token_without_end(tmp_path: Path):
    error = refused(tmp_path, "x\tO\n\n" + "y" * 100_000 + "\tB-X\n\n")
    assert "100,000 characters" in error.message
    assert error.line == 3


def test_a_column_that_is_no_column_of_tags(tmp_path: Path):
    error = refused(tmp_path, "".join(f"word\tB-X{i}\n\n" for i in range(600)))
    assert "labels" in error.message
    assert "heads" in str(error.hint)


def test_too_little_memory_is_an_error_in_one_line(
    tmp_path: Path, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
):
    def full(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("tagger.corpus.conversion.convert", full)
    assert_one_line(run("convert", "a.jsonl", "b.conll"), 1, "memory")
