"""Kill each long command at random moments, resume it, compare results.

    python tests/fuzz/kill.py --kills 100

Each job runs once without interruption. Then it is started, killed at a random moment, resumed and
killed again, until it ends; its result must equal that of the first run. A traceback, or an error
of a run that can neither be resumed nor started again, is a fault; the exit code is then 1.

Runs are forked from a process that has imported the libraries, so that kills hit the work. The
cache of corpora is killed with them.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tagger.cli import main as tagger  # noqa: E402
from tests.helpers.corpora import write_corpus  # noqa: E402

SMALL = "encoder.hidden_dim=16 embedder.word_dim=16 training.epoch_steps=0 training.patience=0"
SETTINGS = ["--threads", "1", *(word for one in SMALL.split() for word in ("--set", one))]
LIBRARIES = (
    "datasets onnxruntime pyarrow.parquet safetensors.torch scipy.stats sklearn.metrics torch "
    "tagger.bulk_tagging.run tagger.distillation tagger.insight.compare tagger.prediction.predict "
    "tagger.pretraining.run tagger.runtime.loading tagger.training.run"
)
LIMIT_S = 3600
"""A run that takes longer hangs."""


class Job(NamedTuple):
    """A command that can be resumed."""

    start: list[str]
    resume: list[str]
    result: Callable[[], object]
    """What must be equal."""


def predict(folder: Path, model: Path) -> Job:
    """A file of 8,000 lines."""
    texts, out = folder / "texts.txt", folder / "out.jsonl"
    texts.write_text("".join(f"John Smith {i} works at Apple in York.\n" for i in range(8_000)))
    start = ["predict", "-m", str(model), "--file", str(texts), "-o", str(out)]
    return Job(start, [*start, "--resume"], out.read_bytes)


def bulk(folder: Path, model: Path) -> Job:
    """Forty shards."""
    tables, out = folder / "tables", folder / "bulk"
    tables.mkdir()
    for i in range(40):
        rows = ({"text": f"John Smith {i} {j} works at Apple in York."} for j in range(300))
        (tables / f"{i}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    start = ["bulk", str(tables), "-o", str(out), "-m", str(model), "--workers", "1"]

    def result() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in out.glob("*.parquet")}

    return Job(start, start, result)


def train(folder: Path, model: Path) -> Job:
    """Fifteen epochs of five sentences, from the corpus's files on."""
    corpus, out = write_corpus(folder / "corpus"), folder / "train"
    start = ["train", str(corpus), "-o", str(out), "--epochs", "15", *SETTINGS]
    resume = ["train", "--resume", "-o", str(out)]
    return Job(start, resume, (out / "weights.safetensors").read_bytes)


def pretrain(folder: Path, model: Path) -> Job:
    """An epoch of a language model."""
    raw, out = folder / "raw.txt", folder / "base"
    raw.write_text("\n".join(f"The ship {i % 90} left Aberdeen in March." for i in range(1500)))
    start = ["pretrain", str(raw), "-o", str(out), "--threads", "1", "--vector-epochs", "0"]
    return Job(start, [*start, "--resume"], (out / "weights.safetensors").read_bytes)


def distill(folder: Path, model: Path) -> Job:
    """The answers of a teacher, then a student."""
    raw, out = folder / "raw.txt", folder / "student"
    names = ("Kim", "Mary Jones", "Apple", "Siemens", "Ohio")
    raw.write_text("".join(f"{names[i % 5]} left York in week {i}.\n" for i in range(500)))
    start = ["distill", str(raw), "--teacher", str(model), "-o", str(out), "--epochs", "3"]
    start += SETTINGS
    return Job(start, [*start, "--resume"], (out / "weights.safetensors").read_bytes)


