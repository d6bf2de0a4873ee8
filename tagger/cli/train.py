"""``tagger train``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

import tagger
from tagger.cli.options import (
    Columns,
    CommentPrefix,
    DataDir,
    Delimiter,
    Device,
    Epochs,
    Header,
    Heads,
    Predictions,
    ReadPredictions,
    Replace,
    Resume,
    Seed,
    Settings,
    Strict,
    TextLabels,
    TrainingThreads,
    names,
    one_of,
    stated_columns,
)
from tagger.cli.output import console, echo
from tagger.config import Cell, Direction, Merge
from tagger.errors import UsageError


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
    header: Header = None,
    delimiter: Delimiter = None,
    comment_prefix: CommentPrefix = None,
    text_label: TextLabels = None,
    read_predictions: ReadPredictions = False,
    predictions: Predictions = False,
    cell: Annotated[str | None, typer.Option(help=f"{one_of(Cell)}.")] = None,
    direction: Annotated[str | None, typer.Option(help=f"{one_of(Direction)}.")] = None,
    merge: Annotated[
        str | None, typer.Option(help=f"Merge of the two directions: {one_of(Merge)}.")
    ] = None,
    decoder: Annotated[
        str | None, typer.Option(help="crf or softmax for all heads; auto chooses for each.")
    ] = None,
    vectors: Annotated[
        Path | None,
        typer.Option(help="Word vectors: GloVe, word2vec, fastText, floret or a spaCy pipeline."),
    ] = None,
    epochs: Epochs = None,
    seed: Seed = None,
    threads: TrainingThreads = None,
    device: Device = "auto",
    config: Annotated[Path | None, typer.Option(help="A TOML file; options override it.")] = None,
    settings: Settings = None,
    base: Annotated[
        str | None, typer.Option("--from", help="A trained model to start from.")
    ] = None,
    forget: Annotated[
        bool, typer.Option("--forget", help="Drop the labels of --from that no corpus has.")
    ] = False,
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="Train on a corpus without any entity.")
    ] = False,
    suspects: Annotated[
        Path | None,
        typer.Option(
            "--downweight-suspects",
            help="What `tagger lint --folds 5 --format json` printed: suspects count for less.",
        ),
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option(help="Train this many models, each scored on the part that it has not seen."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(help="Processes that share each batch; not with torchrun."),
    ] = None,
    resume: Resume = False,
    force: Replace = False,
    strict: Strict = False,
    data_dir: DataDir = None,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Also log for TensorBoard.")
    ] = False,
    dump_config: Annotated[
        bool,
        typer.Option("--dump-config", help="Print the complete configuration and stop."),
    ] = False,
) -> None:
    """Train a model on one corpus or several.

    tagger train conll2003 --heads ner,pos,chunk -o models/c3

    tagger train my/folder --columns token,ner

    tagger train conll2003 ud_en_ewt --heads ner,upos,xpos

    tagger train my/folder --folds 5 -o models/folds
    """
    from tagger.config_reference import commented_toml, parse_settings

    options = {
        "embedder.vectors": None if vectors is None else str(vectors),
        "encoder.cell": cell,
        "encoder.direction": direction,
        "encoder.merge": merge,
        "head.decoder": decoder,
        "training.downweight_suspects": None if suspects is None else str(suspects),
        "training.epochs": epochs,
        "training.allow_empty": allow_empty or None,
        "training.forget": forget or None,
        "training.seed": seed,
        "training.threads": threads,
    }
    given: dict[str, object] = {name: value for name, value in options.items() if value is not None}
    given |= parse_settings(settings or [])
    if dump_config:
        from tagger.config import nested
        from tagger.training.settings import settings as combine

        chosen = combine(
            corpora or [],
            config=config,
            heads=names(heads),
            columns=stated_columns(columns, header, delimiter, comment_prefix, text_label),
            read_predictions=read_predictions or predictions,
            overrides=nested(given),
            base=base,
            may_lack_sources=True,
        )
        echo(commented_toml(chosen.config), nl=False)
        return

    from tagger.evaluation.report import print_evaluation
    from tagger.training.reporting import Terminal

    screen = console()
    if folds is not None and workers is not None:
        raise UsageError("folds are trained one after the other", hint="leave out {workers}")
    if folds is not None:
        if len(corpora or []) != 1:
            raise UsageError("folds are of one corpus", hint="name one corpus")
        from tagger.evaluation.report import print_folds
        from tagger.training.folds import cross_validate

        found = cross_validate(
            (corpora or [])[0],
            output,
            folds=folds,
            heads=names(heads),
            columns=stated_columns(columns, header, delimiter, comment_prefix, text_label),
            base=base,
            config=config,
            settings=given,
            device=device,
            resume=resume,
            force=force,
            strict=strict,
            data_dir=data_dir,
            reporter=Terminal(screen),
        )
        print_evaluation(screen, found.pooled.title, found.pooled)
        print_folds(screen, found.folds)
        echo(f"\n{shlex.join(['tagger', 'score', str(found.predictions)])}")
        return
    trained = tagger.train(
        corpora or [],
        output,
        heads=names(heads),
        columns=stated_columns(columns, header, delimiter, comment_prefix, text_label),
        read_predictions=read_predictions or predictions,
        base=base,
        config=config,
        settings=given,
        device=device,
        workers=workers,
        resume=resume,
        force=force,
        strict=strict,
        data_dir=data_dir,
        tensorboard=tensorboard,
        reporter=Terminal(screen),
    )
    if not trained.leads:
        return
    for name, evaluation in trained.test.items():
        print_evaluation(screen, f"{name} test", evaluation)
    command = ["tagger", "predict", "-m", str(trained.path), trained.example]
    echo(f"\n{shlex.join(command)}")
