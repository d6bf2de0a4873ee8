"""``tagger predict``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tagger.cli.options import Device, Heads, names


def predict(
    text: Annotated[
        list[str] | None, typer.Argument(help="Texts; without them, lines of standard input.")
    ] = None,
    model: Annotated[
        str, typer.Option("--model", "-m", help="A model directory, or a name of one.")
    ] = "en",
    file: Annotated[
        list[Path] | None, typer.Option("--file", "-f", help="A text a line; - is standard input.")
    ] = None,
    tokenized: Annotated[
        bool,
        typer.Option("--tokenized", help="A line is a sentence, tokens between tabs or spaces."),
    ] = False,
    output_format: Annotated[
        str | None, typer.Option("--format", help="text, json or conll; in a terminal a view.")
    ] = None,
    heads: Heads = None,
    device: Device = "cpu",
) -> None:
    """Tag text: one answer for each line, in order, as the lines come.

    tagger predict "John works at Apple in California"

    tagger predict --file mails.txt --format json > mails.jsonl
    """
    from tagger.errors import UsageError, unknown_name
    from tagger.runtime.finding import find_model
    from tagger.runtime.formats import FORMATS
    from tagger.runtime.streaming import inputs

    if output_format is not None and output_format not in FORMATS:
        raise UsageError(unknown_name("format", output_format, FORMATS))
    from tagger.runtime.loading import load
    from tagger.runtime.writing import write_answers

    tagger = load(find_model(model), device=device)
    write_answers(
        tagger,
        inputs(text or [], file or []),
        output_format=output_format,
        heads=names(heads),
        tokenized=tokenized,
    )
