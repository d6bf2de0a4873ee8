"""The command line: a Typer shell over functions of the same names, one module a command.

The modules of the commands import nothing heavy: a command imports what it needs when it runs.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Annotated

import typer

import tagger
from tagger.cli import (
    benchmark,
    bulk,
    calibrate,
    compare,
    convert,
    corpora,
    distill,
    evaluate,
    explain,
    export,
    info,
    init_spacy,
    lint,
    package,
    predict,
    pretrain,
    push,
    redact,
    score,
    select,
    serve,
    train,
)
from tagger.cli.failures import one_line_errors
from tagger.cli.output import echo, format_warnings, open_streams

app = typer.Typer(
    name="tagger",
    help="Named-entity and part-of-speech tagging: train on your own data, tag, evaluate.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog='Start with: tagger predict "John works at Apple in California"',
)
# In the order of the help: tag, train and score, understand, data, models.
app.command()(predict.predict)
app.command()(redact.redact)
app.command()(bulk.bulk)
app.command()(serve.serve)
app.command()(train.train)
app.command()(distill.distill)
app.command()(evaluate.evaluate)
app.command()(score.score)
app.command()(calibrate.calibrate)
app.command()(explain.explain)
app.command()(compare.compare)
app.command()(benchmark.benchmark)
app.command()(corpora.corpora)
app.command()(convert.convert)
app.command()(lint.lint)
app.command()(select.select)
app.command()(info.info)
app.command()(pretrain.pretrain)
app.command()(export.export)
app.command()(package.package)
app.command()(push.push)
app.command("init-spacy")(init_spacy.init_spacy)


def _version(wanted: bool) -> None:
    if wanted:
        echo(f"tagger {tagger.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Options before the command."""


def main() -> None:
    """Run the command line; an error that a user can fix is printed in one line."""
    # Before PyTorch is imported: threads that wait for each other in a loop of their own make a
    # training beside a busy core 20 times slower; those that sleep do not.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    open_streams()
    format_warnings()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show "…" shows "?"
    if len(sys.argv) == 1:
        sys.argv.append("--help")
    with one_line_errors():
        code = app(standalone_mode=False)
        if code == 130:  # Typer's answer to Ctrl-C, which has no line
            raise KeyboardInterrupt
        sys.exit(code)
