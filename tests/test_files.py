"""Files that are whole or not there."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from tagger.errors import UsageError
from tagger.files import (
    existing_directory,
    is_part,
    new_directory,
    new_file,
    remove_directory,
    write_file,
)


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


WRITING = """
import sys, time
from pathlib import Path
from tagger.files import new_file

with new_file(Path(sys.argv[1])) as file:
    file.write(b"half")
    file.flush()
    print("begun", flush=True)
    time.sleep(60)
"""


def test_what_a_killed_process_left_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "a"
    arguments = [sys.executable, "-c", WRITING, str(path)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        with pytest.raises(UsageError) as raised, new_file(path):
            pass
        assert raised.value.path == str(path)
        process.kill()
    (part,) = tmp_path.iterdir()
    assert part.read_bytes() == b"half"
    assert is_part(part.name)
    with new_file(path, private=True) as file:
        file.write(b"all")
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"all"
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("keep", [False, True])
def test_an_error_leaves_nothing_or_what_was_written(tmp_path: Path, keep: bool) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def stop() -> None:
        with new_file(path, keep=keep) as file:
            file.write(b"new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop()
    assert path.read_bytes() == (b"new" if keep else b"old")
    assert list(tmp_path.iterdir()) == [path]


def test_many_write_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    contents = [bytes([97 + i]) * 100_000 for i in range(8)]
    threads = [
        threading.Thread(target=lambda one=one: [write_file(path, one) for _ in range(20)])
        for one in contents
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in contents
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        write_file(tmp_path, b"x")


def fill(target: Path, content: str, failure: BaseException | None = None) -> None:
    with new_directory(target) as new:
        (new / "file").write_text(content)
        if failure is not None:
            raise failure


def test_directories_are_replaced(tmp_path: Path) -> None:
    target = tmp_path / "a" / "last"
    for content in ("one", "two"):
        fill(target, content)
        assert (target / "file").read_text() == content
    assert list(target.parent.iterdir()) == [target]
    remove_directory(target)
    assert list(target.parent.iterdir()) == []


def test_an_error_leaves_the_old_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "last"
    with pytest.raises(KeyboardInterrupt):
        fill(target, "new", KeyboardInterrupt())
    assert list(tmp_path.iterdir()) == []
    fill(target, "old")
    with pytest.raises(KeyboardInterrupt):
        fill(target, "new", KeyboardInterrupt())
    rename = Path.rename

    def refuse(path: Path, to: Path) -> Path:
        if path.name.endswith(".tmp"):
            raise PermissionError(13, "Permission denied", str(to))
        return rename(path, to)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(PermissionError):
        fill(target, "new")
    assert (target / "file").read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_one_process_at_a_time_writes_a_directory(tmp_path: Path) -> None:
    target = tmp_path / "model"
    with new_directory(target) as new:
        (new / "one").write_text("1")
        with pytest.raises(UsageError) as raised:
            fill(target, "other")
        assert raised.value.path == str(target)
    assert [path.name for path in target.iterdir()] == ["one"]
    assert list(tmp_path.iterdir()) == [target]


def test_many_write_the_same_directory(tmp_path: Path) -> None:
    target = tmp_path / "model"

    def write(one: str) -> None:
        for _ in range(30):
            with suppress(UsageError), new_directory(target) as new:
                for i in range(5):
                    (new / f"{one}{i}").write_text(one)

    threads = [threading.Thread(target=write, args=(one,)) for one in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    names = sorted(path.name for path in target.iterdir())
    assert names == [f"{names[0][0]}{i}" for i in range(5)]


def test_errors_name_the_files_of_the_directory_that_is_to_be(tmp_path: Path) -> None:
    target = tmp_path / "model"
    with pytest.raises(OSError, match="No space") as raised, new_directory(target) as new:
        raise OSError(28, "No space left on device", str(new / "weights"))
    assert raised.value.filename == str(target / "weights")


def test_a_link_in_the_place_of_a_new_directory_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("kept")
    (tmp_path / ".model.tmp").symlink_to("mine")
    with pytest.raises(OSError, match="model"):
        fill(tmp_path / "model", "new")
    assert (tmp_path / "mine" / "file").read_text() == "kept"


KILLED = """
import os, sys
from pathlib import Path
from tagger.files import new_directory

rename, left = Path.rename, int(sys.argv[2])

def die_at_last(path, to):
    global left
    left -= 1
    return os._exit(9) if left == 0 else rename(path, to)

Path.rename = die_at_last
with new_directory(Path(sys.argv[1])) as new:
    (new / "file").write_text("new")
"""


@pytest.mark.parametrize("n_renames", [1, 2])
def test_killed_before_or_between_the_renames_the_old_directory_is_found(
    tmp_path: Path, n_renames: int
) -> None:
    target = tmp_path / "last"
    fill(target, "old")
    done = subprocess.run([sys.executable, "-c", KILLED, str(target), str(n_renames)])
    assert done.returncode == 9
    assert target.exists() == (n_renames == 1)
    found = existing_directory(target)
    assert found is not None
    assert (found / "file").read_text() == "old"
    fill(target, "newer")
    assert (target / "file").read_text() == "newer"
    assert list(tmp_path.iterdir()) == [target]
