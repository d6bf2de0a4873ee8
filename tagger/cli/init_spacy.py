"""``tagger init-spacy``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from tagger.cli.options import DataDir, Heads, names
from tagger.cli.output import echo


def init_spacy(
    corpus: Annotated[str, typer.Argument(help="A name, folder, file or hub:owner/name.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder.")],
    language: Annotated[
        str, typer.Option(help="The pipeline's language, as in spacy.blank.")
    ] = "en",
    base: Annotated[str, typer.Option("--from", help="A model to start from.")] = "",
    heads: Heads = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files in the folder.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Write a configuration and a corpus for `spacy train`, with the recipe of `tagger train`.

    tagger init-spacy sample -o spacy-sample
    """
    from tagger.integrations.spacy.project import init_spacy as write

    project = write(
        corpus,
        output,
        language=language,
        base=base,
        heads=names(heads) or (),
        data_dir=data_dir,
        force=force,
    )
    sizes = ", ".join(f"{n:,} {split}" for split, n in project.n_sentences.items())
    echo(f"{corpus}: {sizes} sentences; heads {', '.join(project.heads)}")
    folder = shlex.quote(str(output))
    echo(f"\npython -m spacy train {shlex.quote(str(project.config))} -o {folder}")
