"""Small files of word vectors in every format."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pytest

from tagger.errors import VectorsError
from tagger.features.vectors.reading import read_vectors
from tagger.features.vectors.subwords import MODEL_MAGIC

WORDS = ["the", "apple", "Straße", "東京", "pear"]
VALUES = np.array([[1, 0, 2], [0, 1, -1], [3, 4, 0], [-0.5, 0.25, 8], [1, 1, 1]], dtype="<f4")
FORMS = Counter({"The": 5, "the": 3, "Apple": 2, "STRASSE": 1, "東京": 1})


def text_table(header: str = f"{len(WORDS)} 3\n") -> bytes:
    """Make a table in text; without a header it is GloVe's format."""
    rows = zip(WORDS, VALUES, strict=True)
    lines = (f"{word} {' '.join(map(str, values))}\n" for word, values in rows)
    return (header + "".join(lines)).encode()


def word2vec(end: bytes = b"", header: str = f"{len(WORDS)} 3\n") -> bytes:
    """Make a table in word2vec's binary format; ``end`` follows each row."""
    rows = zip(WORDS, VALUES, strict=True)
    return header.encode() + b"".join(
        word.encode() + b" " + values.tobytes() + end for word, values in rows
    )


def put(path: Path, content: bytes) -> Path:
    """Write a file and return its path."""
    path.write_bytes(content)
    return path


def compress(path: Path, content: bytes, compression: str) -> Path:
    """Write a compressed file and return its path."""
    with pyarrow.output_stream(str(path), compression=compression) as stream:
        stream.write(content)
    return path


def pipeline(folder: Path, **settings: Any) -> Path:
    """Write a spaCy pipeline with `VALUES`, or of floret with these ``settings``."""
    from spacy.vectors import Vectors as SpacyVectors
    from spacy.vocab import Vocab

    vocab = Vocab()
    if settings:
        vocab.vectors = SpacyVectors(mode="floret", strings=vocab.strings, **settings)
    else:
        keys = [vocab.strings.add(word) for word in WORDS]
        vocab.vectors = SpacyVectors(data=VALUES, keys=keys, strings=vocab.strings)
    (folder / "vocab").mkdir(parents=True)
    vocab.to_disk(folder / "vocab")
    return folder


SOURCES: dict[str, Callable[[Path], Path]] = {
    "GloVe": lambda path: put(path / "v.txt", text_table(header="")),
    "text": lambda path: put(path / "v.vec", text_table()),
    "text with BOM and CRLF": lambda path: put(
        path / "v.vec", b"\xef\xbb\xbf" + text_table().replace(b"\n", b" \r\n")
    ),
    "text.gz": lambda path: compress(path / "v.txt.gz", text_table(), "gzip"),
    "text.zst": lambda path: compress(path / "v.txt.zst", text_table(header=""), "zstd"),
    "misnamed gzip": lambda path: compress(path / "v.txt", text_table(), "gzip"),
    "word2vec": lambda path: put(path / "v.bin", word2vec()),
    "word2vec with line ends": lambda path: put(path / "v.bin", word2vec(b"\n")),
    "word2vec.gz": lambda path: compress(path / "v.bin.gz", word2vec(), "gzip"),
    "spaCy": lambda path: pipeline(path / "pipeline"),
}


HUGE = 10**12
TABLE = "2 2 2 3 1 7 < >\n0 1 2\n1 3 4\n"
"""A table of floret."""


def fasttext(
    *,
    version: int = 12,
    dim: int = 2,
    bucket: int = 0,
    maxn: int = 0,
    size: int = 1,
    n_words: int = 1,
    n_pruned: int = -1,
    quantised: bool = False,
    shape: tuple[int, int] = (1, 2),
    words: bytes = b"the\0" + struct.pack("<qb", 1, 0),
    values: tuple[float, ...] = (1.0, 2.0),
) -> bytes:
    """Make a binary model of fastText."""
    return b"".join(
        [
            MODEL_MAGIC,
            struct.pack("<12i", version, dim, 5, 5, 1, 5, 1, 2, 2, bucket, 0, maxn),
            struct.pack("<id", 100, 1e-4),
            struct.pack("<3i2q", size, n_words, 0, 1, n_pruned),
            words,
            struct.pack("<?2q", quantised, *shape),
            struct.pack(f"<{len(values)}f", *values),
        ]
    )


def fasttext_word(word: str) -> bytes:
    """Make an entry of the dictionary of a fastText model."""
    return word.encode() + b"\0" + struct.pack("<qb", 1, 0)


def assert_refused(path: Path, line: int | None, *words: str) -> None:
    """Check that a source is refused with its place and an error in one line.

    Args:
        path: The source.
        line: The line that is wrong.
        words: Key words of the error.
    """
    with pytest.raises(VectorsError) as caught:
        read_vectors(path, FORMS, limit=10)
    error = caught.value
    assert (error.path, error.line) == (str(path), line)
    assert "\n" not in str(error)
    for word in words:
        assert word in str(error)