def compare(folder: Path, model: Path) -> Job:
    """Two rows with two seeds; all but the times must be equal."""
    corpus, out = write_corpus(folder / "corpus"), folder / "compare"
    config = folder / "small.toml"
    lines = [one.partition(".")[2] for one in SMALL.split()[2:]]
    config.write_text("[training]\n" + "\n".join(lines) + "\n")
    start = ["compare", str(corpus), "-o", str(out), "--vary", "hidden_dim=8,12", "--seeds", "2"]
    start += ["--epochs", "5", "--threads", "1", "--config", str(config), "--heads", "ner"]

    def result() -> dict[str, object]:
        found = {path.name: json.loads(path.read_bytes()) for path in out.rglob("runs/*.json")}
        timed = ("seconds", "train_speed")
        return {
            name: {key: value for key, value in one.items() if key not in timed}
            for name, one in found.items()
        }

    return Job(start, start, result)


JOBS = {one.__name__: one for one in (predict, bulk, train, pretrain, distill, compare)}


def run(arguments: list[str], folder: Path, *, seconds: float = LIMIT_S) -> tuple[int | None, str]:
    """Run a command; None for one that was killed after ``seconds``."""
    errors = folder / "errors.txt"
    child = os.fork()
    if child == 0:
        _work(arguments, errors, folder)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status), errors.read_text()
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None, ""


def _work(arguments: list[str], errors: Path, folder: Path) -> None:
    code = 1
    try:
        os.environ["TAGGER_CACHE"] = str(folder / "cache")
        with errors.open("wb") as file, open(os.devnull, "wb") as nothing:  # noqa: PTH123
            os.dup2(nothing.fileno(), 1)
            os.dup2(file.fileno(), 2)
        sys.argv = ["tagger", *arguments]
        tagger()
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def attack(
    make: Callable[[Path, Path], Job], model: Path, n_kills: int, source: random.Random
) -> tuple[int, int, list[str]]:
    """Kill a job again and again; return the kills, the equal results, and the faults."""
    faults: list[str] = []
    kills = results = 0
    with tempfile.TemporaryDirectory() as name:
        job = make(Path(name), model)
        started = time.monotonic()
        code, errors = run(job.start, Path(name))
        if code != 0:
            return 0, 0, [errors.strip()[-300:] or "hangs"]
        whole = time.monotonic() - started
        expected = job.result()
    while kills < n_kills and len(faults) < 3:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            job = make(folder, model)
            arguments = job.start
            for _ in range(100):
                is_last = kills == n_kills
                seconds = LIMIT_S if is_last else source.uniform(0.05, whole)
                code, errors = run(arguments, folder, seconds=seconds)
                if code is None and is_last:
                    faults.append("hangs")
                    break
                if code is None:
                    kills += 1
                    arguments = job.resume
                elif code != 0 and "Traceback" not in errors and arguments == job.resume:
                    if arguments == job.start:
                        faults.append(f"exit code {code}: {errors.strip()[-300:]}")
                        break
                    arguments = job.start  # killed before there was anything to resume
                    if "--resume" not in errors and "nothing to resume" not in errors:
                        arguments = [*job.start, "--force"]
                elif code != 0:
                    faults.append(f"exit code {code}: {errors.strip()[-300:]}")
                    break
                else:
                    break
            if code == 0:
                if job.result() == expected:
                    results += 1
                else:
                    faults.append(f"another result after {kills} kills")
    return kills, results, faults


def main() -> None:
    """Attack each job with a share of the kills."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model", type=Path, default=ROOT / "models" / "en")
    parser.add_argument("--only", nargs="*", choices=[*JOBS], default=[*JOBS])
    options = parser.parse_args()
    for library in LIBRARIES.split():
        importlib.import_module(library)
    source = random.Random(options.seed)
    n_faults = 0
    for name in options.only:
        share = -(-options.kills // len(options.only))
        kills, results, faults = attack(JOBS[name], options.model, share, source)
        print(f"{name}: {kills} kills, {results} results equal to the uninterrupted one")
        for fault in faults:
            print(f"{name}: {fault}")
        sys.stdout.flush()
        n_faults += len(faults)
    sys.exit(bool(n_faults))


if __name__ == "__main__":
    main()
