"""The choice of the word vectors of a source that are kept."""

from __future__ import annotations

from collections.abc import Container, Iterable

import numpy as np
from numpy.typing import NDArray

from tagger.features.vocabulary import keys_of

Matrix = NDArray[np.float32]
Row = tuple[str, Matrix]
"""A word and its vector, (dim,)."""


class Selection:
    """The training words, and the first words of a source.

    Args:
        forms: The forms of the training data.
        limit: How many of the source's first words are kept in any case.
    """

    def __init__(self, forms: Iterable[str], limit: int) -> None:
        self.forms = tuple(forms)
        self.limit = limit
        self._wanted = frozenset(key for form in self.forms for key in keys_of(form))

    def keeps(self, i: int, word: str) -> bool:
        """Return whether the source's word ``i`` is kept."""
        return i < self.limit or word in self._wanted

    def missing(self, words: Container[str]) -> list[str]:
        """Return the keys of the forms that have no key among ``words``, each once.

        A form that is found in lower case is left out: that vector is worth more than one made
        from the n-grams of an unknown word.
        """
        absent = (keys for keys in map(keys_of, self.forms) if not any(k in words for k in keys))
        return list(dict.fromkeys(key for keys in absent for key in keys))
