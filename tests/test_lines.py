"""Bytes to lines: how they end, and what is said where they are no text."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from pathlib import Path

import pyarrow
import pytest

from tagger.errors import FormatError
from tagger.lines import decode, decode_lines
from tests.helpers.commands import assert_one_line

TEXT = "Kim left Leeds.\n\nCafé\n"


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", TEXT)
    return file.getvalue()


NO_TEXT = {
    "gzip": (gzip.compress(TEXT.encode()), ": compressed with gzip; .* gunzip"),
    "bzip2": (bz2.compress(TEXT.encode()), ": compressed with bzip2; .* bunzip2"),
    "xz": (lzma.compress(TEXT.encode()), ": compressed with xz; .* unxz"),
    "zstd": (pyarrow.compress(TEXT.encode(), "zstd", asbytes=True), ": .* zstd; .* unzstd"),
    "zip": (zipped(), ": a zip archive; unpack it with unzip"),
    "UTF-16": (TEXT.encode("utf-16"), ": encoded in UTF-16; .*iconv -f utf-16"),
    "UTF-16 unmarked": ("Kim\n".encode("utf-16-le"), ":1: a NUL byte"),
    "NUL": (b"Kim\nleft\0\n", ":2: a NUL byte: this is a binary file"),
    "Latin-1": (TEXT.encode("latin1"), r":3: not UTF-8 \(byte 4 of the line\).*iconv -f latin1"),
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


@pytest.mark.parametrize(("content", "said"), NO_TEXT.values(), ids=NO_TEXT)
def test_what_is_no_text_is_named(content: bytes, said: str) -> None:
    with pytest.raises(FormatError, match=f"^mails{said}"):
        list(decode_lines(io.BytesIO(content), "mails"))


def test_a_text_of_several_lines() -> None:
    assert decode("a\r\n\ufeffé\n".encode(), "x") == "a\r\n\ufeffé\n"
    with pytest.raises(FormatError, match=r"^x:3: not UTF-8 \(byte 4 of"):
        decode(TEXT.encode("latin1"), "x")


@pytest.mark.parametrize("kind", ["gzip", "bzip2", "zip", "UTF-16", "NUL"])
def test_commands_say_it_in_one_line(run, model: Path, tmp_path: Path, kind: str) -> None:
    content, said = NO_TEXT[kind]
    path = tmp_path / "mails.txt"
    path.write_bytes(content)
    what = said.partition(": ")[2].partition(";")[0]
    assert_one_line(run("predict", "-m", model, "-f", path), 1, str(path), what)
    assert_one_line(run("score", path), 1, str(path), what)
