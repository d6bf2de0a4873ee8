"""Pretrained word vectors, from files of the usual formats and from spaCy pipelines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tagger.errors import VectorsError, first_line
from tagger.features.vectors.files import file_rows
from tagger.features.vectors.pipelines import find_package, pipeline_rows
from tagger.features.vectors.selection import Matrix, Row, Selection
from tagger.features.vocabulary import keys_of, normalize


@dataclass(frozen=True)
class Vectors:
    """Word vectors, and how much of a corpus they cover."""

    keys: tuple[str, ...]
    matrix: Matrix  # (keys + 1, dim), row 0 for words without a vector
    coverage: str
    """How much of the training data has a vector, as text."""
    share_of_tokens: float
    """How much of the training data has a vector, lower-cased where needed: 0 to 1."""

    def by_word(self, forms: Mapping[str, int]) -> dict[str, Matrix]:
        """Return the vector of each normalised word, in the order of the source.

        A word of ``forms`` gets the mean of its forms' vectors, weighted by their counts; any
        other word gets that of its first key.
        """
        ids = {key: i for i, key in enumerate(self.keys, start=1)}
        words: dict[str, int] = {}
        first: dict[str, int] = {}
        for key, row in ids.items():
            words.setdefault(normalize(key), len(words))
            first.setdefault(normalize(key), row)
        triples: list[tuple[int, int, int]] = []  # word, row, count
        for form, count in forms.items():
            row = next((ids[key] for key in keys_of(form) if key in ids), 0)
            word = normalize(form)
            if row and word in words:
                first.pop(word, None)
                triples.append((words[word], row, count))
        triples += [(words[word], row, 1) for word, row in first.items()]
        columns = np.array(triples, dtype=np.int64).reshape(-1, 3)
        sums = np.zeros((len(words), self.matrix.shape[1]), dtype=np.float32)
        weights = columns[:, 2].astype(np.float32)
        np.add.at(sums, columns[:, 0], weights[:, None] * self.matrix[columns[:, 1]])
        totals = np.bincount(columns[:, 0], weights, minlength=len(words)).astype(np.float32)
        return dict(zip(words, sums / totals[:, None], strict=True))


def vectors_dim(path: Path) -> int | None:
    """Read through a source of vectors without keeping them, and return their size.

    Returns:
        None where no word has one.

    Raises:
        VectorsError: As `read_vectors`.
    """
    # A source of n-grams makes vectors on request only, so one word is asked for.
    with _readable(path):
        sizes = {len(values) for _, values in _rows(path, Selection(("a",), 1))}
    return next(iter(sizes), None)


def read_vectors(path: Path, forms: Counter[str], *, limit: int) -> Vectors:
    """Read vectors: those of the training words, and the first ``limit`` of the source.

    The format is detected: text with or without a header (GloVe, word2vec, fastText
    ``.vec``, floret's table) and word2vec's binary form, also compressed by gzip or zstandard;
    binary models of fastText and floret; spaCy pipelines, without running their code. A source
    of n-grams has a vector for every training word.

    Args:
        path: A file, the folder of a spaCy pipeline, or the name of its installed package.
        forms: The forms of the training data and how often they occur.
        limit: How many of the source's first words to keep, so that words unseen in training
            have vectors too.

    Raises:
        VectorsError: The source is missing, damaged or in no known format, or has no vector of
            a training word.
    """
    rows: dict[str, Matrix] = {}
    with _readable(path):
        for word, values in _rows(path, Selection(forms, limit)):
            rows.setdefault(word, values)
    coverage, share_of_tokens = _coverage(rows, forms)
    if not share_of_tokens:
        raise VectorsError(
            "no word of the corpus has a vector",
            path=path,
            hint="are the vectors of another language?",
        )
    matrix = np.vstack([np.zeros_like(next(iter(rows.values()))), *rows.values()])
    # One scale for all sources: rows have length 1 in the mean, as the trained parts.
    with np.errstate(over="ignore", invalid="ignore"):
        length = float(np.linalg.norm(matrix[1:], axis=1).mean())
    if not np.isfinite(length):
        raise VectorsError(
            "values are NaN or too large", path=path, hint="is the file damaged? get it again"
        )
    matrix /= max(length, 1e-9)
    return Vectors(tuple(rows), matrix, coverage, share_of_tokens)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        detail = error.strerror or first_line(error)
        raise VectorsError(f"cannot be read ({detail})", path=path) from None


def _rows(path: Path, selection: Selection) -> Iterator[Row]:
    if path.is_dir():
        return pipeline_rows(path, selection)
    if path.exists():
        return file_rows(path, selection)
    package = find_package(str(path))
    if package is None:
        raise VectorsError(
            "no such file, folder or installed package",
            path=path,
            hint="name a file of word vectors, or a spaCy pipeline with word vectors",
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
