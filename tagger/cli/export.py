"""``tagger export``."""

from __future__ import annotations

from typing import Annotated

import typer

from tagger.cli.options import DataDir, Json, Model
from tagger.cli.output import console, print_json


def export(
    model: Model,
    corpus: Annotated[
        str, typer.Argument(help="The corpus on which the graphs are compared with PyTorch.")
    ] = "sample",
    json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Rewrite a model's graphs for ONNX Runtime, which a training writes itself.

    tagger export models/conll2003 conll2003
    """
    from tagger.corpus import load_corpus
    from tagger.runtime.export import export as write
    from tagger.runtime.export import sentences_to_compare
    from tagger.sharing.finding import find_model
    from tagger.tables import print_line

    loaded = load_corpus(corpus, data_dir=data_dir)
    exports = write(find_model(model), sentences_to_compare([loaded]))
    if json:
        print_json(exports)
        return
    screen = console()
    for exported in exports:
        print_line(screen, exported.describe(), wrap=True)
