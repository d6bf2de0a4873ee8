"""Files of word vectors that are damaged, cut or odd."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tagger.features.vectors.reading import read_vectors
from tests.helpers.vectors import (
    FORMS,
    HUGE,
    TABLE,
    VALUES,
    assert_refused,
    compress,
    fasttext,
    put,
    text_table,
    word2vec,
)

NAN = np.array([[np.nan, 1, 1]], dtype="<f4").tobytes()

DAMAGED: dict[str, tuple[bytes, int | None, str]] = {
    "empty": (b"", None, "empty"),
    "header of nothing": (b"0 3\n", 1, "empty"),
    "cut text": (b"the 1 2\napple 1", 2, "1 value where 2"),
    "cut text with header": (b"3 2\nthe 1 2\n", None, "1 rows"),
    "header announces fewer": (b"1 2\nthe 1 2\npear 1 2\n", 3, "more rows than the 1"),
    "header announces too much": (f"{HUGE} 2\nthe 1 2\n".encode(), None, "1 rows"),
    "header of other vectors": (b"2 3\nthe 1 2\n", 2, "2 values where 3"),
    "header of huge vectors": (f"1 {10**9}\nthe 1 2\n".encode(), 1, "header"),
    "huge number": (b"9" * 5000 + b" 2\nthe 1 2\n", 1, "1 values in the first row"),
    "unequal": (b"2 3\nthe 1 2 3\npear 1 2\n", 3, "2 values where 3"),
    "too long": (b"the .5 1.5\npear .5 1.5 2.5\n", 2, "more than 2 values"),
    "header of short vectors": (b"1 2\nthe .5 1.5 2e-1\n", 2, "more than 2 values"),
    "no vectors": (b"the\napple\n", 1, "0 values in the first row"),
    "no word": (b"the 1 2\n 1 2\n", 2, "without a word"),
    "no number": (b"the 1 2\napple 1 x\n", 2, "not a number"),
    "NaN": (b"the 1 2\napple nan 1\n", 2, "NaN"),
    "infinite": (b"the 1 1e39\n", 1, "infinite"),
    "Latin-1": ("the 1 2\ncafé 1 2\n".encode("latin-1"), 2, "UTF-8"),
    "unknown binary": (b"the 1 2\n\0\n", 2, "binary"),
    "archive": (b"PK\x03\x04\x14\0\0\0", 1, "binary"),
    "damaged gzip": (b"\x1f\x8b\x08\0\0\0\0\0\0\xff and no more", None, "cannot be read"),
    "cut word2vec": (word2vec()[:-1], None, "row 5: ends early"),
    "word2vec announces more": (word2vec(header="6 3\n"), None, "row 6: ends early"),
    "word2vec announces fewer": (word2vec(header="4 3\n"), None, "after the 4 rows"),
    "word2vec announces too much": (word2vec(header=f"{HUGE} 3\n"), None, "row 6: ends early"),
    "word2vec of huge vectors": (word2vec(header=f"5 {10**9}\n"), 1, "1,000,000,000"),
    "word2vec with wrong dim": (word2vec(header="4 4\n"), None, "row"),
    "word2vec with NaN": (b"1 3\nthe " + NAN, None, "row 1: a value is NaN"),
    "word2vec in Latin-1": (b"1 3\n\xe9t\xe9 " + VALUES[0].tobytes(), None, "row 1: the word"),
    "cut table": (TABLE[:-6].encode(), None, "1 rows"),
    "table announces too much": (TABLE.replace("2 2", f"{HUGE} 2", 1).encode(), None, "2 rows"),
    "table of huge vectors": (TABLE.replace("2 2", "2 999999", 1).encode(), 1, "999,999"),
    "table out of order": (TABLE.replace("\n1", "\n7").encode(), 3, "'7'"),
    "table of other settings": (TABLE.replace("1 7", "9 7").encode(), None, "settings of floret"),
    "table with NaN": (TABLE.replace("4", "nan").encode(), 3, "NaN"),
}


@pytest.mark.parametrize(("content", "line", "words"), DAMAGED.values(), ids=DAMAGED)
def test_damaged_files_are_refused_with_their_place(
    content: bytes, line: int | None, words: str, tmp_path: Path
) -> None:
    assert_refused(put(tmp_path / "v", content), line, words)


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_cut_compressed_files_are_refused(tmp_path: Path, compression: str) -> None:
    path = compress(tmp_path / "v", text_table(), compression)
    put(path, path.read_bytes()[:-9])
    assert_refused(path, None, "cannot be read")
    assert_refused(compress(tmp_path / "m", fasttext(), compression), None, "decompress")


@pytest.mark.parametrize("header", ["", "3 2\n"])
def test_words_may_hold_spaces_numbers_and_control_characters(header: str, tmp_path: Path) -> None:
    path = put(tmp_path / "v", f"{header}\x02 .5 1.5\n. . 3 2 4\nthe 1.5 2.5\n".encode())
    found = read_vectors(path, Counter([". . 3", "\x02", "the"]), limit=10)
    assert set(found.keys) == {". . 3", "\x02", "the"}


def test_values_after_the_limit_are_not_parsed(tmp_path: Path) -> None:
    path = put(tmp_path / "v", b"the 1 2\nzebra x y\n")
    assert read_vectors(path, FORMS, limit=1).keys == ("the",)


@pytest.mark.parametrize("header", ["", "101 2\n"])
def test_a_few_words_that_are_not_utf8_are_left_out(header: str, tmp_path: Path) -> None:
    rows = b"".join(b"w%d .5 1.5\n" % i for i in range(99))
    path = put(tmp_path / "v", header.encode() + b"the 1 2\ncaf\xe9 1 2\n" + rows)
    assert len(read_vectors(path, FORMS, limit=1000).keys) == 100
