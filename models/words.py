"""A model with fewer words, which takes less space: the rest are tagged as unknown words are.

    python models/words.py data/en-fast-student models/en-fast --words 95000

The first words are kept: those of the corpora that the model was trained on, and then those that
come first in its base. A step of `make model`; the scores of the card are measured by `tagger
evaluate` and written by hand.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from msgspec.structs import replace

from tagger.cli.failures import one_line_errors
from tagger.features.vocabulary import Vocabulary
from tagger.model.directory import read_model, write_model
from tagger.model.shapes import WORDS


def main() -> None:
    """Write the smaller model."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--words", type=int, required=True)
    given = parser.parse_args()
    model = read_model(given.model)
    words, chars = model.vocabulary.words[: given.words], model.vocabulary.chars
    table = model.weights[WORDS][: 1 + len(words)]  # the first row is that of unknown words
    weights = {**model.weights, WORDS: table}
    meta = replace(model.meta, n_parameters=sum(array.size for array in weights.values()))
    made = replace(model, vocabulary=Vocabulary(words, chars), weights=weights, meta=meta)
    write_model(given.output, made)


if __name__ == "__main__":
    with one_line_errors():
        main()
