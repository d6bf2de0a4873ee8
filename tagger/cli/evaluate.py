"""``tagger evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import tagger
from tagger.cli.options import (
    READ_PREDICTIONS,
    Columns,
    CommentPrefix,
    DataDir,
    Delimiter,
    Device,
    Engine,
    Header,
    Heads,
    Json,
    Model,
    Precision,
    SplitName,
    Strict,
    TextLabels,
    Threads,
    Thresholds,
    names,
    stated_columns,
    stated_thresholds,
)
from tagger.cli.output import console, echo, print_json
from tagger.errors import UsageError
from tagger.files import check_new, write_file

if TYPE_CHECKING:
    from tagger.insight.report.results import ErrorReport


def evaluate(
    model: Model,
    corpus: Annotated[str, typer.Argument(help="A name, folder, file or hub:owner/name.")],
    split: Annotated[
        SplitName | None,
        typer.Option(help="train, dev or test; if not given, test or the only split."),
    ] = None,
    heads: Heads = None,
    columns: Columns = None,
    header: Header = None,
    delimiter: Delimiter = None,
    comment_prefix: CommentPrefix = None,
    text_label: TextLabels = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="Score by character spans on untokenized text.")
    ] = False,
    threshold: Thresholds = None,
    by_threshold: Annotated[
        bool,
        typer.Option(
            "--by-threshold", help="Show the spans missed and those too many at each threshold."
        ),
    ] = False,
    coverage: Annotated[
        bool,
        typer.Option(
            "--coverage", help="Show which names masking would leave, by threshold, labels ignored."
        ),
    ] = False,
    read_predictions: Annotated[
        bool, typer.Option("--read-predictions", help=READ_PREDICTIONS)
    ] = False,
    predictions: Annotated[
        Path | None, typer.Option(help="Write token, gold and predicted tags to this file.")
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(help="Write a page with every error to this file, and print a summary."),
    ] = None,
    compare: Annotated[
        str | None, typer.Option(help="Another model: show where the two differ.")
    ] = None,
    sentences: Annotated[
        int | None, typer.Option(min=0, help="Sentences that the page holds; 0 for numbers alone.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the files --predictions and --report.")
    ] = False,
    json: Json = False,
    device: Device = "cpu",
    engine: Engine = None,
    precision: Precision = None,
    threads: Threads = 0,
    strict: Strict = False,
    data_dir: DataDir = None,
) -> None:
    """Score a model on a corpus.

    tagger evaluate models/conll2003 conll2003 --split dev

    tagger evaluate en sample --split dev --report errors.html
    """
    from tagger.evaluation.report import print_evaluation

    if report is not None or compare is not None:
        given = {
            "raw": raw,
            "threshold": threshold,
            "by_threshold": by_threshold,
            "coverage": coverage,
            "predictions": predictions,
            "engine": engine,
            "precision": precision,
        }
        other = [f"{{{name}}}" for name, value in given.items() if value]
        if other:
            raise UsageError(
                "a report is about the best tags of the model as it runs",
                hint=f"leave out {' and '.join(other)}",
            )
        check_new([report], force=force)
        errors = tagger.report(
            model,
            corpus,
            split,
            compare=compare,
            heads=names(heads),
            columns=stated_columns(columns, header, delimiter, comment_prefix, text_label),
            read_predictions=read_predictions,
            device=device,
            threads=threads,
            strict=strict,
            data_dir=data_dir,
        )
        _show(errors, report, sentences, force=force, json=json)
        return
    if sentences is not None:
        raise UsageError("sentences are of a report", hint="name its file with {report}")
    evaluation = tagger.evaluate(
        model,
        corpus,
        split,
        raw=raw,
        threshold=stated_thresholds(threshold) or None,
        by_threshold=by_threshold,
        coverage=coverage,
        heads=names(heads),
        columns=stated_columns(columns, header, delimiter, comment_prefix, text_label),
        read_predictions=read_predictions,
        predictions=predictions,
        force=force,
        device=device,
        engine=engine,
        precision=precision,
        threads=threads,
        strict=strict,
        data_dir=data_dir,
    )
    for finding in evaluation.findings:
        echo(finding.describe(), err=True)
    if json:
        print_json(evaluation)
    else:
        print_evaluation(console(), evaluation.title, evaluation)


def _show(
    errors: ErrorReport, page: Path | None, n_sentences: int | None, *, force: bool, json: bool
) -> None:
    from tagger.insight.report.terminal import print_report

    for finding in errors.findings:
        echo(finding.describe(), err=True)
    if page is not None:
        write_file(page, errors.html(n_sentences=n_sentences).encode(), force=force)
    if json:
        print_json(errors)
        return
    print_report(console(), errors)
    if page is not None:
        echo(f"wrote {page}", err=True)
