"""Small inputs that would take gigabytes: refused with the limit before any memory is taken."""

from __future__ import annotations

import bz2
import gzip
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from msgspec.structs import replace

from tagger import lines
from tagger.errors import CorpusError, FormatError
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
