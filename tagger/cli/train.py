"""``tagger train``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from tagger.cli.options import (
    Columns,
    DataDir,
    Device,
    Epochs,
    Heads,
    Replace,
    Resume,
    Seed,
    Strict,
    TrainingThreads,
    names,
    one_of,
)
from tagger.config import Cell, Direction, Merge


def train(
    corpora: Annotated[
        list[str] | None,
        typer.Argument(help="Names (see `tagger corpora`), folders, files or hub:owner/name."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Model directory; models/CORPUS if not given."),
    ] = None,
    heads: Heads = None,
    columns: Columns = None,
    cell: Annotated[str | None, typer.Option(help=f"{one_of(Cell)}.")] = None,
    direction: Annotated[str | None, typer.Option(help=f"{one_of(Direction)}.")] = None,
    merge: Annotated[
        str | None, typer.Option(help=f"How both directions are combined: {one_of(Merge)}.")
    ] = None,
    decoder: Annotated[
        str | None, typer.Option(help="crf or softmax, for all heads; auto suits each.")
    ] = None,
    vectors: Annotated[
        Path | None,
        typer.Option(help="Word vectors: GloVe, word2vec, fastText, floret or a spaCy pipeline."),
    ] = None,
    epochs: Epochs = None,
    seed: Seed = None,
    threads: TrainingThreads = None,
    device: Device = "auto",
    config: Annotated[Path | None, typer.Option(help="A TOML file; flags override it.")] = None,
    base: Annotated[
        str | None, typer.Option("--from", help="A trained model to start from.")
    ] = None,
    resume: Resume = False,
    force: Replace = False,
    strict: Strict = False,
    data_dir: DataDir = None,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Log for TensorBoard as well.")
    ] = False,
    dump_config: Annotated[
        bool, typer.Option("--dump-config", help="Print the complete configuration and stop.")
    ] = False,
) -> None:
    """Train a model on one corpus or several.

    tagger train conll2003 --heads ner,pos,chunk -o models/c3

    tagger train my/folder --columns token,ner

    tagger train conll2003 ud_en_ewt --heads ner,upos,xpos
    """
    from tagger.training.settings import settings

    chosen = settings(
        corpora or [],
        output=output,
        resume=resume,
        config_file=config,
        heads=names(heads),
        columns=columns,
        overrides={
            "embedder": {"vectors": str(vectors) if vectors else None},
            "encoder": {"cell": cell, "direction": direction, "merge": merge},
            "head": {"decoder": decoder},
            "training": {"epochs": epochs, "seed": seed, "threads": threads},
        },
        base=base,
        data_dir=data_dir,
        strict=strict,
        may_lack_sources=dump_config,
    )
    if dump_config:
        from tagger.config import config_to_toml

        typer.echo(config_to_toml(chosen.config), nl=False)
        return

    from rich.console import Console

    from tagger.evaluation.report import print_evaluation
    from tagger.runtime.loading import pick_device
    from tagger.training.reporting import Reporter, Reporters, TensorBoard, Terminal
    from tagger.training.run import train as run

    console = Console()
    reporters: list[Reporter] = [Terminal(console)]
    if tensorboard:
        reporters.append(TensorBoard(chosen.output / "tensorboard"))
    _, tests = run(
        chosen.sources,
        chosen.output,
        chosen.config,
        data_dir=chosen.data_dir,
        device=pick_device(device),
        strict=chosen.strict,
        force=force,
        resume=resume,
        base=chosen.base,
        reporter=Reporters(reporters),
    )
    for name, evaluation in tests.items():
        print_evaluation(console, f"{name} test", evaluation)
    place = shlex.quote(str(chosen.output))
    typer.echo(f'\ntagger predict -m {place} "John works at Apple in California"')
