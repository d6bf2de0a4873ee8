"""Pretrained word vectors from text files: GloVe, word2vec, fastText ``.vec``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tagger.errors import VectorsError
from tagger.features.vocabulary import normalize

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Vectors:
    """Word vectors and what they are worth for a corpus."""

    keys: tuple[str, ...]
    matrix: Matrix  # (keys + 1, dim), row 0 for words that have none
    coverage: str
    """How much of the training data has a vector, in words."""


def read_vectors(path: Path, forms: Counter[str], *, limit: int) -> Vectors:
    """Read vectors: those of the training words, and the first ``limit`` of the file.

    Args:
        path: A text file, a word and its values a line; a header ``count dim`` is recognised.
        forms: The forms of the training data and how often they occur.
        limit: Rows to keep besides, so that words unseen in training have vectors too.

    Raises:
        VectorsError: The file is missing, binary, truncated, or its rows are of unequal length.
    """
    wanted = {key for form in forms for key in _keys(form)}
    seen: set[str] = set()
    keys: list[str] = []
    rows: list[Matrix] = []
    for i, (word, values) in enumerate(_rows(path)):
        if (i < limit or word in wanted) and word not in seen:
            seen.add(word)
            keys.append(word)
            rows.append(values)
    matrix = np.vstack([np.zeros_like(rows[0]), *rows])
    # One scale for all sources: the mean row has the length of the trained parts.
    matrix /= max(float(np.linalg.norm(matrix[1:], axis=1).mean()), 1e-9)
    return Vectors(tuple(keys), matrix, _coverage(set(keys), forms))


def _keys(form: str) -> tuple[str, str, str]:
    return form, form.lower(), normalize(form)


def _rows(path: Path) -> Iterator[tuple[str, Matrix]]:
    dim = announced = 0
    n = 0
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, start=1):
                if number == 1:
                    raw = raw.removeprefix(b"\xef\xbb\xbf")
                if b"\0" in raw or (number == 1 and raw.startswith(b"\x1f\x8b")):
                    raise VectorsError(
                        f"{path}:{number}: binary or compressed; give the text form of the "
                        "vectors, unpacked (GloVe .txt, word2vec text, fastText .vec)"
                    )
                parts = raw.rstrip(b" \r\n").split(b" ")
                if number == 1 and len(parts) == 2 and all(part.isdigit() for part in parts):
                    announced, dim = int(parts[0]), int(parts[1])
                    continue
                if not dim:
                    dim = len(parts) - 1
                    if dim < 2:
                        raise VectorsError(
                            f"{path}:{number}: {dim} values in the first row; vectors are "
                            "expected, a word and its values a line, separated by spaces"
                        )
                if len(parts) <= dim or not parts[0]:
                    raise VectorsError(
                        f"{path}:{number}: {len(parts) - 1} values where {dim} are expected; "
                        "is the file truncated, or its header wrong?"
                    )
                try:
                    with np.errstate(over="ignore"):  # what overflows is refused below
                        values = np.array(parts[-dim:], dtype=np.float64).astype(np.float32)
                    word = b" ".join(parts[:-dim]).decode("utf-8")  # some words contain spaces
                except UnicodeDecodeError:
                    raise VectorsError(f"{path}:{number}: the word is not UTF-8") from None
                except ValueError:
                    raise VectorsError(
                        f"{path}:{number}: a value is no number; {dim} values are expected "
                        "behind the word"
                    ) from None
                if not np.isfinite(values).all():
                    raise VectorsError(f"{path}:{number}: a value is infinite or no number")
                n += 1
                yield word, values
    except OSError as error:
        raise VectorsError(f"{path}: cannot be read ({error.strerror})") from None
    if n == 0:
        raise VectorsError(f"{path}: empty; word vectors are expected, a word a line")
    if announced and n < announced:
        raise VectorsError(
            f"{path}: {n:,} rows where the header announces {announced:,}; is it truncated?"
        )


def _coverage(keys: Container[str], forms: Counter[str]) -> str:
    exact = [form for form in forms if form in keys]
    found = [form for form in forms if any(key in keys for key in _keys(form))]

    def share(of: Sequence[str]) -> str:
        tokens = sum(forms[form] for form in of)
        return f"{len(of) / len(forms):.1%} of forms, {tokens / forms.total():.1%} of tokens"

    return f"{share(exact)} exactly; {share(found)} with lower-casing"
