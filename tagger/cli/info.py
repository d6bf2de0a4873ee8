"""``tagger info``."""

from __future__ import annotations

from typing import Annotated

import typer

from tagger.cli.options import Json, Model
from tagger.cli.output import console, print_json


def info(
    model: Model,
    verify: Annotated[
        bool, typer.Option("--verify", help="Require checksums of the files, and check them.")
    ] = False,
    json: Json = False,
) -> None:
    """Describe a model: heads, labels, size, corpora, scores."""
    from tagger.runtime.info import describe_model, info_table
    from tagger.sharing.finding import find_model

    description = describe_model(find_model(model), verify=verify)
    if json:
        print_json(description)
    else:
        console().print(info_table(description))
