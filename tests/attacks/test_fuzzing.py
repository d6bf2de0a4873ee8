"""A few seconds of `make fuzz`: any input ends in a result or in an error of one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FUZZER = Path(__file__).parents[1] / "fuzz" / "run.py"


def test_changed_inputs(tmp_path: Path, model: Path):
    done = subprocess.run(
        [sys.executable, FUZZER, "--seconds", "3", "--model", model, "--faults", tmp_path / "f"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
