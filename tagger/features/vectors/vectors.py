"""Pretrained word vectors, from files of all usual formats and from spaCy pipelines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tagger.errors import VectorsError, first_line
from tagger.features.vectors.files import file_rows
from tagger.features.vectors.pipelines import find_package, pipeline_rows
from tagger.features.vectors.selection import Matrix, Row, Selection
from tagger.features.vocabulary import keys_of


@dataclass(frozen=True)
class Vectors:
    """Word vectors and what they are worth for a corpus."""

    keys: tuple[str, ...]
    matrix: Matrix  # (keys + 1, dim), row 0 for words that have none
    coverage: str
    """How much of the training data has a vector, in words."""
    share_of_tokens: float
    """How much of the training data has a vector, lower-cased if need be: 0 to 1."""


def read_vectors(path: Path, forms: Counter[str], *, limit: int) -> Vectors:
    """Read vectors: those of the training words, and the first ``limit`` of the source.

    The source tells its format itself: text with or without a header (GloVe, word2vec, fastText
    ``.vec``, floret's table) and word2vec's binary form, also compressed by gzip or zstandard;
    binary models of fastText and floret; spaCy pipelines, of which no code is run. A source that
    knows n-grams has a vector for every training word.

    Args:
        path: A file, the folder of a spaCy pipeline, or the name of its installed package.
        forms: The forms of the training data and how often they occur.
        limit: Words to keep besides, so that words unseen in training have vectors too.

    Raises:
        VectorsError: The source is missing, damaged or of no known format, or no training word
            has a vector in it.
    """
    rows: dict[str, Matrix] = {}
    try:
        for word, values in _rows(path, Selection(forms, limit)):
            rows.setdefault(word, values)
    except OSError as error:
        detail = error.strerror or first_line(error)
        raise VectorsError(f"{path}: cannot be read ({detail})") from None
    coverage, share_of_tokens = _coverage(rows, forms)
    if not share_of_tokens:
        raise VectorsError(
            f"{path}: no word of the corpus has a vector; are the vectors of another language?"
        )
    matrix = np.vstack([np.zeros_like(next(iter(rows.values()))), *rows.values()])
    # One scale for all sources: the mean row has the length of the trained parts.
    with np.errstate(over="ignore", invalid="ignore"):
        length = float(np.linalg.norm(matrix[1:], axis=1).mean())
    if not np.isfinite(length):
        raise VectorsError(f"{path}: values are too large or no numbers; damaged, get it again")
    matrix /= max(length, 1e-9)
    return Vectors(tuple(rows), matrix, coverage, share_of_tokens)


def _rows(path: Path, selection: Selection) -> Iterator[Row]:
    if path.is_dir():
        return pipeline_rows(path, selection)
    if path.exists():
        return file_rows(path, selection)
    package = find_package(str(path))
    if package is None:
        raise VectorsError(
            f"{path}: no such file or folder, and no installed package; give a file of word "
            "vectors, or a spaCy pipeline that has some"
        )
    return pipeline_rows(package, selection)


def _coverage(keys: Container[str], forms: Counter[str]) -> tuple[str, float]:
    exact = [form for form in forms if form in keys]
    found = [form for form in forms if any(key in keys for key in keys_of(form))]

    def share_of_tokens(of: Sequence[str]) -> float:
        return sum(forms[form] for form in of) / max(forms.total(), 1)

    def share(of: Sequence[str]) -> str:
        share_of_forms = len(of) / max(len(forms), 1)
        return f"{share_of_forms:.1%} of forms, {share_of_tokens(of):.1%} of tokens"

    text = f"{share(exact)} exactly; {share(found)} with lower-casing"
    return text, share_of_tokens(found)
