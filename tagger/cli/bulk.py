"""``tagger bulk``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

import tagger
from tagger.cli.options import (
    Device,
    Engine,
    Executor,
    Heads,
    Json,
    NamedModel,
    Precision,
    RayAddress,
    Thresholds,
    names,
    stated_thresholds,
)
from tagger.cli.output import console, print_json
from tagger.text.sentences import Newline

if TYPE_CHECKING:
    from tagger.bulk_tagging.job import OutputFormat
else:  # for Typer: the function checks the names
    OutputFormat = str

ROWS_WITH_ERRORS = 3
"""The exit code if some rows were not tagged."""


def bulk(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="IN...",
            help="Files, folders, globs or URLs: Parquet, Arrow, JSON lines, CSV, text.",
        ),
    ],
    output: Annotated[str, typer.Option("--output", "-o", help="The folder or URL to write to.")],
    model: NamedModel = "en",
    text_column: Annotated[str, typer.Option(help="The column of texts.")] = "text",
    id_column: Annotated[
        str | None, typer.Option(help="The column of ids; id if not given, where there is one.")
    ] = None,
    keep: Annotated[
        list[str] | None, typer.Option("--keep", help="Another column to keep.")
    ] = None,
    document: Annotated[
        bool, typer.Option("--document", help="A file of text is one text, not one a line.")
    ] = False,
    newline: Annotated[
        Newline,
        typer.Option(
            "--newline",
            help="Whether a line end within a text ends a sentence; auto decides by the lines.",
        ),
    ] = "auto",
    max_chars: Annotated[
        int, typer.Option(min=1, help="A text of more characters has an error.")
    ] = 1_000_000,
    heads: Heads = None,
    tokens: Annotated[
        bool, typer.Option("--tokens", help="Write tokens with their tags, and sentences.")
    ] = False,
    confidence: Annotated[
        bool, typer.Option("--confidence", help="Add the probability of each entity.")
    ] = False,
    threshold: Thresholds = None,
    output_format: Annotated[
        OutputFormat, typer.Option("--format", help="parquet or jsonl.")
    ] = "parquet",
    executor: Executor = "local",
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes; one a core if not given.")
    ] = None,
    ray_address: RayAddress = None,
    shard: Annotated[
        str | None, typer.Option("--shard", help="The part i/n of the work, as in 1/8.")
    ] = None,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", help="Stop at the first row with an error.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Remove the results of another job.")
    ] = False,
    device: Device = "cpu",
    engine: Engine = None,
    precision: Precision = None,
    json: Json = False,
) -> None:
    """Tag tables into tables, in any number of processes; run again, it resumes.

    tagger bulk mails.parquet -o found --keep date

    tagger bulk 's3://lake/mails/*.parquet' -o s3://lake/entities --executor ray
    """
    from tagger.bulk_tagging.reporting import Json as JsonReporter
    from tagger.bulk_tagging.reporting import Terminal, summary_tables
    from tagger.runtime.engines.protocol import engine_name, precision_name

    screen = console()
    summary = tagger.bulk(
        inputs,
        output,
        model=model,
        text_column=text_column,
        id_column=id_column,
        keep=keep or [],
        document=document,
        heads=names(heads),
        tokens=tokens,
        confidence=confidence,
        threshold=stated_thresholds(threshold) or None,
        output_format=output_format,
        executor=executor,
        workers=workers,
        ray_address=ray_address,
        shard=shard,
        newline=newline,
        max_chars=max_chars,
        device=device,
        engine=engine_name(engine),
        precision=precision_name(precision),
        fail_fast=fail_fast,
        force=force,
        reporter=JsonReporter(print_json) if json else Terminal(console(stderr=True)),
    )
    if json:
        print_json({"event": "summary", "summary": summary})
    else:
        for table in summary_tables(summary):
            screen.print(table)
    if summary.total.n_errors:
        raise typer.Exit(ROWS_WITH_ERRORS)
