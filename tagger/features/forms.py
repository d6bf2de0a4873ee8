"""Ids of the features of a form: word, vector, characters, affixes, shape and case.

They depend on the form alone, so each distinct form is encoded once per batch, or cached.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from tagger.features.vocabulary import (
    PADDING_CHAR,
    UNKNOWN,
    UNKNOWN_CHAR,
    Vocabulary,
    keys_of,
    normalize,
)

Ids = NDArray[np.int64]

AFFIX_LENGTHS = (1, 2, 3, 4)
N_AFFIXES = 2 * len(AFFIX_LENGTHS)
N_SHAPE_BUCKETS = 1024
CASES = ("lower", "upper", "title", "mixed", "digits", "with digits", "no letters", "uncased")


Array = TypeVar("Array")


class FormFeatures(NamedTuple, Generic[Array]):
    """The ids of ``n`` distinct forms, as NumPy arrays or as tensors."""

    word_ids: Array  # (forms,)
    vector_ids: Array  # (forms,), rows of the pretrained vectors
    char_ids: Array  # (forms, chars), 0 where a form is shorter
    affix_ids: Array  # (forms, N_AFFIXES)
    shape_ids: Array  # (forms,)
    case_ids: Array  # (forms,)


def take_forms(features: FormFeatures[Ids], rows: NDArray[np.intp]) -> FormFeatures[Ids]:
    """Return the features of some of the forms, with characters no wider than needed."""
    taken = FormFeatures(*(array[rows] for array in features))
    width = int((taken.char_ids != PADDING_CHAR).any(axis=0).sum())
    return taken._replace(char_ids=taken.char_ids[:, : max(width, 1)])


class FormEncoder:
    """Turns forms into ids.

    Args:
        vocabulary: The words and characters that have ids.
        max_chars: The most characters that are read; of a longer form, half of them at each end.
        n_affix_buckets: Rows of the table of hashed affixes.
        vector_ids: Row of each pretrained vector by its key, or empty.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        *,
        max_chars: int,
        n_affix_buckets: int,
        vector_ids: Mapping[str, int] | None = None,
    ) -> None:
        self.vocabulary = vocabulary
        self.max_chars = max_chars
        self.n_affix_buckets = n_affix_buckets
        self.vector_ids = vector_ids or {}

    def __call__(self, forms: Sequence[str]) -> FormFeatures[Ids]:
        """Encode each of ``forms``."""
        word_ids = self.vocabulary.word_ids
        words = [word_ids.get(normalize(form), UNKNOWN) for form in forms]
        vectors = [self._vector_id(form) for form in forms] if self.vector_ids else [0] * len(forms)
        return FormFeatures(
            np.array(words, dtype=np.int64),
            np.array(vectors, dtype=np.int64),
            self._char_ids(forms),
            np.array([self._affix_ids(form) for form in forms], dtype=np.int64).reshape(
                len(forms), N_AFFIXES
            ),
            np.array([crc32(shape(form).encode()) % N_SHAPE_BUCKETS for form in forms], np.int64),
            np.array([case(form) for form in forms], dtype=np.int64),
        )

    def _vector_id(self, form: str) -> int:
        for key in keys_of(form):
            if key in self.vector_ids:
                return self.vector_ids[key]
        return 0

    def _char_ids(self, forms: Sequence[str]) -> Ids:
        half = self.max_chars // 2
        char_ids = self.vocabulary.char_ids
        rows = []
        for form in forms:
            seen = form if len(form) <= self.max_chars else form[:half] + form[-half:]
            rows.append([char_ids.get(char, UNKNOWN_CHAR) for char in seen])
        width = max(map(len, rows), default=0)
        ids = np.zeros((len(forms), max(width, 1)), dtype=np.int64)
        for i, row in enumerate(rows):
            ids[i, : len(row)] = row
        return ids

    def _affix_ids(self, form: str) -> list[int]:
        # Position and length are part of what is hashed: "re-" and "-re" are two affixes.
        lower = form.lower()
        affixes = [f"{n}^{lower[:n]}" for n in AFFIX_LENGTHS]
        affixes += [f"{n}${lower[-n:]}" for n in AFFIX_LENGTHS]
        return [
            crc32(affix.encode("utf-8", "surrogatepass")) % self.n_affix_buckets
            for affix in affixes
        ]


def shape(form: str) -> str:
    """Sketch a form: X upper, x other letters, d digits; runs are cut at four.

    >>> shape("Apple"), shape("B-52"), shape("McDonald's")
    ('Xxxxx', 'X-dd', "XxXxxxx'x")
    """
    sketch: list[str] = []
    last, run = "", 0
    for char in form[:100]:
        kind = (
            ("X" if char.isupper() else "x")
            if char.isalpha()
            else ("d" if char.isdigit() else char if char.isascii() else "?")
        )
        run = run + 1 if kind == last else 1
        last = kind
        if run <= 4:
            sketch.append(kind)
    return "".join(sketch)


def case(form: str) -> int:
    """Class a form by its case: an index into `CASES`.

    >>> [CASES[case(form)] for form in ("of", "EU", "Apple", "iPhone", "1996", "B52", ",", "北京")]
    ['lower', 'upper', 'title', 'mixed', 'digits', 'with digits', 'no letters', 'uncased']
    """
    if form.isdigit():
        return 4
    if any(char.isdigit() for char in form):
        return 5
    if not any(char.isalpha() for char in form):
        return 6
    if form.lower() == form.upper():
        return 7
    if form.islower():
        return 0
    if form.isupper():
        return 1
    if form[0].isupper() and not any(char.isupper() for char in form[1:]):
        return 2
    return 3
