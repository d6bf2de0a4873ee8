"""Draw what a terminal shows of `tagger predict`: ``python docs/make_picture.py``."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

import tagger
from tagger.prediction.output_formats import view

PICTURE = Path(__file__).parent / "images" / "predict.svg"
TEXT = "John works at Apple in California"


def main() -> None:
    """Write the picture."""
    model = tagger.load("en")
    console = Console(record=True, width=72, file=io.StringIO(), force_terminal=True)
    console.print(f'$ tagger predict --heads ner "{TEXT}"', style="dim", highlight=False)
    (document,) = model.batch([TEXT], ["ner"])
    console.print(view(document, model.predictor.choose(["ner"])))
    console.save_svg(str(PICTURE), title="tagger", unique_id="tagger")


if __name__ == "__main__":
    main()
