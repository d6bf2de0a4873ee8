"""``tagger calibrate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tagger.cli.options import (
    Columns,
    CommentPrefix,
    DataDir,
    Delimiter,
    Header,
    Heads,
    Json,
    Model,
    SplitName,
    Strict,
    TextLabels,
    names,
    stated_columns,
)
from tagger.cli.output import console, print_json


def calibrate(
    model: Model,
    corpora: Annotated[list[str], typer.Argument(help="Names, folders, files or hub:owner/name.")],
    split: Annotated[
        SplitName | None,
        typer.Option(help="train, dev or test; if not given, dev or the only split."),
    ] = None,
    heads: Heads = None,
    columns: Columns = None,
    header: Header = None,
    delimiter: Delimiter = None,
    comment_prefix: CommentPrefix = None,
    text_label: TextLabels = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write a calibrated copy of the model to this folder."),
    ] = None,
    json: Json = False,
    strict: Strict = False,
    data_dir: DataDir = None,
) -> None:
    """Fit a model's confidence on corpora, so that of spans with 0.8 eight in ten are right.

    tagger calibrate models/mails mails --split dev

    A training does this itself on its dev splits. Tags do not change. "Before" is without any
    calibration.
    """
    from tagger.evaluation.calibrate import calibrate as run
    from tagger.evaluation.report import calibration_table

    found = run(
        model,
        corpora,
        split,
        heads=names(heads),
        columns=stated_columns(columns, header, delimiter, comment_prefix, text_label),
        output=output,
        strict=strict,
        data_dir=data_dir,
    )
    if json:
        print_json(found)
    else:
        console().print(calibration_table(found))
