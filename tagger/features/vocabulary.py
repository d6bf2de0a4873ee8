"""Ids for words and characters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

UNKNOWN = 0
"""The id of a word that has no row of its own."""

PADDING_CHAR = 0
UNKNOWN_CHAR = 1
FIRST_CHAR = 2

_DIGITS = str.maketrans("123456789", "000000000")


def normalize(form: str) -> str:
    """Give the key under which a form's word vector is kept: lower case, each digit as ``0``.

    >>> normalize("B-52s")
    'b-00s'
    """
    return form.lower().translate(_DIGITS)


class Vocabulary:
    """The words (normalised) and characters that have a vector of their own.

    Args:
        words: Normalised words; word ``i`` of them has the id ``i + 1`` (0 is the unknown word).
        chars: Characters; character ``i`` has the id ``i + 2`` (padding 0, unknown 1).
    """

    def __init__(self, words: Sequence[str], chars: Sequence[str]) -> None:
        self.words = tuple(words)
        self.chars = tuple(chars)
        self.word_ids = {word: i for i, word in enumerate(self.words, start=UNKNOWN + 1)}
        self.char_ids = {char: i for i, char in enumerate(self.chars, start=FIRST_CHAR)}

    @classmethod
    def from_counts(cls, forms: Counter[str], *, min_count: int) -> Vocabulary:
        """Make a vocabulary from the forms of the training data, the most frequent words first.

        Ties are in alphabetical order, so that equal data gives an equal vocabulary.
        """
        words: Counter[str] = Counter()
        chars: Counter[str] = Counter()
        for form, count in forms.items():
            words[normalize(form)] += count
            for char in form:
                chars[char] += count
        return cls(_frequent(words, min_count), _frequent(chars, min_count))

    def extended(self, words: Iterable[str], chars: Iterable[str]) -> Vocabulary:
        """Add what is new behind what is there, whose ids stay."""
        new_words = [word for word in dict.fromkeys(words) if word not in self.word_ids]
        new_chars = [char for char in dict.fromkeys(chars) if char not in self.char_ids]
        return Vocabulary([*self.words, *new_words], [*self.chars, *new_chars])


def _frequent(counts: Counter[str], min_count: int) -> list[str]:
    kept = [(-count, item) for item, count in counts.items() if count >= min_count]
    return [item for _, item in sorted(kept)]
