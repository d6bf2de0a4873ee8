"""``tagger distill``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

import tagger
from tagger.cli.options import (
    DataDir,
    Device,
    Epochs,
    Heads,
    Json,
    Replace,
    Resume,
    Seed,
    Settings,
    Strict,
    TrainingThreads,
    UnmappedLabels,
    names,
)
from tagger.cli.output import console, echo, print_json


def distill(
    texts: Annotated[
        list[str] | None,
        typer.Argument(
            help="Files or folders of raw text or JSON lines, also compressed; names of corpora."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The student's model directory.")
    ] = None,
    teacher: Annotated[
        list[str] | None,
        typer.Option(
            "--teacher",
            help="A model, spacy:PACKAGE, hf:FOLDER or file:ANSWERS.jsonl; their mean if several.",
        ),
    ] = None,
    corpus: Annotated[
        list[str] | None, typer.Option("--corpus", help="A corpus with gold tags to learn from.")
    ] = None,
    label_map: Annotated[
        list[str] | None,
        typer.Option(
            "--label-map", help="New names of the teachers' labels: GPE=LOC,DATE= drops DATE."
        ),
    ] = None,
    unmapped: Annotated[
        UnmappedLabels | None,
        typer.Option(help="Labels that no corpus has: error, drop or keep; error if not given."),
    ] = None,
    answers: Annotated[
        Path | None,
        typer.Option(help="A folder for the teachers' answers, to be used again."),
    ] = None,
    heads: Heads = None,
    base: Annotated[
        str | None, typer.Option("--from", help="A model for the student to start from.")
    ] = None,
    epochs: Epochs = None,
    seed: Seed = None,
    threads: TrainingThreads = None,
    device: Device = "auto",
    config: Annotated[Path | None, typer.Option(help="A TOML file; options override it.")] = None,
    settings: Settings = None,
    resume: Resume = False,
    force: Replace = False,
    strict: Strict = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Train a small, fast student on text that teachers tag.

    tagger distill news.txt.zst --teacher models/large -o models/small

    tagger distill news.txt --teacher spacy:en_core_web_sm --label-map GPE=LOC -o models/small

    tagger distill news/ --teacher a --teacher b --corpus conll2003 --from en-base -o models/ab
    """
    from tagger.config_reference import parse_settings
    from tagger.distillation.labels import parse_label_map
    from tagger.distillation.reporting import Terminal
    from tagger.distillation.results import results_table

    given: dict[str, object] = {} if epochs is None else {"training.epochs": epochs}
    screen = console()
    distilled = tagger.distill(
        texts or [],
        output,
        teachers=teacher or [],
        corpora=corpus or [],
        label_map=None if label_map is None else parse_label_map(label_map),
        unmapped=unmapped,
        answers=answers,
        heads=names(heads),
        base=base,
        config=config,
        settings=given | parse_settings(settings or []),
        seed=seed,
        threads=threads,
        device=device,
        resume=resume,
        force=force,
        strict=strict,
        data_dir=data_dir,
        reporter=None if json else Terminal(screen),
    )
    if json:
        print_json(distilled.measures)
        return
    screen.print(results_table(distilled.measures, distilled.teachers))
    if distilled.example:
        command = ["tagger", "predict", "-m", str(distilled.path), distilled.example]
        echo(f"\n{shlex.join(command)}")
