"""``tagger redact``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tagger.cli.options import (
    Device,
    Engine,
    NamedModel,
    Precision,
    Threads,
    Thresholds,
    names,
    stated_thresholds,
)
from tagger.cli.output import announce_input, shows_progress

if TYPE_CHECKING:
    from tagger.prediction.redacting import Replace, Scope
else:  # for Typer: the function checks the names
    Replace = Scope = str


def redact(
    text: Annotated[
        list[str] | None, typer.Argument(help="Texts; without them, lines of standard input.")
    ] = None,
    model: NamedModel = "en",
    file: Annotated[
        list[Path] | None,
        typer.Option("--file", "-f", help="A document a line; - is standard input."),
    ] = None,
    document: Annotated[bool, typer.Option("--document", help="A file is a document.")] = False,
    column: Annotated[
        str | None,
        typer.Option(
            "--column",
            help="Lines are JSON objects, with the text under this key; text for .jsonl.",
        ),
    ] = None,
    replace: Annotated[
        Replace,
        typer.Option(help="label: [PER]; mask: a block for each character; pseudonym: PER-1."),
    ] = "label",
    scope: Annotated[
        Scope, typer.Option(help="Where a pseudonym is one name: in a document or in the run.")
    ] = "document",
    labels: Annotated[
        str | None, typer.Option("--labels", help="What to replace, as in PER,LOC; else all.")
    ] = None,
    threshold: Thresholds = None,
    also: Annotated[
        str | None, typer.Option("--also", help="What patterns find, too: mail,phone,iban,url.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to this file.")
    ] = None,
    map_: Annotated[
        Path | None, typer.Option("--map", help="Write what undoes it, with all names, here.")
    ] = None,
    undo: Annotated[
        Path | None, typer.Option("--undo", help="Put the names of this map back.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace --output and --map.")] = False,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes.")] = 1,
    device: Device = "cpu",
    engine: Engine = None,
    precision: Precision = None,
    threads: Threads = 0,
) -> None:
    """Replace the names in text; no tagger finds all of them.

    tagger redact "Maria Lopez lives in Leeds." --replace pseudonym

    tagger redact -f mails.txt -o redacted.txt --also mail,phone --map names.jsonl

    tagger redact -f redacted.txt --undo names.jsonl

    The threshold is 0.05 if not given, so that fewer names are left.
    """
    from tagger.errors import UsageError
    from tagger.prediction.progress import terminal_progress
    from tagger.prediction.redact_files import redact_files, undo_files
    from tagger.prediction.redacting import DEFAULT_THRESHOLD, Rules
    from tagger.prediction.workers import Job
    from tagger.runtime.engines.protocol import engine_name, precision_name

    if undo is not None:
        if text or map_ is not None:
            raise UsageError(
                "the names of a map go back into a file or standard input",
                hint="leave out the texts and {map}",
            )
        undo_files(undo, file or [], column=column, whole=document, output=output, force=force)
        return
    announce_input(text, file)
    only = names(labels, "label", "labels=PER")
    redact_files(
        Job(
            model=model,
            device=device,
            engine=engine_name(engine),
            precision=precision_name(precision),
            threads=threads,
        ),
        Rules(
            replace=replace,
            scope=scope,
            labels=None if only is None else tuple(only),
            threshold=tuple({"*": DEFAULT_THRESHOLD, **stated_thresholds(threshold)}.items()),
            also=tuple(names(also, "pattern", "also=mail") or ()),
        ),
        text or [],
        file or [],
        column=column,
        whole=document,
        output=output,
        map_path=map_,
        force=force,
        workers=workers,
        progress=terminal_progress if shows_progress(output) else None,
    )
