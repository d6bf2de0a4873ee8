"""How time and memory grow with the work, as tables and plots: sentences, their length, labels,
vocabulary, heads.

    python benchmarks/scaling.py models/c3 --plot docs/images/scaling.png
    python benchmarks/scaling.py --architectures

Each point is a process of its own, ``tagger predict --file … --output …``, in 8 bits on one core.
For labels, vocabulary and heads the models are made here, with random weights and the sizes of
the default configuration: what a weight is does not change how long it takes. The text is made
of the shipped sample's sentences, one word in fifty replaced by one that has not occurred before.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")

import msgspec
import torch

from tagger.cli.failures import one_line_errors
from tagger.config import Config
from tagger.corpus import load_corpus
from tagger.features.vocabulary import Vocabulary
from tagger.files import write_file
from tagger.model.cells import CELLS
from tagger.model.directory import SavedModel, write_model
from tagger.model.heads import HeadSpec
from tagger.model.meta import GRAPHS, Meta
from tagger.model.network import build_network
from tagger.model.weights import StoredWeights
from tagger.plotting import png, subplots
from tagger.runtime.engines.graph import build_graph
from tagger.tables import markdown_table
from tagger.text import TokenizerRules
from tagger.training.state import weights_of


class Point(NamedTuple):
    """One measurement."""

    n: int
    seconds: float
    tokens_per_second: float
    peak_mb: float
    last_to_first: float
    """Throughput in the last tenth of the file relative to the first."""


def sentences(n: int, length: int = 0) -> Iterator[str]:
    """Make a number of sentences of a number of tokens each; 0 keeps their length."""
    rng = random.Random(0)
    known = [row for row in load_corpus("sample").splits["train"][:]["tokens"] if len(row) > 3]
    words = [word for row in known for word in row if word not in ".!?"]
    for i in range(n):
        row = rng.choices(words, k=length) if length else list(rng.choice(known))
        for place in range(len(row)):
            if rng.random() < 0.02:
                row[place] = f"{row[place]}{rng.choice('aeiou')}{i}"
        yield " ".join(row)


def make_model(
    folder: Path,
    *,
    n_labels: int = 4,
    n_words: int = 20_000,
    n_heads: int = 1,
    config: Config | None = None,
) -> Path:
    """Write a model with random weights."""
    config = config or Config()
    vocabulary = Vocabulary([f"word{i}" for i in range(n_words)], [*"abcdefghijklmnopqrstuvwxyz"])
    labels = [f"L{i}" for i in range(n_labels)]
    tags = ("O", *(f"{place}-{label}" for label in labels for place in "BIES"))
    heads = tuple(
        HeadSpec(name=f"head{i}", kind="span", decoder="crf", scheme="BIOES", tags=tags)
        for i in range(n_heads)
    )
    torch.manual_seed(0)
    weights = StoredWeights(weights_of(build_network(config, vocabulary, heads)))
    meta = Meta(
        tagger_version="0", created="", corpora=(), seed=0, n_parameters=0, best_epoch=0,
        epochs=0, seconds=0.0, dev_scores={}, test_scores={},
    )  # fmt: skip
    model = SavedModel(
        config=config, vocabulary=vocabulary, vector_keys=(), heads=heads,
        rules=TokenizerRules(), weights=weights, meta=meta, card="",
    )  # fmt: skip
    write_model(folder, model)
    for precision, name in GRAPHS.items():
        if precision == "int8" and not CELLS[config.encoder.cell].int8_operator:
            continue
        write_file(folder / name, build_graph(config.encoder, heads, weights, precision))
    return folder


def measure(model: Path, lines: Path, n: int, precision: str = "int8") -> Point:
    """Tag a file, watching the process and what it has written."""
    with tempfile.TemporaryDirectory() as temporary:
        output = Path(temporary) / "out.txt"
        command = [sys.executable, "-m", "tagger", "predict", "-m", str(model), "-f", str(lines)]
        command += ["-o", str(output), "--tokenized", "--threads", "1", "--precision", precision]
        started = time.perf_counter()
        process = subprocess.Popen(command)
        written = [(0.0, 0)]
        peak = 0
        while process.poll() is None:
            time.sleep(0.02)
            size = output.stat().st_size if output.exists() else 0
            if size != written[-1][1]:
                written.append((time.perf_counter() - started, size))
            peak = max(peak, resident(process.pid))
        assert process.returncode == 0
        seconds = time.perf_counter() - started
        n_tokens = sum(len(line.split()) for line in lines.open())
        return Point(n, seconds, n_tokens / seconds, peak / 1024, last_to_first(written))


def resident(pid: int) -> int:
    """Return the peak memory of a process in kB; 0 if it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    return int(found[0]) if found else 0


