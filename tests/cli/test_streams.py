"""Standard streams that are closed or full, and terminals that texts of strangers are shown on."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

TAGGER = [sys.executable, "-m", "tagger"]


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
    assert (done.returncode, done.stderr) == (
        1,
        "error: standard output: no space left on device\n",
    )
    done = shell("tagger predict -m MODEL John -o /dev/full", model)
    assert (done.returncode, done.stderr) == (1, "error: /dev/full: no space left on device\n")


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


def in_terminal(*arguments: str) -> bytes:
    """Return what a command writes to a terminal, error messages included."""
    main, other = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "NO_COLOR": "1"}
    process = subprocess.Popen(
        [*TAGGER, *arguments], stdin=other, stdout=other, stderr=other, env=environment
    )
    os.close(other)
    found = b""
    try:
        while block := os.read(main, 65536):
            found += block
    except OSError:  # the terminal was closed
        pass
    os.close(main)
    process.wait()
    return found


EVIL = "John\x9b2J\u202e \x1b]0;owned\x07 works"


@pytest.mark.parametrize("output_format", [None, "json"])
def test_texts_cannot_act_on_a_terminal(model: Path, tmp_path: Path, output_format: str | None):
    texts = tmp_path / "texts.txt"
    texts.write_text(EVIL + "\n")
    options = ["--format", output_format] if output_format else []
    found = in_terminal("predict", "-m", str(model), "--file", str(texts), *options)
    assert b"John" in found
    for evil in (b"\x1b]0", b"\x07", "\x9b".encode(), "\u202e".encode()):
        assert evil not in found
    piped = subprocess.run(
        [*TAGGER, "predict", "-m", model, "--file", texts, *options],
        capture_output=True,
        check=True,
    )
    if output_format != "json":  # which escapes by itself
        assert b"\x1b" in piped.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["convert", "EVIL.tsv", "EVIL.txt", "--to", "text"],
        ["predict", "-m", "EVIL", "x"],
        ["evaluate", "MODEL", "EVIL.tsv"],
        ["explain", EVIL, "-m", "MODEL"],
        ["lint", "EVIL.tsv"],
    ],
)
def test_names_and_labels_cannot_act_on_a_terminal(
    model: Path, tmp_path: Path, arguments: list[str]
):
    evil = "a\x1b]0;owned\x07"
    name = tmp_path / evil
    Path(f"{name}.tsv").write_text(f"{evil}\tB-{evil}\nb\tI-\u202eY\n\nc\tO\n")
    given = [one.replace("EVIL", str(name)).replace("MODEL", str(model)) for one in arguments]
    found = in_terminal(*given)
    assert found
    for mark in (b"\x1b]0", b"\x07", "\u202e".encode(), b"Traceback"):
        assert mark not in found, found
