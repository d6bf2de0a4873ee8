"""Measure `tagger bulk`, a question a command:

    throughput  from Parquet to Parquet, against `Tagger` on a list and `tagger predict` on lines
    scaling     two workers against one, in turn
    peers       against spaCy with `n_process` and `datasets.map` with `nlp.pipe`, in turn
    ray         the Ray executor against processes of this machine, after both have started

With its defaults each takes less than three minutes on a quiet machine with two cores. The texts
are of 20 words, made of those of the sample corpus. On a machine that does other work, processor
time is what to compare.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import tagger
from tagger.bulk_tagging.reporting import Progress, Reporter

WORDS = 20
GROUP = 50_000
HEADER = "| system | words/s, wall | words/s, processor time | wall s | processor s | peak MB |"
LABELS = ("LOC", "MISC", "ORG", "PER")


def main() -> None:
    """Print one row a system."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["throughput", "scaling", "peers", "ray"])
    parser.add_argument("model", nargs="?", default="en")
    parser.add_argument("--rows", type=int, help="Texts; each command has its own default.")
    parser.add_argument("--rounds", type=int, default=3, help="Of each system, in turn.")
    parser.add_argument("--workers", type=int, help="Processes.")
    parser.add_argument("--spacy", help="A pipeline with only NER; one of random weights if none.")
    options = parser.parse_args()
    measure, n_rows = {
        "throughput": (throughput, 200_000),
        "scaling": (scaling, 150_000),
        "peers": (peers, 25_000),
        "ray": (on_ray, 120_000),
    }[options.what]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        options.rows = options.rows or n_rows
        texts = make_texts(options.rows)
        # Several shards for each of two workers.
        write(texts, folder, group=min(GROUP, max(options.rows // 8, 1)))
        if options.what != "ray":
            print(f"{HEADER}\n" + "| --- " * 6 + "|")
        measure(options, folder, texts)


def throughput(options: argparse.Namespace, folder: Path, texts: list[str]) -> None:
    """Measure `Tagger`, `predict` and `bulk`."""
    n_words, workers = WORDS * len(texts), options.workers or 1
    in_memory(options.model, texts, n_words)
    lines = ["-f", str(folder / "texts.txt"), "-o", str(folder / "predict.jsonl")]
    common = ["-m", options.model, "--heads", "ner", "--workers", str(workers)]
    command(
        "predict, lines to JSON", n_words, tagger_of("predict", *lines, "--format", "json", *common)
    )
    command("bulk, Parquet to Parquet", n_words, bulk_of(options, folder, workers))


def scaling(options: argparse.Namespace, folder: Path, texts: list[str]) -> None:
    """Measure one worker and several, in turn."""
    n_words, most = WORDS * len(texts), options.workers or 2
    speeds: dict[int, list[float]] = {1: [], most: []}
    for _ in range(options.rounds):
        for n, found in speeds.items():
            found.append(command(f"bulk, workers: {n}", n_words, bulk_of(options, folder, n)))
    ratio = median_ratio(speeds[most], speeds[1])
    print(f"\n{most} workers: {ratio:.2f} times one (median, start included)")


def peers(options: argparse.Namespace, folder: Path, texts: list[str]) -> None:
    """Measure spaCy and `datasets.map`, in turn with `bulk`."""
    n_words, workers = WORDS * len(texts), options.workers or 2
    pipeline = options.spacy or untrained(folder / "pipeline", texts[:100])
    systems = {
        f"bulk, workers: {workers}": bulk_of(options, folder, workers),
        f"spaCy, n_process: {workers}": script_of("spacy", pipeline, folder, workers),
        f"datasets.map, num_proc: {workers}": script_of("datasets", pipeline, folder, workers),
    }
    speeds: dict[str, list[float]] = {title: [] for title in systems}
    for _ in range(options.rounds):
        for title, arguments in systems.items():
            speeds[title].append(command(title, n_words, arguments))
    ours, *others = speeds.values()
    ratios = ", ".join(f"{median_ratio(ours, other):.1f}" for other in others)
    print(f"\nbulk: {ratios} times the words/s of the others (medians, start included)")


def on_ray(options: argparse.Namespace, folder: Path, texts: list[str]) -> None:
    """Measure both executors in this process, from the first shard that is finished."""
    import ray

    workers = options.workers or 2
    root = str(Path(tagger.__file__).parent.parent)
    os.environ["PYTHONPATH"] = os.pathsep.join([root, *filter(None, sys.path)])
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    started = time.perf_counter()
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    ray.init(num_cpus=workers, include_dashboard=False, **quiet)
    print(f"Ray started in {time.perf_counter() - started:.1f} s")
    speeds: dict[str, list[float]] = {"local": [], "ray": []}
    for number in range(options.rounds):
        for name, found in speeds.items():
            watch = _AfterStart()
            tagger.bulk(
                folder / "texts.parquet",
                folder / f"{name}-{number}",
                model=options.model,
                heads=["ner"],
                executor="ray" if name == "ray" else "local",
                workers=workers,
                reporter=watch,
            )
            found.append(watch.speed)
            print(f"{name}: {watch.speed:,.0f} words/s after the first shard", flush=True)
    ray.shutdown()
    more = median_ratio(speeds["local"], speeds["ray"]) - 1
    print(f"\nRay: {100 * more:+.0f} % time (median)")


class _AfterStart(Reporter):
    """Measures the speed from the first finished shard to the last one."""

    def __init__(self) -> None:
        self._first: tuple[float, int] | None = None
        self.speed = 0.0

    def progress(self, progress: Progress) -> None:
        n_words, now = progress.tally.n_words, time.perf_counter()
        if not progress.n_finished:
            return
        if self._first is None:
            self._first = now, n_words
        elif now > self._first[0]:
            self.speed = (n_words - self._first[1]) / (now - self._first[0])


def tagger_of(*arguments: str) -> list[str]:
    """Return the command of the tagger."""
    return [sys.executable, "-m", "tagger", *arguments]


def bulk_of(options: argparse.Namespace, folder: Path, workers: int) -> list[str]:
    """Return the command that tags the table, into a new folder whenever it is run."""
    common = ["-m", options.model, "--heads", "ner", "--workers", str(workers), "--force"]
    return tagger_of("bulk", str(folder / "texts.parquet"), "-o", str(folder / "bulk"), *common)


def script_of(what: str, pipeline: str, folder: Path, workers: int) -> list[str]:
    """Return the command that runs `peer` of this file."""
    script = f"from benchmarks.bulk import {what}_peer as run; run(*__import__('sys').argv[1:])"
    place = [str(folder / "texts.parquet"), str(folder / f"{what}.parquet")]
    return [sys.executable, "-c", script, pipeline, *place, str(workers)]


def untrained(path: Path, texts: list[str]) -> str:
    """Make a pipeline of spaCy's recipe for a CPU, with random weights."""
    import spacy
    from spacy.training import Example

    nlp = spacy.blank("en")
    recognizer: Any = nlp.add_pipe("ner")
    for label in LABELS:
        recognizer.add_label(label)
    nlp.initialize(lambda: [Example.from_dict(nlp.make_doc(text), {}) for text in texts])
    nlp.to_disk(path)
    return str(path)


def spacy_peer(pipeline: str, table: str, out: str, workers: str) -> None:
    """Tag a table with `nlp.pipe` in several processes, and write one."""
    import pyarrow as pa
    import spacy
    from pyarrow import parquet

    nlp = spacy.load(pipeline)
    column = parquet.read_table(table).column("text").to_pylist()
    documents = nlp.pipe(column, n_process=int(workers), batch_size=1000)
    found = list(map(entities_of, documents))
    parquet.write_table(pa.table({"entities": pa.array(found, entities_type())}), out)


def datasets_peer(pipeline: str, table: str, out: str, workers: str) -> None:
    """Tag a table with `datasets.map` in several processes, and write one."""
    import datasets

    datasets.disable_caching()
    rows = datasets.Dataset.from_parquet(table, cache_dir=str(Path(out).with_suffix(".cache")))
    tag = partial(_tag_batch, pipeline)
    mapped = rows.map(tag, batched=True, num_proc=int(workers), remove_columns=["text"])
    mapped.to_parquet(out)


_PIPELINES: dict[str, Callable[..., Any]] = {}


def _tag_batch(pipeline: str, batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
    import spacy

    if pipeline not in _PIPELINES:
        _PIPELINES[pipeline] = spacy.load(pipeline).pipe
    return {"entities": list(map(entities_of, _PIPELINES[pipeline](batch["text"])))}


def entities_of(document: Any) -> list[dict[str, Any]]:
    """Return the entities of one of spaCy's documents."""
    return [
        {"start": e.start_char, "end": e.end_char, "label": e.label_, "text": e.text}
        for e in document.ents
    ]


def entities_type() -> Any:
    """Return the type of a column of entities."""
    import pyarrow as pa

    fields = {"start": pa.int64(), "end": pa.int64(), "label": pa.string(), "text": pa.string()}
    return pa.list_(pa.struct(list(fields.items())))


def make_texts(n: int) -> list[str]:
    """Return texts of 20 words."""
    words = [token for sentence in tagger.read("sample", "train") for token in sentence.tokens]
    chance = random.Random(1)
    starts = (chance.randrange(len(words) - WORDS) for _ in range(n))
    return [" ".join(words[start : start + WORDS]) for start in starts]


def write(texts: list[str], folder: Path, group: int) -> None:
    """Write the texts as lines and as a table."""
    import pyarrow as pa
    from pyarrow import parquet

    (folder / "texts.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")
    table = pa.table({"id": range(len(texts)), "text": texts})
    parquet.write_table(table, folder / "texts.parquet", row_group_size=group)


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


def command(title: str, n_words: int, arguments: list[str]) -> float:
    """Measure a command, its start included, and return its words/s."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, env=environment)
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, largest(process.pid))
        time.sleep(0.2)
    if process.returncode:
        raise SystemExit(process.returncode)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    wall = time.perf_counter() - started
    row(title, n_words, wall, used, peak)
    return n_words / wall


def median_ratio(speeds: list[float], others: list[float]) -> float:
    """Return the median of the ratios of the rounds."""
    return statistics.median(a / b for a, b in zip(speeds, others, strict=True))


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
