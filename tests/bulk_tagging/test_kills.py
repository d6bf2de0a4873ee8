"""Bulk taggings that are killed at any moment, and resumed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import tagger
from tests.helpers.tables import write_parquet

SECONDS = 300.0


def start(model: Path, table: Path, out: Path, workers: int) -> subprocess.Popen[bytes]:
    script = (
        "import sys, tagger, tagger.bulk_tagging.run as run\n"
        "import tagger.executors.processes as pool\n"
        "run.n_cores = pool.n_cores = lambda: 2\n"
        "if __name__ == '__main__':\n"
        f"    tagger.bulk({str(table)!r}, {str(out)!r}, model={str(model)!r}, workers={workers})\n"
    )
    path = out.with_suffix(".py")
    path.write_text(script)
    return subprocess.Popen([sys.executable, str(path)], stderr=subprocess.PIPE)


def until_begun(process: subprocess.Popen[bytes], out: Path) -> None:
    """Wait for the manifest, so that kills come while something is written."""
    deadline = time.monotonic() + SECONDS
    while not (out / "_manifest.json").exists() and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def outputs(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in out.glob("*.parquet")}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return write_parquet(tmp_path / "a.parquet", 6000, group=200)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_a_kill_at_any_moment_changes_nothing(
    kills: int, workers: int, model: Path, table: Path, tmp_path: Path
) -> None:
    started = time.monotonic()
    tagger.bulk(table, tmp_path / "whole", model=model, workers=1)
    duration = time.monotonic() - started
    expected = outputs(tmp_path / "whole")
    assert len(expected) == 30
    out, chance = tmp_path / "out", random.Random(kills + workers)
    n_killed = 0
    for _ in range(kills):
        process = start(model, table, out, workers)
        until_begun(process, out)
        time.sleep(chance.uniform(0, min(duration / kills * 2, 2.0)))
        process.kill()
        n_killed += process.wait() == -signal.SIGKILL
        assert process.stderr is not None
        process.stderr.close()
        # What is there under its own name is whole.
        for name, content in outputs(out).items():
            assert content == expected[name]
    assert n_killed
    summary = tagger.bulk(table, out, model=model, workers=1)
    assert summary.n_finished == summary.n_shards == 30
    assert outputs(out) == expected
    assert not (out / "_tmp").exists()


@pytest.mark.slow
def test_an_interrupt_is_one_line(model: Path, tmp_path: Path) -> None:
    table = write_parquet(tmp_path / "a.parquet", 60_000, group=5000)
    out = tmp_path / "out"
    arguments = ["-m", "tagger", "bulk", table, "-o", out, "-m", model, "--workers", "1"]
    process = subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        # A test run in the background of a shell ignores SIGINT, and so would this.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + SECONDS
    while not list(out.glob("_done/*")) and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, printed = process.communicate(timeout=SECONDS)
    assert process.returncode == 130
    assert printed.count(b"\n") == 1
    assert b"shards are finished" in printed
    assert not list((out / "_tmp").glob("*"))


@pytest.mark.slow
def test_a_worker_that_dies_costs_only_its_shards(model: Path, table: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = start(model, table, out, 2)
    until_begun(process, out)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    deadline = time.monotonic() + SECONDS
    victim = 0
    while not victim and time.monotonic() < deadline and process.poll() is None:
        for child in map(int, children.read_text().split()):
            line = Path(f"/proc/{child}/cmdline").read_bytes()
            if b"spawn_main" in line and list((out / "_done").glob("*")):
                victim = child
        time.sleep(0.01)
    assert victim, "no worker was seen"
    os.kill(victim, signal.SIGKILL)
    _, printed = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, printed
    assert len(outputs(out)) == 30
