"""``tagger info``."""

from __future__ import annotations

import typer

from tagger.cli.options import Json, Model, console


def info(
    model: Model,
    json: Json = False,
) -> None:
    """Show what a model is: heads, labels, size, corpora, scores."""
    import msgspec

    from tagger.runtime.finding import find_model
    from tagger.runtime.info import describe_model, info_table

    description = describe_model(find_model(model))
    if json:
        typer.echo(msgspec.json.encode(description).decode())
    else:
        console().print(info_table(description))
