"""``tagger evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import tagger
from tagger.cli.options import (
    READ_PREDICTIONS,
    Columns,
    CommentPrefix,
    DataDir,
    Delimiter,
    Device,
    Engine,
    Header,
    Heads,
    Json,
    Model,
    Precision,
    SplitName,
    Strict,
    Threads,
    Thresholds,
    console,
    names,
    print_json,
    stated_columns,
    stated_thresholds,
)


def evaluate(
    model: Model,
    corpus: Annotated[str, typer.Argument(help="A name, folder, file or hub:owner/name.")],
    split: Annotated[
        SplitName | None,
        typer.Option(help="train, dev or test; if not given, test or the only split."),
    ] = None,
    heads: Heads = None,
    columns: Columns = None,
    header: Header = None,
    delimiter: Delimiter = None,
    comment_prefix: CommentPrefix = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="Score by character spans on untokenized text.")
    ] = False,
    threshold: Thresholds = None,
    by_threshold: Annotated[
        bool,
        typer.Option(
            "--by-threshold", help="Show the spans missed and those too many at each threshold."
        ),
    ] = False,
    read_predictions: Annotated[
        bool, typer.Option("--read-predictions", help=READ_PREDICTIONS)
    ] = False,
    predictions: Annotated[
        Path | None, typer.Option(help="Write token, gold and predicted tags to this file.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file --predictions.")] = False,
    json: Json = False,
    device: Device = "cpu",
    engine: Engine = None,
    precision: Precision = None,
    threads: Threads = 0,
    strict: Strict = False,
    data_dir: DataDir = None,
) -> None:
    """Score a model on a corpus.

    tagger evaluate models/conll2003 conll2003 --split dev
    """
    from tagger.evaluation.report import print_evaluation

    evaluation = tagger.evaluate(
        model,
        corpus,
        split,
        raw=raw,
        threshold=stated_thresholds(threshold) or None,
        by_threshold=by_threshold,
        heads=names(heads),
        columns=stated_columns(columns, header, delimiter, comment_prefix),
        read_predictions=read_predictions,
        predictions=predictions,
        force=force,
        device=device,
        engine=engine,
        precision=precision,
        threads=threads,
        strict=strict,
        data_dir=data_dir,
    )
    for finding in evaluation.findings:
        typer.echo(finding.describe(), err=True)
    if json:
        print_json(evaluation)
    else:
        print_evaluation(console(), evaluation.title, evaluation)
