"""The speed of a model on this machine, and the time of each stage."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import numpy as np

from tagger.errors import UsageError
from tagger.model.directory import read_model
from tagger.model.meta import model_size
from tagger.runtime.cutting import cut_texts
from tagger.runtime.documents import build_documents
from tagger.runtime.engines.building import available_graphs
from tagger.runtime.engines.form_engine import FormEngine
from tagger.runtime.engines.processor import n_cores
from tagger.runtime.loading import load
from tagger.runtime.tagger import WINDOW, Tagger
from tagger.sharing.finding import find_model

SENTENCE = "John works at Apple in California"
BATCH_TOKENS = (1, 64, 320, 1280, 4096)
"""Batch sizes that are compared; with 1 each sentence is a batch."""
STAGES = ("tokenization", "features", "network", "decoding", "results")

RSS_IN_A_MB = 2**20 if sys.platform == "darwin" else 1024
"""Units of ``ru_maxrss`` in a megabyte."""

# A process that starts another: what it measures is not the memory of this one.
_COLD = """
import os, subprocess, sys, time
started = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, status)
"""


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """The median and range of several measurements."""

    median: float
    low: float
    high: float


class Cold(msgspec.Struct, frozen=True, kw_only=True):
    """`tagger predict` with one sentence, the whole process."""

    seconds: Interval
    cpu_seconds: Interval
    peak_mb: float


class Speed(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens/s of one engine, precision and batch size."""

    engine: str
    precision: str
    batch_tokens: int
    from_text: Interval
    """From raw text to entities with offsets, in tokens/s."""
    from_tokens: Interval
    """From tokens to tags, in tokens/s."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All measurements."""

    model: str
    model_mb: float
    processor: str
    cores: int
    threads: int
    n_texts: int
    n_tokens: int
    cold: Cold
    latency_ms: Interval
    """Single sentences of the text: median, fastest and slowest."""
    latency_p99_ms: float
    speeds: list[Speed]
    shares: dict[str, float]
    """Shares of the time from text to entities, by stage, with the default engine."""
    first_pass: float
    """Tokens/s while no form is cached, with the default engine."""
    network_gflops: float
    """Speed of the recurrent layers and heads, in 10⁹ operations a second."""
    peak_gflops: float
    """Speed of a product of large matrices in single precision on one core of this machine."""
    peak_mb: float
    """The peak memory of this process."""


def benchmark(
    model: str,
    texts: Sequence[str],
    *,
    rounds: int = 5,
    threads: int = 1,
    report: Callable[[str], None] = lambda text: None,
) -> Report:
    """Measure a model.

    Args:
        model: A model directory, or a name of one.
        texts: What is tagged, raw.
        rounds: How often each thing is measured, after a warm-up.
        threads: Threads of the network.
        report: Receives the name of each measurement as it begins.

    Raises:
        UsageError: There are no tokens in the texts.
        TaggerError: The model cannot be read.
    """
    directory = find_model(model)
    saved = read_model(directory)
    report("cold start")
    cold = cold_start(directory, rounds)
    default = load(directory, threads=threads)
    started = time.perf_counter()
    n_tokens = sum(document.n_tokens for document in default.batch(texts))
    first_pass = n_tokens / (time.perf_counter() - started)
    if n_tokens == 0:
        raise UsageError("the text has no tokens")
    report("one sentence at a time")
    latencies = latency(default, texts)
    speeds = []
    for precision in available_graphs(directory):
        for batch_tokens in BATCH_TOKENS:
            report(f"onnx, {precision}, batches of {batch_tokens} tokens")
            tagger = load(directory, engine="onnx", precision=precision, threads=threads)
            form_engine(tagger).batch_tokens = batch_tokens
            speeds.append(speed(tagger, texts, rounds))
    report("torch")
    speeds.append(speed(load(directory, engine="torch", threads=threads), texts, rounds))
    report("stages")
    seconds = stages(default, texts, rounds)
    total = sum(seconds.values())
    n_weights = sum(
        int(np.prod(saved.weights.shape(name)))
        for name in saved.weights
        if not name.startswith("embedder.") and len(saved.weights.shape(name)) == 2
    )
    return Report(
        model=str(directory),
        model_mb=model_size(directory) / 1e6,
        processor=processor_name(),
        cores=n_cores(),
        threads=threads,
        n_texts=len(texts),
        n_tokens=n_tokens,
        cold=cold,
        latency_ms=interval(latencies),
        latency_p99_ms=float(np.quantile(latencies, 0.99)),
        speeds=speeds,
        shares={stage: seconds[stage] / total for stage in STAGES},
        first_pass=first_pass,
        network_gflops=2 * n_weights * n_tokens / seconds["network"] / 1e9,
        peak_gflops=peak_gflops(),
        peak_mb=peak_mb(),
    )


