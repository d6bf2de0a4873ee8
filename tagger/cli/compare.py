"""``tagger compare``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

import tagger
from tagger.cli.options import (
    Columns,
    CommentPrefix,
    DataDir,
    Delimiter,
    Epochs,
    Executor,
    Header,
    Heads,
    Json,
    Predictions,
    RayAddress,
    ReadPredictions,
    SplitName,
    TextLabels,
    TrainingThreads,
    names,
    stated_columns,
)
from tagger.cli.output import console, print_json
from tagger.errors import UsageError


def compare(
    corpora: Annotated[
        list[str], typer.Argument(help="Names (see `tagger corpora`), folders or files.")
    ],
    vary: Annotated[
        list[str] | None,
        typer.Option(
            help="Values of a setting, as in cell=rnn,gru,lstm; several times for a grid. Without "
            "it: cells × directions × merges."
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="The number of seeds, from 1 on.")] = 3,
    fraction: Annotated[
        float | None, typer.Option(help="Train on this share of the sentences, as in 0.2.")
    ] = None,
    one_at_a_time: Annotated[
        bool,
        typer.Option("--one-at-a-time", help="Compare each value of --vary alone with a baseline."),
    ] = False,
    match_params: Annotated[
        bool,
        typer.Option("--match-params", help="Give each encoder as many parameters as the first."),
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder; models/compare/CORPUS.")
    ] = None,
    heads: Heads = None,
    columns: Columns = None,
    header: Header = None,
    delimiter: Delimiter = None,
    comment_prefix: CommentPrefix = None,
    text_label: TextLabels = None,
    read_predictions: ReadPredictions = False,
    predictions: Predictions = False,
    split: Annotated[
        SplitName, typer.Option(help="The split that is scored: dev or test.")
    ] = "dev",
    epochs: Epochs = None,
    threads: TrainingThreads = None,
    executor: Executor = "local",
    workers: Annotated[
        int | None,
        typer.Option(help="Trainings at once, each with one thread; on Ray as many as fit."),
    ] = None,
    ray_address: RayAddress = None,
    config: Annotated[Path | None, typer.Option(help="A TOML file for all rows.")] = None,
    base: Annotated[str | None, typer.Option("--from", help="A model to start from.")] = None,
    json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Train a grid of architectures or settings with several seeds and compare the results.

    tagger compare conll2003 --fraction 0.2 --vary cell=gru,lstm --vary direction=forward,bi

    tagger compare brackets
    """
    from tagger.insight.compare.progress import Terminal
    from tagger.insight.compare.report import LEGEND, advice, table
    from tagger.tables import print_line

    settings = {
        "training.epochs": epochs,
        "training.threads": threads,
        "training.fraction": fraction,
    }
    with Terminal(console(stderr=True)) as reporter:
        comparisons = tagger.compare(
            corpora,
            output,
            vary=_values(vary or []),
            n_seeds=seeds,
            one_at_a_time=one_at_a_time,
            match_params=match_params,
            split=split,
            heads=names(heads),
            columns=stated_columns(columns, header, delimiter, comment_prefix, text_label),
            read_predictions=read_predictions or predictions,
            base=base,
            config=config,
            settings={name: value for name, value in settings.items() if value is not None},
            data_dir=data_dir,
            executor=executor,
            workers=workers,
            ray_address=ray_address,
            command=shlex.join(["tagger", *sys.argv[1:]]),
            reporter=reporter,
        )
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


def _values(options: list[str]) -> dict[str, list[str]]:
    """Read ``cell=rnn,gru`` and the like.

    Raises:
        UsageError: No value, or a key twice.
    """
    found: dict[str, list[str]] = {}
    for option in options:
        key, _, rest = option.partition("=")
        values = [value.strip() for value in rest.split(",") if value.strip()]
        if not values:
            raise UsageError(f"no values in {option}", hint="list some: {vary=cell=rnn,gru,lstm}")
        if key.strip() in found:
            raise UsageError(f"{key.strip()} is varied twice", hint="list its values once")
        found[key.strip()] = values
    return found
