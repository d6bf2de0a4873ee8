"""``tagger select``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import tagger
from tagger.cli.options import DataDir, Json, NamedModel, Threads
from tagger.cli.output import console, print_json


def select(
    texts: Annotated[
        list[str],
        typer.Argument(
            metavar="TEXT...",
            help="Files, folders and patterns of raw text or JSON lines, plain or compressed, or "
            "names of corpora, whose training sentences are used without tags.",
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")],
    model: NamedModel = "en",
    n: Annotated[int, typer.Option("-n", help="The number of sentences.")] = 50,
    head: Annotated[str | None, typer.Option(help="The head; ner, or the first of spans.")] = None,
    target_format: Annotated[
        str | None,
        typer.Option(
            "--to", help="The format, as in `tagger convert`; by the suffix if not given."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    threads: Threads = 0,
    json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Choose the sentences of raw text that a model learns most from.

    They are those in which it expects to be wrong most often, unlike each other, and are written
    for an annotation tool with the model's entities as suggestions.

    tagger select mails.txt -m models/orders -n 50 -o to-annotate.jsonl --to prodigy
    """
    from tagger.insight.select.reporting import Counter, print_selected

    with Counter() as counter:
        selected = tagger.select(
            texts,
            output,
            model=model,
            n=n,
            head=head,
            target_format=target_format,
            threads=threads,
            force=force,
            data_dir=data_dir,
            progress=counter.add,
        )
    if json:
        print_json(selected)
    else:
        print_selected(console(), selected)
