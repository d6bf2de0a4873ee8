"""``tagger predict``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tagger.cli.options import (
    Device,
    Engine,
    Heads,
    NamedModel,
    Precision,
    Threads,
    Thresholds,
    names,
    stated_thresholds,
)
from tagger.cli.output import announce_input, console, in_terminal, shows_progress
from tagger.text.sentences import Newline


def predict(
    text: Annotated[
        list[str] | None, typer.Argument(help="Texts; without them, lines of standard input.")
    ] = None,
    model: NamedModel = "en",
    file: Annotated[
        list[Path] | None,
        typer.Option("--file", "-f", help="A text a line, or JSON lines; - is standard input."),
    ] = None,
    tokenized: Annotated[
        bool,
        typer.Option("--tokenized", help="A line is a sentence of tokens between tabs or spaces."),
    ] = False,
    document: Annotated[bool, typer.Option("--document", help="A file is a text.")] = False,
    newline: Annotated[
        Newline,
        typer.Option(
            "--newline",
            help="Whether a line end within a text ends a sentence; auto decides by the lines.",
        ),
    ] = "auto",
    output_format: Annotated[
        str | None,
        typer.Option("--format", help="text, json, conll or spacy; by --output if not given."),
    ] = None,
    heads: Heads = None,
    confidence: Annotated[
        bool, typer.Option("--confidence", help="Add the probability of each entity (with json).")
    ] = False,
    threshold: Thresholds = None,
    nbest: Annotated[
        int,
        typer.Option(
            "--nbest",
            min=0,
            max=100,
            help="Add the most probable readings of each sentence, up to 100, and what else each "
            "entity may be (with json); 0 for none.",
        ),
    ] = 0,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to this file.")
    ] = None,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Resume --output after its last whole block of 512 results."),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the file --output.")] = False,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes.")] = 1,
    device: Device = "cpu",
    engine: Engine = None,
    precision: Precision = None,
    threads: Threads = 0,
) -> None:
    """Tag text: one result for each line, in order, as the lines come.

    tagger predict "John works at Apple in California"

    tagger predict --file mails.txt --format json -o mails.jsonl --workers 2
    """
    from tagger.prediction.predict import predict as run
    from tagger.prediction.progress import terminal_progress
    from tagger.prediction.workers import Job
    from tagger.runtime.engines.protocol import engine_name, precision_name

    announce_input(text, file)
    run(
        Job(
            model=model,
            device=device,
            engine=engine_name(engine),
            precision=precision_name(precision),
            threads=threads,
            heads=None if heads is None else tuple(names(heads) or ()),
            tokenized=tokenized,
            output_format=output_format or "",
            confidence=confidence,
            newline=newline,
            whole=document,
            nbest=nbest,
            threshold=tuple(stated_thresholds(threshold).items()),
        ),
        text or [],
        file or [],
        output=output,
        resume=resume,
        force=force,
        workers=workers,
        screen=console() if in_terminal(output) else None,
        progress=terminal_progress if shows_progress(output) else None,
    )
