"""Raw text: packed or plain, and refused if it is something else."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow
import pytest

from tagger.errors import TaggerError, UsageError
from tagger.pretraining import text as text_module
from tagger.pretraining.run import pretrain
from tagger.pretraining.text import read_lines
from tests.helpers.pretraining import LINES, small


def test_a_text_is_the_same_however_it_is_packed(raw: Path, tmp_path: Path) -> None:
    content = raw.read_bytes()
    (tmp_path / "raw.txt.gz").write_bytes(gzip.compress(content))
    (tmp_path / "raw.txt.zst").write_bytes(pyarrow.compress(content, "zstd", asbytes=True))
    (tmp_path / "windows.txt").write_bytes(b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n\r\n"))
    for name in ("raw.txt", "raw.txt.gz", "windows.txt"):
        assert list(read_lines(str(tmp_path / name))) == LINES, name


@pytest.mark.parametrize(
    ("content", "line", "word"),
    [
        (b"One line.\nTwo\0lines.\n", 2, "NUL"),
        (b"One line.\nTw\xff\n", 2, "UTF-8"),
        (b"One line.\n" + b"long " * 20_000, 2, "more than"),
        (b"One line.\n", None, "too few"),
        (b"", None, "empty"),
        (b" \n\n \n", None, "too few"),
    ],
)
def test_other_content_is_refused_and_leaves_no_model(
    content: bytes, line: int | None, word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_module, "MAX_LINE", 50_000)
    path = tmp_path / "t.txt"
    path.write_bytes(content)
    with pytest.raises(TaggerError, match=word) as caught:
        pretrain([str(path)], tmp_path / "base", small())
    assert (caught.value.path, caught.value.line) == (str(path), line)
    assert not (tmp_path / "base").exists()


def test_a_damaged_archive_a_folder_and_no_file_are_refused(raw: Path, tmp_path: Path) -> None:
    packed = tmp_path / "raw.gz"
    packed.write_bytes(gzip.compress(raw.read_bytes() * 100)[:-20])
    for path, word in (
        (packed, "damaged"),
        (tmp_path, "folder"),
        (tmp_path / "none.txt", "no such file"),
    ):
        with pytest.raises(TaggerError, match=word) as caught:
            pretrain([str(path)], tmp_path / "base", small())
        assert caught.value.path == str(path)
    with pytest.raises(UsageError):
        pretrain([], tmp_path / "base", small())


def test_closed_standard_input_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(UsageError, match="standard input is closed"):
        list(read_lines("-"))
