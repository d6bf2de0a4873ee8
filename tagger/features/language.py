"""Whether words are of the language that a model has learned, by those that are frequent in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

__all__ = ["common_words", "is_foreign"]

LEAST = 12
"""Fewer words decide nothing."""
MIN_VOCABULARY = 20_000
"""Smaller vocabularies are of too little text to tell what is frequent."""
N_COMMON = 1_000
"""The most frequent words of a vocabulary; among rarer ones are those of other languages, too."""
SHARE = 0.25
"""Of 100 words of English 0.32 to 0.97 are among the `N_COMMON` of models/en (fewest in abstracts
of medicine), of those of eight other languages 0 to 0.19."""


def common_words(word_ids: Mapping[str, int]) -> Callable[[str], bool] | None:
    """Return what tells whether a normalised word is frequent in a model's language.

    Args:
        word_ids: Of the vocabulary; the most frequent words have the lowest, and unknown ones 0.

    Returns:
        None where the vocabulary is too small to tell.
    """
    if len(word_ids) < MIN_VOCABULARY:
        return None
    return lambda word: 0 < word_ids.get(word, 0) <= N_COMMON


def is_foreign(n: int, n_common: int) -> bool:
    """Return whether ``n`` words in lower case are in another language.

    Names are left out by counting words in lower case only: many are unknown in any language.

    Args:
        n: The number of words.
        n_common: Those for which `common_words` is true.
    """
    return n >= LEAST and n_common <= SHARE * n
