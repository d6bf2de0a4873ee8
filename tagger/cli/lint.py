"""``tagger lint``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

import tagger
from tagger.cli.failures import command_option
from tagger.cli.options import (
    Columns,
    CommentPrefix,
    DataDir,
    Delimiter,
    Device,
    Header,
    Heads,
    ReadPredictions,
    Settings,
    TextLabels,
    TrainingThreads,
    names,
    stated_columns,
)
from tagger.cli.output import console, echo, print_json
from tagger.errors import UsageError, spelled_hint
from tagger.printable import printable
from tagger.tables import counted

if TYPE_CHECKING:
    from tagger.linting.lint import Report
    from tagger.training.reporting import Terminal

_CODES = "Codes with commas, or how they begin: S, C2, S301."


def lint(
    corpora: Annotated[
        list[str] | None,
        typer.Argument(help="Names (see `tagger corpora`), folders, files or hub:owner/name."),
    ] = None,
    select: Annotated[str | None, typer.Option(help=f"What to check. {_CODES}")] = None,
    ignore: Annotated[str | None, typer.Option(help=f"What to leave out. {_CODES}")] = None,
    output_format: Annotated[
        Literal["text", "json", "sarif", "github"],
        typer.Option("--format", help="text, json, sarif or github."),
    ] = "text",
    limit: Annotated[
        int, typer.Option(min=0, help="Findings of a code that the text shows; 0 for all.")
    ] = 10,
    max_tokens: Annotated[
        int, typer.Option(min=1, help="The longest sentence that is not reported.")
    ] = 150,
    diff: Annotated[bool, typer.Option("--diff", help="Show what --fix changes.")] = False,
    fix: Annotated[bool, typer.Option("--fix", help="Repair files of columns.")] = False,
    exit_zero: Annotated[
        bool, typer.Option("--exit-zero", help="Exit with 0 whatever was found.")
    ] = False,
    explain: Annotated[
        str | None, typer.Option(help="Print what a code means, with an example, and stop.")
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="A model whose doubts are reported.")
    ] = None,
    folds: Annotated[
        int, typer.Option(min=0, help="Or train this many, each without one part of a corpus.")
    ] = 0,
    keep_folds: Annotated[
        Path | None,
        typer.Option(help="Keep the folds' models in this folder; the same command resumes."),
    ] = None,
    heads: Heads = None,
    base: Annotated[
        str | None, typer.Option("--from", help="A model that the trainings start from.")
    ] = None,
    settings: Settings = None,
    threads: TrainingThreads = None,
    device: Device = "auto",
    against: Annotated[
        str | None,
        typer.Option(help="A corrected corpus: are the first suspects those that it corrects?"),
    ] = None,
    export: Annotated[
        Path | None, typer.Option(help="Write the sentences of suspects to this file, for review.")
    ] = None,
    export_format: Annotated[
        str | None,
        typer.Option(help="prodigy, doccano, labelstudio, inline, ...; else by the suffix."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file --export.")] = False,
    columns: Columns = None,
    header: Header = None,
    delimiter: Delimiter = None,
    comment_prefix: CommentPrefix = None,
    text_label: TextLabels = None,
    read_predictions: ReadPredictions = False,
    data_dir: DataDir = None,
) -> None:
    """Check corpora: structure, splits, consistency, and what a model doubts.

    The exit code is 1 where something is found.

    tagger lint sample

    tagger lint my/folder --select S --diff

    tagger lint my/folder --folds 5 --from en-base --select M --export suspects.jsonl

    tagger lint --explain S301
    """
    from tagger.linting import rendering
    from tagger.linting.codes import select as select_codes

    if explain is not None:
        codes = sorted(select_codes(_split(explain)))
        echo("\n\n".join(rendering.explain(code) for code in codes))
        return
    if not corpora:
        raise UsageError(
            "name a corpus, as in `tagger lint sample`", hint="`tagger corpora` lists them"
        )
    from tagger.config_reference import parse_settings
    from tagger.progress import Screen

    if export is not None:
        from tagger.corpus.writing import find_writer

        find_writer(export, export_format, argument="export_format", force=force)
        if model is None and not folds:
            raise UsageError("what a model doubts is exported", hint="give {model} or {folds=5}")
    reporter: Terminal | None = None
    if folds:
        from tagger.training.reporting import Terminal

        reporter = Terminal(console(stderr=True))
    screen = reporter or Screen(console(stderr=True))
    try:
        found = tagger.lint(
            corpora,
            select=_split(select),
            ignore=_split(ignore),
            columns=stated_columns(columns, header, delimiter, comment_prefix, text_label),
            read_predictions=read_predictions,
            max_tokens=max_tokens,
            model=model,
            folds=folds,
            keep_folds=keep_folds,
            heads=names(heads),
            base=base,
            settings=parse_settings(settings or []),
            threads=threads,
            device=device,
            against=against,
            reporter=reporter,
            data_dir=data_dir,
            progress=screen.show,
        )
    finally:
        screen.stop()
    if diff:  # away from what a program reads
        echo(found.diff(), nl=False, err=output_format != "text")
    if fix:
        n = sum(len(patch.fixed) for patch in found.patches)
        files = counted(len(found.patches), "file")
        found = found.fix()
        echo(f"{n:,} fixed in {files}", err=True)
    if export is not None:
        n = found.export(export, export_format, force=force)
        echo(f"{counted(n, 'sentence')} written to {export}", err=True)
    report = _spelled(found.report)
    if output_format == "json":
        print_json(report)
    elif output_format == "sarif":
        echo(rendering.sarif(report, tagger.__version__).decode())
    elif output_format == "github":
        for line in rendering.github_lines(report):
            echo(line)
    else:
        _print_text(report, limit)
    if report.findings and not exit_zero:
        sys.exit(1)


def _spelled(report: Report) -> Report:
    """Spell the arguments in the hints of findings as options."""
    from msgspec.structs import replace

    findings = [
        replace(one, hint=spelled_hint(one.hint, command_option)) if one.hint else one
        for one in report.findings
    ]
    return replace(report, findings=findings)


def _print_text(report: Report, limit: int) -> None:
    from tagger.linting.rendering import (
        AGAINST,
        against_rows,
        summary_lines,
        summary_rows,
        text_lines,
    )
    from tagger.tables import plain_table

    for code, line in text_lines(report, limit):
        before, _, after = line.partition(f" {code}")
        shown = typer.style(code, bold=True, fg="red")
        typer.echo(f"{printable(before)} {shown}{printable(after)}")
    if report.findings:
        echo()
        header = ("code", "findings", "fixable", "title")
        console().print(plain_table(header, summary_rows(report), left=(0, 3)))
        echo()
    for head, verdict in report.against.items():
        if verdict.hits:
            console().print(plain_table(AGAINST, against_rows(verdict), left=()))
            echo()
        n_corrected = f"{verdict.n_corrected:,}" if verdict.n_corrected else "none"
        echo(
            f"{head}: {n_corrected} of {counted(verdict.n_sentences, 'sentence')} corrected; "
            f"{verdict.n_unmatched:,} without a counterpart\n"
        )
    for line in summary_lines(report):
        echo(line)


def _split(codes: str | None) -> list[str]:
    return [code.strip() for code in (codes or "").split(",") if code.strip()]
