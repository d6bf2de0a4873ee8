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
from tagger.bulk_tagging.sources.parquet import describe, read
from tagger.bulk_tagging.sources.rows import Source, Wanted
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
    monkeypatch.setattr(lines, "_MAX_LINE", 1 << 20)
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
