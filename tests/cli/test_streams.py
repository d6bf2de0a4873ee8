"""Standard streams that are closed or full."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def shell(command: str, model: Path) -> subprocess.CompletedProcess[str]:
    line = command.replace("tagger ", f"{sys.executable} -m tagger ").replace("MODEL", str(model))
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", ["info MODEL", "predict -m MODEL John"])
def test_a_closed_output_is_an_error_in_one_line(model: Path, command: str):
    done = shell(f"tagger {command} >&-", model)
    assert done.returncode == 2
    assert done.stderr.startswith("error: standard output is closed")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["info MODEL", "corpora", "predict -m MODEL John", "--version"])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_output_is_named(model: Path, command: str):
    done = shell(f"tagger {command} >/dev/full", model)
    full = "no space left on device; free some space\n"
    assert (done.returncode, done.stderr) == (1, f"error: standard output: {full}")
    done = shell("tagger predict -m MODEL John -o /dev/full", model)
    assert (done.returncode, done.stderr) == (1, f"error: /dev/full: {full}")


def test_closed_errors_do_not_reach_results(model: Path, tmp_path: Path):
    out = tmp_path / "out.txt"
    done = shell(f"tagger predict -m MODEL John -o {out} 2>&-", model)
    assert (done.returncode, done.stdout) == (0, "")
    assert out.read_text() == "[John](PER)\n"
    done = shell(f"tagger predict -m MODEL --file {tmp_path}/none 2>&-", model)
    assert (done.returncode, done.stdout) == (1, "")


def test_ctrl_c_has_a_line(run, monkeypatch: pytest.MonkeyPatch):
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tagger.prediction.predict.predict", stopped)
    result = run("predict", "John")
    assert (result.code, result.out, result.err) == (130, "", "interrupted\n")
