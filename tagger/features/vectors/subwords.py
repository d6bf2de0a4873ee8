"""Vectors made from n-grams: fastText's and floret's binary models, floret's tables.

floret itself reads only its own models: given one of fastText's, which begin alike, it tries to
allocate all memory.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tagger.errors import VectorsError
from tagger.features.vectors.selection import Matrix, Row, Selection

MODEL_MAGIC = struct.pack("<i", 793712314)
"""The first bytes of the binary models of fastText and floret."""

BOW, EOW, EOS = "<", ">", "</s>"
FLORET_SEED = 2166136261
MAX_NGRAM = 1000
MAX_WORD = 1 << 16
"""Bytes."""
BATCH = 256

_SUPERVISED = 3
_FLORET_MODE = 2


@dataclass(frozen=True)
class FloretTable:
    """Vectors that are looked up by the hashes of a word's n-grams (Bloom embeddings)."""

    values: Matrix  # (rows, dim)
    minn: int
    maxn: int
    hash_count: int
    hash_seed: int = FLORET_SEED
    bow: str = BOW
    eow: str = EOW

    def check(self, path: Path) -> None:
        """Check that the settings are possible.

        Raises:
            VectorsError: They are not.
        """
        sound = (
            len(self.values) > 0
            and 0 <= self.minn <= self.maxn <= MAX_NGRAM
            and self.maxn > 0
            and 1 <= self.hash_count <= 4
            and 0 <= self.hash_seed < 1 << 32
        )
        if not sound:
            raise VectorsError(
                f"{len(self.values):,} rows, n-grams of {self.minn} to {self.maxn} characters, "
                f"{self.hash_count} hashes: impossible settings of floret",
                path=path,
                hint="is the file damaged? get it again",
            )


def floret_rows(table: FloretTable, words: Sequence[str]) -> Iterator[Row]:
    """Make the vectors of any ``words``, with spaCy's implementation of floret."""
    from spacy.vectors import Vectors

    vectors = Vectors(
        mode="floret",
        data=table.values,
        minn=table.minn,
        maxn=table.maxn,
        hash_count=table.hash_count,
        hash_seed=table.hash_seed,
        bow=table.bow,
        eow=table.eow,
    )
    for start in range(0, len(words), BATCH):
        batch = words[start : start + BATCH]
        yield from zip(batch, vectors.get_batch(batch), strict=True)


