"""Texts, labels and names of strangers that are shown on a terminal: none of them acts on it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

EVIL = "a\x1b]0;owned\x07\u202e\x9b2J"
ACTING = (b"\x1b]0", b"\x07", "\u202e".encode(), "\x9b".encode(), b"Traceback")
END = b"@@@"
"""Ends the output of each command."""

SEVERAL = f"""
import json, os, sys
from tagger.cli import main
for arguments in json.loads(sys.argv[1]):
    sys.argv = ["tagger", *arguments]
    try:
        main()
    except SystemExit:
        os.write(1, {END!r})
"""


def in_terminal(*commands: list[str]) -> list[bytes]:
    """Return what each command writes to a terminal, error messages included."""
    main, other = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "NO_COLOR": "1", "HF_HUB_OFFLINE": "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", SEVERAL, json.dumps(commands)],
        stdin=subprocess.DEVNULL, stdout=other, stderr=other, env=environment,
    )  # fmt: skip
    os.close(other)
    found = b""
    try:
        while block := os.read(main, 65536):
            found += block
    except OSError:  # the terminal was closed
        pass
    os.close(main)
    process.wait()
    parts = found.split(END)
    assert len(parts) == len(commands) + 1, found
    return parts[:-1]


COMMANDS = """
EVIL
predict -m MODEL --file EVIL.txt
predict -m MODEL --file EVIL.txt --format json
predict -m MODEL --file EVIL.txt --format EVIL
predict -m MODEL --file EVIL.txt --heads EVIL
predict -m EVIL x
predict -m hub:EVIL x
predict --EVIL
redact -m MODEL --file EVIL.txt
explain -m MODEL EVIL
convert EVIL.tsv EVIL2.txt --to text
lint EVIL.tsv
score EVIL.tsv EVIL.tsv
evaluate MODEL EVIL.tsv
evaluate MODEL EVIL.tsv --raw
calibrate MODEL EVIL.tsv -o EVIL-model
select MODEL EVIL.txt -o EVIL.jsonl --to jsonl
info EVIL
bulk EVIL.txt -o EVIL-out -m MODEL --workers 1
bulk EVIL.txt -o EVIL-out -m MODEL --workers 1
train EVIL.tsv -o EVIL-trained --set EVIL=1
train EVIL.tsv -o EVIL-trained --folds 9
distill EVIL.txt --teacher EVIL -o EVIL-student
serve --model EVIL=MODEL --host EVIL
package MODEL --name EVIL
"""


@pytest.fixture
def places(model: Path, tmp_path: Path) -> dict[str, str]:
    """What the words of the commands stand for; there are files of texts and annotations."""
    evil = str(tmp_path / EVIL)
    Path(f"{evil}.txt").write_text(f"John {EVIL} works\n")
    Path(f"{evil}.tsv").write_text(f"{EVIL}\tB-{EVIL}\nb\tI-\u202eY\n\nc\tO\n")
    return {"MODEL": str(model), "EVIL": evil}


def test_nothing_acts_on_a_terminal(places: dict[str, str]) -> None:
    commands = [line.split() for line in COMMANDS.strip().splitlines()]
    for name, place in places.items():
        commands = [[word.replace(name, place) for word in command] for command in commands]
    for command, shown in zip(commands, in_terminal(*commands), strict=True):
        assert shown, command
        assert not [mark for mark in ACTING if mark in shown], (command, shown)


def test_results_in_a_pipe_are_unchanged(places: dict[str, str]) -> None:
    piped = subprocess.run(
        [sys.executable, "-m", "tagger", "predict", "-m", places["MODEL"], EVIL],
        capture_output=True,
        check=True,
    )
    assert EVIL in piped.stdout.decode().replace("\\]", "]")
