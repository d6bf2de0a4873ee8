"""``tagger evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tagger.cli.options import (
    Columns,
    DataDir,
    Device,
    Engine,
    Heads,
    Json,
    Model,
    Precision,
    Strict,
    Threads,
    console,
    names,
    print_json,
)
from tagger.errors import UsageError
from tagger.files import check_new, check_not_read


def evaluate(
    model: Model,
    corpus: Annotated[str, typer.Argument(help="A name, folder, file or hub:owner/name.")],
    split: Annotated[
        str | None, typer.Option(help="train, dev or test; of a single file, that file.")
    ] = None,
    heads: Heads = None,
    columns: Columns = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="Score by character spans on untokenized text.")
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
    if raw and predictions is not None:
        raise UsageError("--predictions is of gold tokens; it does not go with --raw")
    check_new([predictions], force=force)

    from tagger.evaluation.evaluate import evaluate as score
    from tagger.evaluation.evaluate import select_split
    from tagger.evaluation.predictions import write_predictions
    from tagger.evaluation.raw import evaluate_raw
    from tagger.evaluation.report import print_evaluation, print_raw
    from tagger.runtime.loading import load
    from tagger.sharing.finding import find_model

    directory = find_model(model)
    tagger = load(directory, device=device, engine=engine, precision=precision, threads=threads)
    chosen = select_split(
        directory,
        tagger,
        corpus,
        split,
        names(heads),
        columns=columns,
        data_dir=data_dir,
        strict=strict,
    )
    check_not_read([predictions], chosen.files)
    for line in chosen.mended:
        typer.echo(f"{corpus}: {line}", err=True)
    screen = console()
    title = f"{model} on {corpus} {chosen.split}"
    if raw:
        raw_scores = evaluate_raw(tagger, chosen.data, chosen.heads, chosen.not_annotated)
        if json:
            print_json(raw_scores)
        else:
            print_raw(screen, title, raw_scores)
        return
    evaluation, tagged = score(tagger, chosen.data, chosen.heads, chosen.not_annotated)
    if json:
        print_json(evaluation)
    else:
        print_evaluation(screen, title, evaluation)
    if predictions is not None:
        write_predictions(
            predictions, tagged, [head.name for head in chosen.heads], chosen.not_annotated
        )