def last_to_first(written: list[tuple[float, int]]) -> float:
    """Return the speed in the last tenth of the output relative to the first, without start-up."""
    begun = [(at, size) for at, size in written if size]
    if len(begun) < 40:
        return float("nan")
    tenth = len(begun) // 10

    def speed(part: list[tuple[float, int]]) -> float:
        (first, small), (last, large) = part[0], part[-1]
        return (large - small) / (last - first)

    return speed(begun[-tenth - 1 :]) / speed(begun[: tenth + 1])


def main() -> None:
    """Measure everything, print the tables and draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", nargs="?", help="for sentences and their length, a trained one")
    parser.add_argument("--architectures", action="store_true", help="cells and directions alone")
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--most", type=int, default=1_000_000, help="sentences")
    arguments = parser.parse_args()
    if arguments.architectures:
        print("\n".join(architectures()))
        return
    if not arguments.model:
        parser.error("name a model, or give --architectures")
    model = Path(arguments.model)
    found: dict[str, list[Point]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)

        def add(what: str, of: Path, n: int, count: int, length: int = 0) -> None:
            lines = folder / "lines.txt"
            with lines.open("w") as file:
                file.writelines(f"{line}\n" for line in sentences(count, length))
            point = measure(of, lines, n)
            found.setdefault(what, []).append(point)
            print(what, *point, sep="\t", file=sys.stderr, flush=True)

        for n in (1_000, 10_000, 100_000, 1_000_000):
            if n <= arguments.most:
                add("sentences", model, n, n)
        for length in (10, 100, 1_000, 10_000, 100_000):
            add("tokens in a sentence", model, length, max(200_000 // length, 1), length)
        for n in (4, 20, 50, 200):
            add("labels", make_model(folder / f"l{n}", n_labels=n), n, 5_000)
        for n in (10_000, 100_000, 1_000_000):
            add("words known", make_model(folder / f"w{n}", n_words=n), n, 5_000)
        for n in (1, 2, 3, 5):
            add("heads", make_model(folder / f"h{n}", n_heads=n), n, 5_000)
    rows = [
        [
            what,
            f"{p.n:,}",
            f"{p.seconds:.1f}",
            f"{p.tokens_per_second:,.0f}",
            f"{p.peak_mb:.0f}",
            "–" if math.isnan(p.last_to_first) else f"{p.last_to_first:.2f}",
        ]
        for what, points in found.items()
        for p in points
    ]
    header = ["", "n", "s in all", "tokens/s, start included", "peak MB", "last tenth / first"]
    print("\n".join(markdown_table(header, rows)))
    if arguments.json:
        write_file(arguments.json, msgspec.json.encode(found))
    if arguments.plot:
        draw(found, arguments.plot)


def architectures() -> list[str]:
    """Return a table of cells and directions: speed and memory by sentence length."""
    rows = []
    lengths = (20, 1_000, 10_000)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for cell, spec in CELLS.items():
            for direction in ("forward", "bi"):
                encoder = msgspec.structs.replace(Config().encoder, cell=cell, direction=direction)
                config = msgspec.structs.replace(Config(), encoder=encoder)
                model = make_model(folder / f"{cell}-{direction}", config=config)
                for precision in ("fp32", "int8") if spec.int8_operator else ("fp32",):
                    cells = []
                    for length in lengths:
                        lines = folder / "lines.txt"
                        text = sentences(200_000 // length, length)
                        lines.write_text("".join(f"{line}\n" for line in text))
                        point = measure(model, lines, length, precision)
                        cells += [f"{point.tokens_per_second:,.0f}", f"{point.peak_mb:.0f}"]
                    rows.append([f"{cell} {direction}", precision, *cells])
                    print(*rows[-1], sep="\t", file=sys.stderr, flush=True)
    header = [f"{what}, {n:,} tokens" for n in lengths for what in ("tokens/s", "MB")]
    return markdown_table(["", "precision", *header], rows)


def draw(found: dict[str, list[Point]], path: Path) -> None:
    """Draw time and memory, a panel for each kind of growth."""
    figure, (panels,) = subplots(1, len(found), size=(3 * len(found), 3))
    for panel, (what, points) in zip(panels, found.items(), strict=True):
        xs = [p.n for p in points]
        panel.plot(xs, [p.seconds for p in points], marker="o", color="tab:blue")
        if what != "heads":
            panel.set_xscale("log")
        if what == "sentences":
            panel.set_yscale("log")
        else:
            panel.set_ylim(bottom=0)
        panel.set_xlabel(what)
        panel.grid(alpha=0.3)
        memory = panel.twinx()
        memory.plot(xs, [p.peak_mb for p in points], marker="s", color="tab:orange")
        memory.set_ylim(bottom=0)
    panels[0].set_ylabel("seconds (blue)")
    memory.set_ylabel("peak MB (orange)")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(figure))


if __name__ == "__main__":
    with one_line_errors():
        main()
