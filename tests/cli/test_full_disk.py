"""Disks that fill up while a command writes: one line that says what to do, and nothing is lost."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tests.helpers.commands import assert_one_line


@pytest.fixture
def fill_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Let a number of files be written in the test's folder; then its disk is full."""
    descriptors = Path("/proc/self/fd")
    if not descriptors.exists():
        pytest.skip("the files of descriptors are not known")

    def fill_disk(n_files: int) -> None:
        sync, synced = os.fsync, []

        def full(descriptor: int) -> None:
            if (descriptors / str(descriptor)).readlink().is_relative_to(tmp_path):
                synced.append(descriptor)
            if len(synced) > n_files:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            sync(descriptor)

        monkeypatch.setattr(os, "fsync", full)

    return fill_disk


@pytest.mark.parametrize("n_files", [0, 1])
def test_a_training_without_a_checkpoint_leaves_nothing(
    run, fill_disk, corpus: Path, tmp_path: Path, n_files: int
) -> None:
    fill_disk(n_files)
    result = run("train", corpus, "-o", tmp_path / "out", "--epochs", "1")
    assert result.code == 1
    last = result.err.splitlines()[-1]
    assert last.startswith(f"error: {tmp_path / 'out'}")
    assert last.endswith("no space left on device; free some space")
    assert list(tmp_path.iterdir()) == []


def test_a_training_with_one_says_how_to_resume(
    run, fill_disk, corpus: Path, tmp_path: Path
) -> None:
    fill_disk(2)
    result = run("train", corpus, "-o", tmp_path / "out", "--epochs", "1")
    assert result.err.splitlines()[-1].endswith("free some space, then resume it with --resume")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"run.json", "last"}


def test_results_say_how_to_resume(run, model: Path, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    texts, out, whole = (tmp_path / name for name in ("texts", "out", "whole"))
    texts.write_text("".join(f"Kim {i} lives in Ohio .\n" for i in range(2000)))
    command = ("predict", "-m", model, "--file", texts, "--output")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (45_001, before[1]))
    try:
        result = run(*command, out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert_one_line(result, 1, "out: file too large", "ulimit -f", "--resume")
    assert out.stat().st_size == 45_001
    assert run(*command, out, "--resume").code == 0
    assert run(*command, whole).code == 0
    assert out.read_bytes() == whole.read_bytes()


def test_repairs_are_whole_or_not_made(run, fill_disk, tmp_path: Path) -> None:
    path = tmp_path / "train.txt"
    path.write_text("Kim\tB-PER\nleft\tO\n\nThen\tO\nMary\tI-PER\nleft\tO\n")
    old = path.read_bytes()
    fill_disk(0)
    assert_one_line(run("lint", path, "--fix"), 1, "train.txt: no space left", "free some space")
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]
