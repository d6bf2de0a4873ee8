"""The command line: a Typer shell over functions of the same names, one module a command.

A module is imported when its command is run or listed, and imports what is heavy when it runs.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import tagger
from tagger.cli.failures import one_line_errors
from tagger.cli.output import echo, format_warnings, open_streams

COMMANDS = (
    *("predict", "redact", "bulk", "serve"),
    *("train", "distill", "evaluate", "score", "calibrate"),
    *("explain", "compare", "benchmark"),
    *("corpora", "convert", "lint", "select"),
    *("info", "pretrain", "export", "package", "push", "init-spacy"),
)
"""In the order of the help: tag, train and score, understand, data, models."""


class _Commands(Mapping[str, Any]):
    """Commands of Typer by name, each built when it is asked for."""

    def __init__(self) -> None:
        self._built: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in COMMANDS:
            raise KeyError(name)
        if name not in self._built:
            function = name.replace("-", "_")
            alone = typer.Typer(add_completion=False)
            alone.command(name)(getattr(import_module(f"tagger.cli.{function}"), function))
            self._built[name] = typer.main.get_command(alone)
        return self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class _Group(TyperGroup):
    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = _Commands()  # type: ignore[assignment]


app = typer.Typer(
    name="tagger",
    cls=_Group,
    help="Named-entity and part-of-speech tagging: train on your own data, tag, evaluate.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog='Start with: tagger predict "John works at Apple in California"',
)


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
