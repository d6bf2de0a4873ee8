"""A base from a student of its own: the student's embedder and encoder, without its heads.

    python models/base.py data/base-student data/en-lm models/en-base \
        --vectors data/glove.6B.100d.txt --words 140000

The vectors are those that the language model began with. Words are appended from them, in their
order, until there are as many as asked for. A step of `make model`; the card and the licence are
written by hand.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from tagger.cli.failures import one_line_errors
from tagger.features.vectors.reading import read_vectors
from tagger.features.vocabulary import Vocabulary
from tagger.model.directory import read_model, write_model
from tagger.model.heads import head_key
from tagger.model.shapes import WORDS
from tagger.pretraining.start import starting_rows


def appended(
    vocabulary: Vocabulary, table: NDArray[np.float32], source: Path, n_words: int
) -> tuple[Vocabulary, NDArray[np.float32]]:
    """Append words of a file of vectors, each mapped into the space of the rows that there are.

    Args:
        vocabulary: The words that have rows.
        table: (1 + words, values), the unknown word first.
        source: The file of vectors, the most frequent word first.
        n_words: The number of words to reach; there are fewer if the file has too few.
    """
    vectors = read_vectors(source, Counter(vocabulary.words), limit=5 * n_words).by_word({})
    new = [word for word in vectors if word not in vocabulary.word_ids]
    words = [*vocabulary.words, *new[: max(0, n_words - len(vocabulary.words))]]
    rows = starting_rows(words, dict(zip(vocabulary.words, table[1:], strict=True)), vectors)
    return Vocabulary(words, vocabulary.chars), np.stack([table[0], *(rows[w] for w in words)])


def main() -> None:
    """Write the base."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    for name in ("student", "base", "output"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--vectors", type=Path, required=True)
    parser.add_argument("--words", type=int, default=140_000)
    given = parser.parse_args()
    learned, before = read_model(given.student), read_model(given.base)
    vocabulary, table = appended(
        learned.vocabulary, learned.weights[WORDS], given.vectors, given.words
    )
    weights = {
        name: array for name, array in learned.weights.items() if not name.startswith(head_key(""))
    }
    weights[WORDS] = table
    new = (corpus for corpus in learned.meta.corpora if corpus not in before.meta.corpora)
    meta = replace(
        before.meta,
        tagger_version=learned.meta.tagger_version,
        created=learned.meta.created,
        corpora=(*before.meta.corpora, *new),
        seconds=before.meta.seconds + learned.meta.seconds,
        n_parameters=sum(array.size for array in weights.values()),
    )
    made = replace(
        learned,
        vocabulary=vocabulary,
        heads=before.heads,
        weights=weights,
        config=before.config,
        meta=meta,
    )
    write_model(given.output, made)


if __name__ == "__main__":
    with one_line_errors():
        main()
