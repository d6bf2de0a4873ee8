"""``tagger convert``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import tagger
from tagger.cli.options import (
    Columns,
    CommentPrefix,
    Delimiter,
    Header,
    Json,
    Predictions,
    ReadPredictions,
    TextLabels,
    stated_columns,
)
from tagger.cli.output import echo, print_json
from tagger.corpus.policies import Misaligned, Overlapping
from tagger.formats.table import FORMATS


def convert(
    source: Annotated[
        str,
        typer.Argument(metavar="IN", help="A file, a folder, or a pattern, as in 'docs/*.tsv'."),
    ],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="A file, or a folder for brat.")],
    source_format: Annotated[
        str | None,
        typer.Option(
            "--from",
            help=f"{', '.join(FORMATS)}; detected by suffix and content if not given.",
        ),
    ] = None,
    target_format: Annotated[
        str | None,
        typer.Option("--to", help="The same names; by the suffix if not given."),
    ] = None,
    scheme: Annotated[
        str | None, typer.Option(help="The scheme of the tags to write: BIO, IOB1, BIOES or BILOU.")
    ] = None,
    misaligned: Annotated[
        Misaligned | None,
        typer.Option(
            help="For spans off token bounds: error, drop or expand; from text to text they stay."
        ),
    ] = None,
    overlapping: Annotated[
        Overlapping,
        typer.Option(help="For overlapping spans: error, or drop for all but the longest."),
    ] = "error",
    columns: Columns = None,
    header: Header = None,
    delimiter: Delimiter = None,
    comment_prefix: CommentPrefix = None,
    text_label: TextLabels = None,
    read_predictions: ReadPredictions = False,
    predictions: Predictions = False,
    document: Annotated[
        bool, typer.Option("--document", help="Each file of IN is the text of one document.")
    ] = False,
    json: Json = False,
    force: Annotated[bool, typer.Option("--force", help="Replace OUT.")] = False,
) -> None:
    """Convert annotations: columns, CoNLL-U, annotators' JSON, spaCy, brat, text with brackets.

    tagger convert export.jsonl train.conll --misaligned expand

    tagger convert train.conll docs --to brat

    tagger convert 'shards/*.conll' all.jsonl --to jsonl
    """
    report = tagger.convert(
        source,
        target,
        source_format=source_format,
        target_format=target_format,
        scheme=scheme,
        misaligned=misaligned,
        overlapping=overlapping,
        columns=stated_columns(columns, header, delimiter, comment_prefix, text_label),
        read_predictions=read_predictions or predictions,
        document=document,
        force=force,
    )
    if json:
        print_json(report)
        return
    for line in report.lines():
        echo(line)
