"""Files that are whole or not there."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from tagger.files import existing_directory, replace_directory, write_file


def test_a_failed_write_keeps_the_old_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    write_file(path, b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left") as error:
        write_file(path, b"new")
    assert error.value.filename == str(path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_links_are_followed_and_pipes_written_into(tmp_path: Path) -> None:
    target, link, pipe = tmp_path / "target", tmp_path / "link", tmp_path / "pipe"
    target.write_bytes(b"old")
    link.symlink_to(target)
    write_file(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_file(pipe, b"flow")
    reader.join(10)
    assert read == [b"flow"]
    assert pipe.is_fifo()


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        write_file(tmp_path, b"x")


def test_directories_are_replaced_and_found_whenever_it_stopped(tmp_path: Path) -> None:
    target, new = tmp_path / "last", tmp_path / "last.tmp"
    for content in ("one", "two"):
        new.mkdir()
        (new / "file").write_text(content)
        replace_directory(new, target)
        assert (target / "file").read_text() == content
    target.rename(tmp_path / "last.old")  # as if killed between the two renames
    found = existing_directory(target)
    assert found is not None
    assert (found / "file").read_text() == "two"
