"""Bytes to lines: where they end, decompression, and errors for what is not text."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from pathlib import Path

import pyarrow
import pytest

from tagger.errors import CorpusError, FormatError
from tagger.lines import decode, decode_lines, read_lines
from tests.helpers.commands import assert_one_line

TEXT = "Kim left Leeds.\n\nCafé\n"


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", TEXT)
    return file.getvalue()


NOT_TEXT = {
    "gzip": (gzip.compress(TEXT.encode(), mtime=0), None, "gzip", "gunzip"),
    "bzip2": (bz2.compress(TEXT.encode()), None, "bzip2", "bunzip2"),
    "xz": (lzma.compress(TEXT.encode()), None, "xz", "unxz"),
    "zstd": (pyarrow.compress(TEXT.encode(), "zstd", asbytes=True), None, "zstd", "unzstd"),
    "zip": (zipped(), None, "zip", "unzip"),
    "UTF-16": (TEXT.encode("utf-16"), None, "UTF-16", "iconv -f utf-16"),
    "UTF-16 unmarked": ("Kim\n".encode("utf-16-le"), 1, "NUL", "UTF-8"),
    "NUL": (b"Kim\nleft\0\n", 2, "NUL byte: this is a binary file", "UTF-8"),
    "Latin-1": (TEXT.encode("latin1"), 3, "not UTF-8 (byte 4 of the line)", "iconv -f latin1"),
}


def test_lines_end_at_newlines_alone() -> None:
    stream = io.BytesIO("\ufeffa\u2028b\r\nc\x0bd\n\n\ufefflast".encode())
    lines = [(1, "a\u2028b"), (2, "c\x0bd"), (3, ""), (4, "\ufefflast")]
    assert list(decode_lines(stream, "x")) == lines


def test_nothing_is_read_ahead() -> None:
    taken = []

    def slow():
        for line in (b"first\n", b"second\n"):
            taken.append(line)
            yield line

    assert next(decode_lines(slow(), "x")) == (1, "first")
    assert taken == [b"first\n"]


@pytest.mark.parametrize(("content", "line", "what", "hint"), NOT_TEXT.values(), ids=NOT_TEXT)
def test_a_stream_that_is_not_text_is_named(
    content: bytes, line: int | None, what: str, hint: str
) -> None:
    with pytest.raises(FormatError) as caught:
        list(decode_lines(io.BytesIO(content), "mails"))
    assert (caught.value.path, caught.value.line) == ("mails", line)
    assert what in caught.value.message
    assert hint in (caught.value.hint or "")


def test_a_text_of_several_lines() -> None:
    assert decode("a\r\n\ufeffé\n".encode(), "x") == "a\r\n\ufeffé\n"
    with pytest.raises(FormatError, match="byte 4") as caught:
        decode(TEXT.encode("latin1"), "x")
    assert caught.value.line == 3


@pytest.mark.parametrize("kind", ["gzip", "bzip2", "zstd"])
def test_compressed_files_are_decompressed(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "mails"  # by their content: the name does not matter
    path.write_bytes(NOT_TEXT[kind][0])
    assert [line for _, line in read_lines(path)] == ["Kim left Leeds.", "", "Café"]


@pytest.mark.parametrize("kind", ["gzip", "bzip2", "zstd"])
def test_damaged_compressed_files_are_named(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "mails"
    path.write_bytes(NOT_TEXT[kind][0][:-7])
    with pytest.raises(CorpusError) as caught:
        list(read_lines(path))
    assert caught.value.path == str(path)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    for path, what in ((tmp_path / "none", "no such file"), (tmp_path, "cannot be read")):
        with pytest.raises(CorpusError, match=what) as caught:
            list(read_lines(path))
        assert caught.value.path == str(path)


@pytest.mark.parametrize("kind", ["xz", "zip", "UTF-16", "NUL"])
def test_commands_print_one_line(run, model: Path, tmp_path: Path, kind: str) -> None:
    content, _, what, _ = NOT_TEXT[kind]
    path = tmp_path / "mails.txt"
    path.write_bytes(content)
    assert_one_line(run("predict", "-m", model, "-f", path), 1, str(path), what)
    assert_one_line(run("score", path), 1, str(path), what)
