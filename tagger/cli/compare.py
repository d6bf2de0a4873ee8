"""``tagger compare``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from tagger.cli.options import (
    Columns,
    DataDir,
    Epochs,
    Heads,
    Json,
    TrainingThreads,
    console,
    names,
    print_json,
)


def compare(
    corpora: Annotated[
        list[str], typer.Argument(help="Names (see `tagger corpora`), folders or files.")
    ],
    vary: Annotated[
        list[str] | None,
        typer.Option(
            help="Values of a setting, as in cell=rnn,gru,lstm; several times for a grid. If not "
            "given, cells × directions × merges."
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="So many seeds, from 1.")] = 3,
    fraction: Annotated[
        float | None, typer.Option(help="Train on this share of the sentences, as in 0.2.")
    ] = None,
    one_at_a_time: Annotated[
        bool,
        typer.Option(
            "--one-at-a-time", help="Each value of --vary alone, against what is as it is."
        ),
    ] = False,
    match_params: Annotated[
        bool,
        typer.Option("--match-params", help="As many parameters in each encoder as in the first."),
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder; models/compare/CORPUS.")
    ] = None,
    heads: Heads = None,
    columns: Columns = None,
    split: Annotated[str, typer.Option(help="What is scored: dev or test.")] = "dev",
    epochs: Epochs = None,
    threads: TrainingThreads = None,
    config: Annotated[Path | None, typer.Option(help="A TOML file with what all share.")] = None,
    base: Annotated[str | None, typer.Option("--from", help="A base that all start from.")] = None,
    json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Train a grid of architectures or settings and compare them by measurement.

    tagger compare conll2003 --fraction 0.2 --vary cell=gru,lstm --vary direction=forward,bi

    tagger compare brackets
    """
    from rich.console import Console

    from tagger.insight.compare.comparison import Plan
    from tagger.insight.compare.comparison import compare as run
    from tagger.insight.compare.grid import parse_vary
    from tagger.insight.compare.progress import Terminal
    from tagger.insight.compare.report import LEGEND, advice, table, write_report
    from tagger.plotting import find_matplotlib
    from tagger.sharing.finding import MODELS
    from tagger.tables import print_line
    from tagger.training.settings import short_name

    find_matplotlib("tagger compare")
    sources = tuple(source.rstrip("/") or source for source in corpora)
    plan = Plan(
        corpora=sources,
        vary=parse_vary(vary or []),
        n_seeds=seeds,
        output=output or MODELS / "compare" / "+".join(short_name(name) for name in sources),
        config_file=config,
        overrides={"training": {"epochs": epochs, "threads": threads, "fraction": fraction}},
        heads=names(heads),
        columns=columns,
        base=base,
        split=split,
        match_params=match_params,
        one_at_a_time=one_at_a_time,
        data_dir=data_dir,
    )
    with Terminal(Console(stderr=True)) as reporter:
        comparisons = run(plan, reporter)
    command = shlex.join(["tagger", *sys.argv[1:]])
    files = write_report(plan.output, comparisons, command)
    if json:
        print_json(comparisons)
        return
    screen = console()
    for comparison in comparisons:
        print_line(screen, comparison.title, wrap=True)
        screen.print(table(comparison))
        print_line(screen, advice(comparison), wrap=True)
        screen.print()
    print_line(screen, LEGEND, wrap=True)
    print_line(screen, f"written: {', '.join(map(str, files))}", wrap=True)