def interval(values: Sequence[float]) -> Interval:
    """Summarize measurements."""
    return Interval(median=statistics.median(values), low=min(values), high=max(values))


def cold_start(directory: Path, rounds: int) -> Cold:
    """Run `tagger predict` with one sentence."""
    return run_cold(
        [sys.executable, "-m", "tagger", "predict", "-m", str(directory), SENTENCE], rounds
    )


def run_cold(command: Sequence[str], rounds: int) -> Cold:
    """Run a command several times after a warm-up, each in a new process.

    Raises:
        UsageError: It fails.
    """
    rows = []
    for _ in range(rounds + 1):
        done = subprocess.run(
            [sys.executable, "-c", _COLD, *command], capture_output=True, text=True, check=True
        )
        wall, cpu, peak, status = map(float, done.stdout.split())
        if status:
            raise UsageError(done.stderr.strip() or f"{' '.join(command)}: has failed")
        rows.append((wall, cpu, peak))
    walls, cpus, peaks = zip(*rows[1:], strict=True)
    return Cold(
        seconds=interval(walls), cpu_seconds=interval(cpus), peak_mb=max(peaks) / RSS_IN_A_MB
    )


def latency(tagger: Tagger, texts: Sequence[str], n: int = 500) -> list[float]:
    """Return the milliseconds that each of the first ``n`` texts takes."""
    found = []
    for text in texts[:n]:
        started = time.perf_counter()
        tagger(text)
        found.append(1000 * (time.perf_counter() - started))
    return found


def speed(tagger: Tagger, texts: Sequence[str], rounds: int) -> Speed:
    """Measure tokens/s after a warm-up."""
    documents = tagger.batch(texts)
    sentences = [
        [token.text for token in document.tokens[first:past]]
        for document in documents
        for first, past in document.sentences
    ]
    n_tokens = sum(map(len, sentences))
    from_text, from_tokens = [], []
    for _ in range(rounds):
        started = time.perf_counter()
        tagger.batch(texts)
        from_text.append(n_tokens / (time.perf_counter() - started))
        started = time.perf_counter()
        tagger.tag(sentences)
        from_tokens.append(n_tokens / (time.perf_counter() - started))
    return Speed(
        engine=tagger.engine.name,
        precision=tagger.engine.precision,
        batch_tokens=form_engine(tagger).batch_tokens,
        from_text=interval(from_text),
        from_tokens=interval(from_tokens),
    )


def stages(tagger: Tagger, texts: Sequence[str], rounds: int) -> dict[str, float]:
    """Measure the median seconds of each stage, window by window as in `Tagger.batch`."""
    found: dict[str, list[float]] = {stage: [] for stage in STAGES}
    engine, predictor = form_engine(tagger), tagger.predictor
    names = [head.name for head in tagger.heads]
    for _ in range(rounds):
        seconds = dict.fromkeys(STAGES, 0.0)
        for first in range(0, len(texts), WINDOW):
            window = texts[first : first + WINDOW]
            times = [time.perf_counter()]
            cut = cut_texts(window, tagger.splitter)
            times.append(time.perf_counter())
            vectors, rows = engine.look_up(cut.forms)
            times.append(time.perf_counter())
            emissions = engine.emissions_of(vectors, rows, cut.lengths, names)
            times.append(time.perf_counter())
            tag_ids = {
                head.name: predictor.decode(head, emissions[head.name], cut.lengths)
                for head in tagger.heads
            }
            times.append(time.perf_counter())
            build_documents(cut, tag_ids, tagger.heads, predictor.tables)
            times.append(time.perf_counter())
            for stage, before, after in zip(STAGES, times, times[1:], strict=False):
                seconds[stage] += after - before
        for stage, value in seconds.items():
            found[stage].append(value)
    return {stage: statistics.median(values) for stage, values in found.items()}


def form_engine(tagger: Tagger) -> FormEngine:
    """Return the engine of a tagger if its stages and batch sizes can be measured.

    Raises:
        UsageError: It is of another kind.
    """
    if not isinstance(tagger.engine, FormEngine):
        raise UsageError(f"the engine {tagger.engine.name} has no stages to measure")
    return tagger.engine


def peak_gflops(size: int = 1024, rounds: int = 7) -> float:
    """Return the speed of a product of square matrices on one core, the best of several rounds."""
    from threadpoolctl import threadpool_limits

    matrix = np.random.default_rng(0).normal(size=(size, size)).astype(np.float32)
    best = float("inf")
    with threadpool_limits(1):
        for _ in range(rounds):
            started = time.perf_counter()
            matrix @ matrix
            best = min(best, time.perf_counter() - started)
    return 2 * size**3 / best / 1e9


def peak_mb() -> float:
    """The peak memory of this process."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / RSS_IN_A_MB


def processor_name() -> str:
    """Return the name of the processor."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or os.uname().machine