def model_rows(path: Path, selection: Selection) -> Iterator[Row]:
    """Read a binary model: words of its dictionary, and words made from n-grams.

    The file is mapped into memory, so that only the needed rows of its matrix are read.

    Args:
        path: A model of fastText (``.bin``) or floret, not compressed.
        selection: Which words are kept; training words that are not in the dictionary in any
            spelling get the vector of their n-grams.

    Raises:
        VectorsError: The model is truncated, damaged, quantised or too new.
    """
    try:
        with path.open("rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        model = _read_model(_Reader(data), path, selection)
    except (struct.error, ValueError):
        raise VectorsError(
            "a truncated or damaged model of fastText", path=path, hint="get it again"
        ) from None
    if model.hash_count:
        table = FloretTable(
            model.matrix[model.n_words :], max(model.minn, 1), model.maxn, model.hash_count
        )
        table.check(path)
        yield from floret_rows(table, [*model.words, *selection.missing(model.words)])
    else:
        for word, i in model.words.items():
            yield word, model.mean([i, *model.ngram_ids(word)])
        for word in selection.missing(model.words):
            if ids := model.ngram_ids(word):
                yield word, model.mean(ids)


@dataclass(frozen=True)
class _Model:
    words: dict[str, int]  # the words of the dictionary that are kept, with their rows
    n_words: int
    bucket: int
    minn: int
    maxn: int
    hash_count: int  # of floret; 0 for fastText
    matrix: Matrix  # (n_words + bucket, dim), in the file

    def mean(self, ids: list[int]) -> Matrix:
        with np.errstate(over="ignore", invalid="ignore"):  # infinite values are refused later
            mean: Matrix = self.matrix[ids].mean(axis=0, dtype=np.float32)
        return mean

    def ngram_ids(self, word: str) -> list[int]:
        if word == EOS or not self.bucket:
            return []
        hashes = ngram_hashes(word, self.minn, self.maxn)
        return [self.n_words + value % self.bucket for value in hashes]


def ngram_hashes(word: str, minn: int, maxn: int) -> Iterator[int]:
    """Hash a word's n-grams as fastText does: 32-bit FNV-1a of signed bytes.

    >>> list(ngram_hashes("a", 3, 6)) == [0x8C9CD1F0]  # of "<a>"
    True
    """
    chars = [BOW, *word, EOW]
    # A byte of 128 or more is negative there, which sets the upper bits.
    encoded = [[b if b < 128 else b | 0xFFFFFF00 for b in char.encode()] for char in chars]
    for start in range(len(chars)):
        value = 2166136261
        for end in range(start + 1, min(start + maxn, len(chars)) + 1):
            for byte in encoded[end - 1]:
                value = (value ^ byte) * 16777619 & 0xFFFFFFFF
            is_boundary = end - start == 1 and (start == 0 or end == len(chars))
            if end - start >= minn and not is_boundary:
                yield value


class _Reader:
    def __init__(self, data: mmap.mmap) -> None:
        self.data = data
        self.at = 0

    def take(self, layout: str) -> tuple[int, ...]:
        values = struct.unpack_from(f"<{layout}", self.data, self.at)
        self.at += struct.calcsize(f"<{layout}")
        return values

    def string(self) -> bytes:
        end = self.data.find(b"\0", self.at, self.at + MAX_WORD)
        if end < 0:
            raise ValueError
        text = self.data[self.at : end]
        self.at = end + 1
        return text

    def matrix(self, n_rows: int, dim: int) -> Matrix:
        values = np.frombuffer(self.data, dtype="<f4", count=n_rows * dim, offset=self.at)
        return values.reshape(n_rows, dim)


def _read_model(file: _Reader, path: Path, selection: Selection) -> _Model:
    if file.data[:4] != MODEL_MAGIC:
        raise VectorsError(
            "a compressed model of fastText or floret", path=path, hint="decompress it first"
        )
    _, version = file.take("2i")
    if version not in (11, 12):
        raise VectorsError(
            f"version {version} of fastText's models; 11 and 12 can be read",
            path=path,
            expected=(11, 12),
        )
    dim, *_, kind, bucket, minn, maxn = file.take("11i")
    hash_count = 0
    # floret has two more numbers, how words are hashed and how often; in fastText's models the
    # second is half of a float, which is never this small.
    mode, count = struct.unpack_from("<2i", file.data, file.at)
    if 1 <= count <= 4:
        file.take("2i")
        hash_count = count if mode == _FLORET_MODE else 0
    file.take("id")
    if version == 11 and kind == _SUPERVISED:
        maxn = 0
    size, n_words, _, _, n_pruned = file.take("3i2q")
    words = _read_words(file, size, n_words, selection)
    (is_quantised,) = file.take("?")
    if is_quantised or n_pruned >= 0:
        raise VectorsError(
            "a quantised model (.ftz)", path=path, hint="use the .bin file that it was made from"
        )
    n_rows, n_columns = file.take("2q")
    sound = 0 < n_words <= size and bucket >= 0 and dim > 0
    if not sound or (n_rows, n_columns) != (n_words + bucket, dim):
        raise ValueError
    return _Model(
        words, n_words, bucket, minn, maxn, hash_count, matrix=file.matrix(n_rows, n_columns)
    )


def _read_words(file: _Reader, size: int, n_words: int, selection: Selection) -> dict[str, int]:
    words: dict[str, int] = {}
    for i in range(size):
        raw = file.string()
        file.take("qb")
        try:
            word = raw.decode()
        except UnicodeDecodeError:
            continue  # fastText cuts long words anywhere, even inside a character
        if i < n_words and selection.keeps(i, word):
            words.setdefault(word, i)
    return words
