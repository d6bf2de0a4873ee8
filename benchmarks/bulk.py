"""Measure `tagger bulk` from Parquet to Parquet against `Tagger` on lists and `tagger predict`.

The texts are sentences of 20 words, made of those of the sample corpus. On a machine that does
other work, processor time is what to compare.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import tagger

WORDS = 20
GROUP = 50_000


def main() -> None:
    """Print one row a system."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", default="en")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--ray", action="store_true", help="Measure Ray, too.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        texts = make_texts(options.rows)
        write(texts, folder)
        n_words = WORDS * len(texts)
        in_memory(options.model, texts, n_words)
        workers = ["--workers", str(options.workers)]
        common = ["-m", options.model, "--heads", "ner"]
        lines, table = str(folder / "texts.txt"), str(folder / "texts.parquet")
        to_json = ["--format", "json", "-o", str(folder / "predict.jsonl")]
        command(
            "predict, lines to JSON", n_words, "predict", "-f", lines, *to_json, *common, *workers
        )
        command(
            "bulk, Parquet to Parquet",
            n_words,
            "bulk",
            table,
            "-o",
            str(folder / "bulk"),
            *common,
            *workers,
        )
        if options.ray:
            on_ray = ["-o", str(folder / "ray"), "--executor", "ray"]
            command("bulk on Ray", n_words, "bulk", table, *on_ray, *common, *workers)


def make_texts(n: int) -> list[str]:
    """Return texts of 20 words."""
    words = [token for sentence in tagger.read("sample", "train") for token in sentence.tokens]
    chance = random.Random(1)
    starts = (chance.randrange(len(words) - WORDS) for _ in range(n))
    return [" ".join(words[start : start + WORDS]) for start in starts]


def write(texts: list[str], folder: Path) -> None:
    """Write the texts as lines and as a table."""
    import pyarrow as pa
    from pyarrow import parquet

    (folder / "texts.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")
    table = pa.table({"id": range(len(texts)), "text": texts})
    parquet.write_table(table, folder / "texts.parquet", row_group_size=GROUP)


def in_memory(model: str, texts: list[str], n_words: int) -> None:
    """Measure `Tagger.stream` on a list, with one thread."""
    loaded = tagger.load(model, threads=1)
    used, started = time.process_time(), time.perf_counter()
    for document in loaded.stream(texts, ["ner"]):
        _ = document.entities
    row(
        "Tagger, list of strings",
        n_words,
        time.perf_counter() - started,
        time.process_time() - used,
    )


def command(title: str, n_words: int, *arguments: str) -> None:
    """Measure a command, its start included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "tagger", *arguments], stdout=subprocess.DEVNULL, env=environment
    )
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, largest(process.pid))
        time.sleep(0.2)
    if process.returncode:
        raise SystemExit(process.returncode)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    row(title, n_words, time.perf_counter() - started, used, peak)


def largest(process: int) -> float:
    """Return the peak memory in MB of the largest of a process and its children."""
    peak = 0.0
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:  # it has just ended
        return peak
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            peak = int(line.split()[1]) / 1024
    return max([peak, *(largest(int(child)) for child in children)])


def row(title: str, n_words: int, wall: float, used: float, peak: float | None = None) -> None:
    """Print a row of a Markdown table."""
    memory = "" if peak is None else f"{peak:,.0f}"
    print(
        f"| {title} | {n_words / wall:,.0f} | {n_words / used:,.0f} | {wall:,.1f} | {used:,.1f} "
        f"| {memory} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
