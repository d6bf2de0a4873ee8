"""``tagger benchmark``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tagger.cli.options import DataDir, Json, Model
from tagger.cli.output import console, print_json


def benchmark(
    model: Model = "en",
    source: Annotated[
        str, typer.Argument(help="A file with a text a line, or a corpus (its test split).")
    ] = "sample",
    rounds: Annotated[int, typer.Option(min=1, help="Repetitions of each measurement.")] = 5,
    threads: Annotated[int, typer.Option(min=1, help="Threads of the network.")] = 1,
    max_texts: Annotated[int, typer.Option(min=1, help="Texts at most.")] = 5000,
    plot: Annotated[Path | None, typer.Option(help="Draw a picture to this file (PNG).")] = None,
    json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Measure a model on this machine: cold start, latency, throughput, time by step.

    tagger benchmark en mails.txt
    """
    from tagger.evaluation.raw import texts_of
    from tagger.insight.benchmark import benchmark as measure
    from tagger.insight.benchmark_report import draw, show
    from tagger.plotting import find_matplotlib

    if plot is not None:
        find_matplotlib()
    texts = texts_of(source, data_dir, max_texts)
    with console(stderr=True).status("") as status:
        report = measure(model, texts, rounds=rounds, threads=threads, report=status.update)
    if plot is not None:
        draw(report, plot)
    if json:
        print_json(report)
    else:
        show(console(), report)
