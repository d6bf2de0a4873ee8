"""Kill trainings, pretrainings and predictions at random moments, resume them, compare results.

    python tests/fuzz/kill.py --kills 100

Each job runs once without interruption. Then it is started, killed at a random moment, resumed and
killed again, until it ends; its result must be equal byte for byte. A traceback, or an error of a
run that can neither be resumed nor started again, is a fault; the exit code is then 1.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
TAGGER = [sys.executable, str(ROOT / "cli.py")]
SMALL = ["--set", "encoder.hidden_dim=16", "--set", "embedder.word_dim=16", "--threads", "1"]


class Job(NamedTuple):
    """A command that can be resumed."""

    name: str
    start: list[str]
    resume: list[str]
    result: str
    """The file that must be equal."""


def jobs(folder: Path, model: Path) -> list[Job]:
    """Return the jobs, whose results are written to ``folder``."""
    sample = ROOT / "data" / "sample"
    texts = folder / "texts.txt"
    lines = [f"John Smith {i} works at Apple in California." for i in range(20_000)]
    texts.write_text("\n".join(lines) + "\n")
    raw = folder / "raw.txt"
    raw.write_text("\n".join(f"The ship {i % 90} left Aberdeen in March." for i in range(4000)))
    predict = ["predict", "-m", str(model), "--file", str(texts), "-o", str(folder / "out.jsonl")]
    train = ["train", str(sample), "-o", str(folder / "train"), "--epochs", "3", *SMALL]
    pretrain = ["pretrain", str(raw), "-o", str(folder / "base"), "--threads", "1"]
    pretrain += ["--vector-epochs", "0", "--epochs", "1"]
    return [
        Job("predict", predict, [*predict, "--resume"], "out.jsonl"),
        Job(
            "train",
            train,
            ["train", "--resume", "-o", str(folder / "train")],
            "train/weights.safetensors",
        ),
        Job("pretrain", pretrain, [*pretrain, "--resume"], "base/weights.safetensors"),
    ]


def run(arguments: list[str], *, seconds: float | None = None) -> tuple[int | None, str]:
    """Run a command; None for one that was killed after ``seconds``."""
    process = subprocess.Popen(
        [*TAGGER, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        _, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()
        return None, ""
    return process.returncode, errors


def attack(
    make: Callable[[Path], Job], n_kills: int, source: random.Random
) -> tuple[int, int, list[str]]:
    """Kill a job again and again; return the kills, the results compared, and the faults."""
    faults: list[str] = []
    kills = results = 0
    with tempfile.TemporaryDirectory() as folder:
        job = make(Path(folder))
        started = time.monotonic()
        code, errors = run(job.start)
        if code != 0:
            return 0, 0, [f"{job.name}: {errors.strip()[-300:]}"]
        whole = time.monotonic() - started
        expected = (Path(folder) / job.result).read_bytes()
    while kills < n_kills and len(faults) < 3:
        with tempfile.TemporaryDirectory() as folder:
            job = make(Path(folder))
            arguments = job.start
            for _ in range(100):
                code, errors = run(arguments, seconds=source.uniform(0.1, whole))
                if code is None:
                    kills += 1
                    arguments = job.resume
                elif code != 0 and "Traceback" not in errors and arguments == job.resume:
                    arguments = job.start  # killed before there was anything to resume
                    if "--resume" not in errors and "nothing to resume" not in errors:
                        arguments = [*job.start, "--force"]
                elif code != 0:
                    faults.append(f"{job.name}: exit code {code}: {errors.strip()[-300:]}")
                    break
                else:
                    break
            if code == 0:
                if (Path(folder) / job.result).read_bytes() == expected:
                    results += 1
                else:
                    faults.append(f"{job.name}: another result after {kills} kills")
    return kills, results, faults


def main() -> None:
    """Attack each job with a share of the kills."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model", type=Path, default=ROOT / "models" / "en")
    options = parser.parse_args()
    source = random.Random(options.seed)
    names = ("predict", "train", "pretrain")
    n_faults = 0
    for i, name in enumerate(names):

        def make(folder: Path, i: int = i) -> Job:
            return jobs(folder, options.model)[i]

        kills, results, faults = attack(make, -(-options.kills // len(names)), source)
        print(
            f"{name}: {kills} kills, {results} results equal to the uninterrupted one", flush=True
        )
        for fault in faults:
            print(fault)
        n_faults += len(faults)
    sys.exit(bool(n_faults))


if __name__ == "__main__":
    main()
