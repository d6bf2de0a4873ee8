"""Accuracy, speed and size of several systems on the same raw sentences: a table and a plot.

    TAGGER_DATA=… python benchmarks/peers/accuracy.py conll2003 --seeds 1 --keep models/peers
    TAGGER_DATA=… python benchmarks/peers/frontier.py conll2003 --tagger en en-fast \\
        --spacy models/peers/conll2003-ner-spacy-1 en_core_web_sm \\
        --crfsuite models/peers/conll2003-ner-crfsuite-1 --plot docs/images/frontier.png

The systems take turns on one core; speeds are medians over the rounds, in words between white
space. F1 is of character spans. The 18 labels of spaCy's own pipelines are mapped to those of
CoNLL-2003, and spans of other labels (dates, numbers) are left out. Of a pipeline of spaCy only
what its NER needs is run.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")

import spacy
from spacy.language import Language
from speed import Spans, f1, ours, piped, raw_test, with_crfsuite

from tagger.cli.failures import one_line_errors
from tagger.sharing.finding import find_model
from tagger.tables import markdown_table

ONTONOTES = {
    **dict.fromkeys(("EVENT", "LANGUAGE", "LAW", "NORP", "PRODUCT", "WORK_OF_ART"), "MISC"),
    **dict.fromkeys(("GPE", "LOC", "FAC"), "LOC"),
    "ORG": "ORG",
    "PERSON": "PER",
}
OURS = "tagger, "


class Point(NamedTuple):
    """The measurements of a system."""

    name: str
    f1: float
    """In percent."""
    speed: float
    """Words a second."""
    megabytes: float


def mapped(run: Callable[[Sequence[str]], list[Spans]]) -> Callable[[Sequence[str]], list[Spans]]:
    """Rename the labels of OntoNotes to those of CoNLL-2003, and drop the others."""
    return lambda texts: [
        [(start, end, ONTONOTES[label]) for start, end, label in found if label in ONTONOTES]
        for found in run(texts)
    ]


def size(path: Path) -> float:
    """The MB of a file or a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file()) / 1e6


def only_ner(nlp: Language) -> Language:
    """Turn off all components but the NER and those whose vectors it reads."""
    needed = [
        name
        for name, pipe in nlp.pipeline
        if name == "ner" or "ner" in getattr(pipe, "listening_components", ())
    ]
    nlp.select_pipes(enable=needed)
    return nlp


def spacy_folder(name: str) -> Path:
    """Find the files of a pipeline by its folder or package."""
    return Path(name) if Path(name).is_dir() else Path(spacy.util.get_package_path(name))


def draw(points: Sequence[Point], path: Path, corpus: str) -> None:
    """Plot F1 over speed, models of ours in blue; areas are proportional to megabytes."""
    import matplotlib

    matplotlib.use("svg" if path.suffix == ".svg" else "agg")
    from matplotlib import pyplot
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    figure, axes = pyplot.subplots(figsize=(7, 4.2), layout="constrained")
    middle = (min(point.speed for point in points) * max(point.speed for point in points)) ** 0.5
    for point in points:
        is_ours = point.name.startswith(OURS)
        color = "tab:blue" if is_ours else "tab:gray"
        axes.scatter(point.speed, point.f1, s=12 * point.megabytes, color=color, alpha=0.5)
        axes.scatter(point.speed, point.f1, s=6, color=color)
        is_left = point.speed < middle
        axes.annotate(
            f"{point.name.removeprefix(OURS)}\n{point.megabytes:.1f} MB",
            (point.speed, point.f1),
            xytext=(0, 12) if is_ours else (12 if is_left else -12, 0),
            textcoords="offset points",
            ha="center" if is_ours else "left" if is_left else "right",
            va="bottom" if is_ours else "center",
        )
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.margins(x=0.15, y=0.2)
    axes.set_xlabel("words/s on one core, raw text to entities")
    axes.set_ylabel(f"F1, {corpus} test")
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=150)


def main() -> None:
    """Measure, print the table, and draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus")
    parser.add_argument("--tagger", nargs="+", default=["en"], help="models of ours")
    parser.add_argument("--spacy", nargs="*", default=[], help="pipelines: folders or packages")
    parser.add_argument("--crfsuite", help="a folder that accuracy.py kept")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--plot", type=Path)
    given = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    texts, gold = raw_test(given.corpus, given.tagger[0])
    n_words = sum(len(text.split()) for text in texts)
    runs: dict[str, Callable[[Sequence[str]], list[Spans]]] = {}
    sizes: dict[str, float] = {}
    for model in given.tagger:
        name = f"{OURS}{Path(model).name}"
        runs[name], sizes[name] = ours(model, None), size(find_model(model))
    for pipeline in given.spacy:
        is_package = not Path(pipeline).is_dir()
        name = f"spaCy, {pipeline}" if is_package else "spaCy, trained on the corpus"
        run = piped(only_ner(spacy.load(pipeline)))
        runs[name] = mapped(run) if is_package else run
        sizes[name] = size(spacy_folder(pipeline))
    if given.crfsuite:
        runs["CRFsuite"] = with_crfsuite(given.crfsuite, given.tagger[0])
        sizes["CRFsuite"] = size(Path(given.crfsuite))
    scores = {name: f1(run(texts), gold) for name, run in runs.items()}
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(given.rounds):
        for name, run in runs.items():
            started = time.perf_counter()
            run(texts)
            seconds[name].append(time.perf_counter() - started)
    points = [
        Point(name, scores[name], n_words / statistics.median(seconds[name]), sizes[name])
        for name in runs
    ]
    rows = [
        [point.name, f"{point.f1:.2f}", f"{point.speed:,.0f}", f"{point.megabytes:.1f}"]
        for point in points
    ]
    print(f"{len(texts):,} sentences, {n_words:,} words\n")
    print("\n".join(markdown_table(["", "F1", "words/s", "MB"], rows)))
    if given.plot:
        draw(points, given.plot, given.corpus)


if __name__ == "__main__":
    with one_line_errors():
        main()
