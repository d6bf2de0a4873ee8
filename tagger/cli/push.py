"""``tagger push``."""

from __future__ import annotations

from typing import Annotated

import typer

from tagger.cli.options import Model
from tagger.cli.output import echo


def push(
    model: Model,
    repo: Annotated[str, typer.Argument(metavar="OWNER/NAME", help="The repository on the hub.")],
    private: Annotated[bool, typer.Option("--private", help="Make it private.")] = False,
    revision: Annotated[str | None, typer.Option(help="The branch; main if not given.")] = None,
    message: Annotated[str | None, typer.Option(help="The message of the commit.")] = None,
) -> None:
    """Upload a model to the Hugging Face hub, with its card, licence and scores.

    tagger push models/conll2003 me/conll2003

    tagger predict -m hub:me/conll2003 "John works at Apple"
    """
    from tagger.sharing.finding import find_model
    from tagger.sharing.hub import push as upload

    pushed = upload(find_model(model), repo, private=private, revision=revision, message=message)
    echo(pushed.url)
    if pushed.has_heads:
        echo(f'\ntagger predict -m {pushed.address} "John works at Apple in California"')
    else:
        echo(f"\ntagger train sample --from {pushed.address}")
