"""``tagger score``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tagger.cli.options import Json, console, print_json


def score(
    file: Annotated[Path, typer.Argument(help="Token, gold and predicted tag on each line.")],
    json: Json = False,
) -> None:
    """Score a file of gold and predicted tags, as conlleval does, without a model.

    tagger evaluate models/conll2003 conll2003 --predictions out.txt

    tagger score out.txt
    """
    from tagger.evaluation.predictions import score_file
    from tagger.evaluation.report import print_evaluation

    evaluation = score_file(file)
    if json:
        print_json(evaluation)
    else:
        print_evaluation(console(), str(file), evaluation)
