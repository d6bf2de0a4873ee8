"""``tagger package``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from tagger.cli.options import Model
from tagger.cli.output import echo


def package(
    model: Model,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the wheel.")] = Path(
        "dist"
    ),
    name: Annotated[
        str | None,
        typer.Option(help="The name to load it by; the model's if not given."),
    ] = None,
    version: Annotated[
        str | None,
        typer.Option(help="The version, as in 1.0; the training's date if not given."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing wheel.")] = False,
) -> None:
    """Make a wheel of a model, which pip installs and which is then used by its name.

    tagger package models/conll2003 --name news

    pip install dist/tagger_model_news-*.whl

    tagger predict -m news "John works at Apple"
    """
    from tagger.sharing.finding import find_model
    from tagger.sharing.wheel import default_name
    from tagger.sharing.wheel import package as write

    called = name if name is not None else default_name(model)
    path = write(find_model(model), output, name=called, version=version, force=force)
    echo(f"{path}\n\npip install {shlex.quote(str(path))}")
