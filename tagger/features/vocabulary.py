"""Ids for words and characters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping, Sequence

UNKNOWN = 0
"""The id of all words that are not in the vocabulary."""

PADDING_CHAR = 0
UNKNOWN_CHAR = 1
FIRST_CHAR = 2

_DIGITS = str.maketrans("123456789", "000000000")


def normalize(form: str) -> str:
    """Return the key under which a form's word vector is kept: lower case, each digit as ``0``.

    >>> normalize("B-52s")
    'b-00s'
    """
    return form.lower().translate(_DIGITS)


def keys_of(form: str) -> tuple[str, str, str]:
    """Return the keys under which a form's pretrained vector is looked up, the best first."""
    return form, form.lower(), normalize(form)


class Vocabulary:
    """The words (normalised) and characters that have a vector.

    Args:
        words: Normalised words; word ``i`` has the id ``i + 1`` (0 is the unknown word).
        chars: Characters; character ``i`` has the id ``i + 2`` (padding 0, unknown 1).
    """

    def __init__(self, words: Sequence[str], chars: Sequence[str]) -> None:
        self.words = tuple(words)
        self.chars = tuple(chars)
        self.word_ids = {word: i for i, word in enumerate(self.words, start=UNKNOWN + 1)}
        self.char_ids = {char: i for i, char in enumerate(self.chars, start=FIRST_CHAR)}

    @classmethod
    def from_counts(
        cls,
        forms: Mapping[str, int],
        *,
        min_count: int,
        min_char_count: int | None = None,
        known: Container[str] = (),
    ) -> Vocabulary:
        """Make a vocabulary from the forms of the training data, the most frequent words first.

        Ties are in alphabetical order, so that equal data gives an equal vocabulary.

        Args:
            forms: How often each form occurs.
            min_count: How often a word must occur.
            min_char_count: How often a character must occur; ``min_count`` if not given.
            known: Words that need occur only once.
        """
        words, chars = word_counts(forms), Counter[str]()
        for form, count in forms.items():
            for char in form:
                chars[char] += count
        least = min_count if min_char_count is None else min_char_count
        frequent = [
            word for word in _frequent(words, 1) if words[word] >= min_count or word in known
        ]
        return cls(frequent, _frequent(chars, least))

    def followed_by(self, other: Vocabulary) -> Vocabulary:
        """Append the words and characters that only ``other`` has; ids stay the same."""
        words = [word for word in other.words if word not in self.word_ids]
        chars = [char for char in other.chars if char not in self.char_ids]
        return Vocabulary([*self.words, *words], [*self.chars, *chars])


def word_counts(forms: Mapping[str, int]) -> Counter[str]:
    """Count how often each normalised word occurs."""
    words: Counter[str] = Counter()
    for form, count in forms.items():
        words[normalize(form)] += count
    return words


def _frequent(counts: Counter[str], min_count: int) -> list[str]:
    kept = [(-count, item) for item, count in counts.items() if count >= min_count]
    return [item for _, item in sorted(kept)]
