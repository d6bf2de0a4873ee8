"""``tagger pretrain``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from tagger.cli.options import Device, Replace, Resume, Seed, Settings, TrainingThreads
from tagger.cli.output import console, echo


def pretrain(
    texts: Annotated[
        list[str] | None,
        typer.Argument(
            help="Files of raw text, a paragraph a line, or .zst, .gz, .bz2; - for stdin."
        ),
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Model directory.")] = Path(
        "models/base"
    ),
    hours: Annotated[
        float | None,
        typer.Option(
            help="Hours of the language model at most; one pass over the text if not given."
        ),
    ] = None,
    vectors: Annotated[
        Path | None,
        typer.Option(help="Word vectors to start from: GloVe, word2vec, fastText, floret, spaCy."),
    ] = None,
    words: Annotated[
        int | None, typer.Option(help="Words with their own vector, at most.", min=1)
    ] = None,
    vector_epochs: Annotated[
        int | None,
        typer.Option(
            help="Passes over the text by floret, which learns the vectors not given; 0 for none.",
            min=0,
        ),
    ] = None,
    licence: Annotated[str, typer.Option(help="The licence of the text, for the model card.")] = "",
    seed: Seed = None,
    threads: TrainingThreads = None,
    device: Device = "auto",
    config: Annotated[Path | None, typer.Option(help="A TOML file; options override it.")] = None,
    settings: Settings = None,
    resume: Resume = False,
    force: Replace = False,
) -> None:
    """Train a base from raw text, which trainings can start from.

    tagger pretrain news.txt.zst -o models/base --hours 1

    tagger train my/folder --from models/base
    """
    from tagger.config import nested
    from tagger.config_reference import parse_settings
    from tagger.pretraining.reporting import Terminal
    from tagger.pretraining.run import pretrain as run
    from tagger.pretraining.settings import pretraining_config
    from tagger.runtime.loading import pick_device

    options = {
        "pretraining.hours": hours,
        "pretraining.n_words": words,
        "pretraining.vectors": None if vectors is None else str(vectors),
        "pretraining.vector_epochs": vector_epochs,
        "training.seed": seed,
        "training.threads": threads,
    }
    given = {name: value for name, value in options.items() if value is not None}
    overrides = nested({**given, **parse_settings(settings or [])})
    run(
        texts or [],
        output,
        pretraining_config(config, overrides, output=output, resume=resume),
        licence=licence,
        device=pick_device(device),
        force=force,
        resume=resume,
        reporter=Terminal(console()),
    )
    echo(f"\ntagger train sample --from {shlex.quote(str(output))}")
