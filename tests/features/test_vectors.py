"""Word vectors from every format, and what is said of those that are damaged."""

from __future__ import annotations

import json
import struct
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pytest
from numpy.typing import NDArray

from tagger.errors import VectorsError
from tagger.features.vectors.reading import Vectors, read_vectors
from tagger.features.vectors.subwords import ngram_hashes

WORDS = ["the", "apple", "Straße", "東京", "pear"]
VALUES = np.array([[1, 0, 2], [0, 1, -1], [3, 4, 0], [-0.5, 0.25, 8], [1, 1, 1]], dtype="<f4")
FORMS = Counter({"The": 5, "the": 3, "Apple": 2, "STRASSE": 1, "東京": 1})


def text(header: str = f"{len(WORDS)} 3\n") -> bytes:
    rows = zip(WORDS, VALUES, strict=True)
    lines = (f"{word} {' '.join(map(str, values))}\n" for word, values in rows)
    return (header + "".join(lines)).encode()


def word2vec(end: bytes = b"", header: str = f"{len(WORDS)} 3\n") -> bytes:
    rows = zip(WORDS, VALUES, strict=True)
    return header.encode() + b"".join(
        word.encode() + b" " + values.tobytes() + end for word, values in rows
    )


def put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def compress(path: Path, content: bytes, compression: str) -> Path:
    with pyarrow.output_stream(str(path), compression=compression) as stream:
        stream.write(content)
    return path


def pipeline(folder: Path, **settings: Any) -> Path:
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
    "GloVe": lambda path: put(path / "v.txt", text(header="")),
    "text": lambda path: put(path / "v.vec", text()),
    "text with BOM and CRLF": lambda path: put(
        path / "v.vec", b"\xef\xbb\xbf" + text().replace(b"\n", b" \r\n")
    ),
    "text.gz": lambda path: compress(path / "v.txt.gz", text(), "gzip"),
    "text.zst": lambda path: compress(path / "v.txt.zst", text(header=""), "zstd"),
    "misnamed gzip": lambda path: compress(path / "v.txt", text(), "gzip"),
    "word2vec": lambda path: put(path / "v.bin", word2vec()),
    "word2vec with line ends": lambda path: put(path / "v.bin", word2vec(b"\n")),
    "word2vec.gz": lambda path: compress(path / "v.bin.gz", word2vec(), "gzip"),
    "spaCy": lambda path: pipeline(path / "pipeline"),
}


@pytest.mark.parametrize("write", SOURCES.values(), ids=SOURCES)
def test_all_formats_give_the_same_vectors(write: Callable[[Path], Path], tmp_path: Path) -> None:
    path = write(tmp_path)
    found = read_vectors(path, FORMS, limit=3)
    assert found.keys == ("the", "apple", "Straße", "東京")
    expected = VALUES[:4] / np.linalg.norm(VALUES[:4], axis=1).mean()
    np.testing.assert_allclose(found.matrix, np.vstack([np.zeros(3), expected]), rtol=1e-6)
    assert found.matrix.dtype == np.float32
    assert found.share_of_tokens == pytest.approx(11 / 12)
    assert found.coverage == (
        "40.0% of forms, 33.3% of tokens exactly; 80.0% of forms, 91.7% of tokens with lower-casing"
    )


def test_the_first_of_equal_words_counts(tmp_path: Path) -> None:
    path = put(tmp_path / "v.txt", b"the 1 0\nthe 0 1\nnew york 1 1\n")
    found = read_vectors(path, FORMS, limit=9)
    assert found.keys == ("the", "new york")
    assert found.matrix[1, 1] == 0


# -- models that know n-grams


@pytest.fixture(scope="module")
def train(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    floret = pytest.importorskip("floret")
    path = tmp_path_factory.mktemp("floret") / "text"
    path.write_text("the apple the größer 東京 cat cats\n" * 50, encoding="utf-8")

    def train(**settings: Any) -> Any:
        given = {"dim": 4, "minCount": 1, "minn": 2, "maxn": 4, "bucket": 40, "epoch": 2}
        return floret.train_unsupervised(
            str(path), **{**given, "thread": 1, "lr": 1.0, "verbose": 0, **settings}
        )

    return train


UNKNOWN = ["Größe", "Catlike", "x"]
SUBWORD_FORMS = Counter({"The": 3, "größer": 2, "東京": 1, **dict.fromkeys(UNKNOWN, 1)})


def by_key(found: Vectors) -> dict[str, NDArray[np.float32]]:
    rows = dict(zip(found.keys, found.matrix[1:], strict=True))
    return {key: row / np.linalg.norm(rows["größer"]) for key, row in rows.items()}


def of_model(model: Any, found: Vectors) -> dict[str, NDArray[np.float32]]:
    scale = np.linalg.norm(model.get_word_vector("größer"))
    return {key: model.get_word_vector(key) / scale for key in found.keys}


def assert_equal(one: dict[str, Any], other: dict[str, Any], rtol: float = 1e-4) -> None:
    assert one.keys() == other.keys()
    for key, row in one.items():
        np.testing.assert_allclose(row, other[key], rtol=rtol, atol=rtol, err_msg=key)


@pytest.mark.parametrize("minn", [1, 2])
@pytest.mark.parametrize("layout", ["fastText", "floret"])
def test_fasttext_models_have_vectors_for_all_words(
    train: Callable[..., Any], tmp_path: Path, layout: str, minn: int
) -> None:
    model = train(minn=minn)
    model.save_model(str(tmp_path / "v.bin"))
    if layout == "fastText":
        as_fasttext(tmp_path / "v.bin")
    found = read_vectors(tmp_path / "v.bin", SUBWORD_FORMS, limit=0)
    assert {"the", "größer", "東京", "Größe", "größe", "Catlike", "catlike"} < {*found.keys}
    assert "The" not in found.keys  # as "the" is known
    assert found.share_of_tokens == 1
    assert_equal(by_key(found), of_model(model, found))


def as_fasttext(path: Path) -> None:
    """Take out the two numbers that only floret writes."""
    content = path.read_bytes()
    path.write_bytes(content[:52] + content[60:])


def test_fasttext_models_without_ngrams_have_their_words(
    train: Callable[..., Any], tmp_path: Path
) -> None:
    train(minn=0, maxn=0).save_model(str(tmp_path / "v.bin"))
    found = read_vectors(tmp_path / "v.bin", SUBWORD_FORMS, limit=2)
    assert found.keys == ("the", "apple", "größer", "東京")
    assert found.share_of_tokens == pytest.approx(6 / 9)


def test_ngrams_are_hashed_as_fasttext_does() -> None:
    # What fastText's get_subwords("größ") gives with 15 words and 50 buckets.
    ids = [15 + value % 50 for value in ngram_hashes("größ", 2, 4)]
    assert ids == [53, 31, 22, 21, 50, 30, 39, 53, 59, 39, 55, 28]


@pytest.mark.parametrize("hash_count", [1, 4])
def test_floret_models_tables_and_pipelines_agree(
    train: Callable[..., Any], tmp_path: Path, hash_count: int
) -> None:
    model = train(mode="floret", hashCount=hash_count)
    model.save_model(str(tmp_path / "v.bin"))
    model.save_floret_vectors(str(tmp_path / "v.floret"))
    lines = (tmp_path / "v.floret").read_bytes().splitlines()
    table = np.array([line.split()[1:] for line in lines[1:]], dtype=np.float32)
    settings = {"minn": 2, "maxn": 4, "hash_count": hash_count, "hash_seed": 2166136261}
    folder = pipeline(tmp_path / "pipeline", data=table, **settings)
    compress(tmp_path / "v.floret.gz", b"\n".join(lines), "gzip")
    read = {
        name: read_vectors(tmp_path / name, SUBWORD_FORMS, limit=0)
        for name in ("v.bin", "v.floret", "v.floret.gz", folder.name)
    }
    vectors = by_key(read["v.bin"])
    shared = {key: row for key, row in by_key(read["v.floret"]).items() if key in vectors}
    assert_equal(vectors, shared, rtol=1e-3)  # text is rounded
    expected = of_model(model, read["v.bin"])
    del vectors["the"], expected["the"]  # to the first word floret itself adds what no table has
    assert_equal(vectors, expected)
    for name in ("v.floret.gz", folder.name):
        assert read[name].keys == read["v.floret"].keys
        np.testing.assert_allclose(read[name].matrix, read["v.floret"].matrix, rtol=1e-6)
    assert read["v.floret"].share_of_tokens == 1


# -- packages


def test_packages_are_found_by_name_and_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline(tmp_path / "some_vectors" / "some_vectors-1.0")
    (tmp_path / "some_vectors" / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    assert read_vectors(Path("some_vectors"), FORMS, limit=1).keys == ("the", "apple", "東京")
    assert "some_vectors" not in sys.modules


def test_packages_that_are_no_pipelines_are_refused() -> None:
    with pytest.raises(VectorsError, match="no vocab/ in it"):
        read_vectors(Path("json"), FORMS, limit=1)


@pytest.mark.parametrize("name", ["no_such_package", "missing.txt", "sys", "os.path", "a/b c"])
def test_names_of_nothing_are_refused(name: str) -> None:
    with pytest.raises(VectorsError, match="no such file or folder, and no installed package"):
        read_vectors(Path(name), FORMS, limit=1)


# -- what is damaged

MODEL = struct.pack("<i", 793712314)


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
    return b"".join(
        [
            MODEL,
            struct.pack("<12i", version, dim, 5, 5, 1, 5, 1, 2, 2, bucket, 0, maxn),
            struct.pack("<id", 100, 1e-4),
            struct.pack("<3i2q", size, n_words, 0, 1, n_pruned),
            words,
            struct.pack("<?2q", quantised, *shape),
            struct.pack(f"<{len(values)}f", *values),
        ]
    )


def test_handmade_models_are_read(tmp_path: Path) -> None:
    cut = b"\xe6\x9d\0" + struct.pack("<qb", 1, 0)
    content = fasttext(
        size=2, n_words=2, words=cut + fasttext_word("the"), shape=(2, 2), values=(1, 1, 3, 4)
    )
    found = read_vectors(put(tmp_path / "v.bin", content), FORMS, limit=9)
    assert found.keys == ("the",)
    np.testing.assert_allclose(found.matrix[1], [0.6, 0.8], rtol=1e-6)


def fasttext_word(word: str) -> bytes:
    return word.encode() + b"\0" + struct.pack("<qb", 1, 0)


TABLE = "2 2 2 3 1 7 < >\n0 1 2\n1 3 4\n"
NAN = np.array([[np.nan, 1, 1]], dtype="<f4").tobytes()
HUGE = 10**12

DAMAGED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "empty"),
    "header of nothing": (b"0 3\n", "empty, by its header"),
    "cut text": (b"the 1 2\napple 1", r"v:2: 1 values where 2 are expected"),
    "cut text with header": (b"3 2\nthe 1 2\n", "1 rows where the header announces 3"),
    "header announces fewer": (b"1 2\nthe 1 2\npear 1 2\n", r"v:3: more rows than the 1"),
    "header announces too much": (f"{HUGE} 2\nthe 1 2\n".encode(), "1 rows where the header"),
    "header of huge vectors": (f"1 {10**9}\nthe 1 2\n".encode(), "v:1: the header announces"),
    "huge number": (b"9" * 5000 + b" 2\nthe 1 2\n", "1 values in the first row"),
    "unequal": (b"2 3\nthe 1 2 3\npear 1 2\n", r"v:3: 2 values where 3 are expected"),
    "too long": (b"the .5 1.5\npear .5 1.5 2.5\n", r"v:2: more than 2 values"),
    "header of short vectors": (b"1 2\nthe .5 1.5 2e-1\n", r"v:2: more than 2 values"),
    "no vectors": (b"the\napple\n", r"v:1: 0 values in the first row"),
    "no word": (b"the 1 2\n 1 2\n", r"v:2: a row without a word"),
    "no number": (b"the 1 x\n", r"v:1: a value is no number"),
    "NaN": (b"the 1 2\napple nan 1\n", r"v:2: a value is infinite or no number"),
    "infinite": (b"the 1 1e39\n", r"v:1: a value is infinite or no number"),
    "Latin-1": ("the 1 2\ncafé 1 2\n".encode("latin-1"), r"v:2: the word is not UTF-8"),
    "unknown binary": (b"the 1 2\n\0\n", r"v:2: binary, and of no known kind"),
    "archive": (b"PK\x03\x04\x14\0\0\0", r"v:1: binary"),
    "damaged gzip": (b"\x1f\x8b\x08\0\0\0\0\0\0\xff and no more", "cannot be read"),
    "cut word2vec": (word2vec()[:-1], r"row 5: ends early"),
    "word2vec announces more": (word2vec(header="6 3\n"), r"row 6: ends early"),
    "word2vec announces fewer": (word2vec(header="4 3\n"), "more behind the 4 rows"),
    "word2vec announces too much": (word2vec(header=f"{HUGE} 3\n"), "row 6: ends early"),
    "word2vec of huge vectors": (word2vec(header=f"5 {10**9}\n"), "vectors of 1,000,000,000"),
    "word2vec with wrong dim": (word2vec(header="4 4\n"), "row"),
    "word2vec with NaN": (b"1 3\nthe " + NAN, "row 1: a value is infinite or no number"),
    "word2vec in Latin-1": (b"1 3\n\xe9t\xe9 " + VALUES[0].tobytes(), "row 1: the word is not"),
    "cut table": (TABLE[:-6].encode(), "1 rows where the header announces 2"),
    "table announces too much": (TABLE.replace("2 2", f"{HUGE} 2", 1).encode(), "2 rows where"),
    "table of huge vectors": (TABLE.replace("2 2", "2 999999", 1).encode(), "of 999,999 values"),
    "table out of order": (TABLE.replace("\n1", "\n7").encode(), r"v:3: '7' where row 1"),
    "table of other settings": (TABLE.replace("1 7", "9 7").encode(), "no settings of floret"),
    "table with NaN": (TABLE.replace("4", "nan").encode(), "v:3: a value is infinite"),
    "model of nothing": (MODEL, "truncated or damaged"),
    "newer model": (fasttext(version=13), "version 13"),
    "cut model": (fasttext()[:-1], "truncated or damaged"),
    "cut dictionary": (fasttext()[:100], "truncated or damaged"),
    "quantised model": (fasttext(quantised=True), r"quantised model \(\.ftz\)"),
    "pruned model": (fasttext(n_pruned=0), r"quantised model \(\.ftz\)"),
    "model of another shape": (fasttext(shape=(2, 2)), "truncated or damaged"),
    "model of negative shape": (fasttext(bucket=-1, shape=(0, 2)), "truncated or damaged"),
    "huge model": (fasttext(bucket=2**31 - 2, shape=(2**31 - 1, 2)), "truncated or damaged"),
    "huge dictionary": (fasttext(size=2**31 - 1, n_words=2**31 - 1), "truncated or damaged"),
    "huge vectors": (fasttext(dim=2**31 - 1, shape=(1, 2**31 - 1)), "truncated or damaged"),
    "model with NaN": (fasttext(values=(1.0, float("nan"))), "no numbers"),
    "model with infinities": (
        fasttext(n_words=1, bucket=1, maxn=3, shape=(2, 2), values=(np.inf, 1, -np.inf, 1)),
        "no numbers",
    ),
    "model of huge values": (fasttext(values=(1.0, 3e38)), "too large"),
    "other language": (b"dies 1 2\nund 1 2\n", "no word of the corpus has a vector"),
}


@pytest.mark.parametrize(("content", "message"), DAMAGED.values(), ids=DAMAGED)
def test_damaged_files_are_refused_in_one_line(
    content: bytes, message: str, tmp_path: Path
) -> None:
    path = put(tmp_path / "v", content)
    with pytest.raises(VectorsError, match=message) as caught:
        read_vectors(path, FORMS, limit=10)
    assert str(caught.value).startswith(f"{path}:")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("header", ["", "3 2\n"])
def test_words_may_hold_spaces_numbers_and_control_characters(header: str, tmp_path: Path) -> None:
    path = put(tmp_path / "v", f"{header}\x02 .5 1.5\n. . 3 2 4\nthe 1.5 2.5\n".encode())
    found = read_vectors(path, Counter([". . 3", "\x02", "the"]), limit=10)
    assert set(found.keys) == {". . 3", "\x02", "the"}


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_cut_and_compressed_files_are_refused(tmp_path: Path, compression: str) -> None:
    path = compress(tmp_path / "v", text(), compression)
    put(path, path.read_bytes()[:-9])
    with pytest.raises(VectorsError, match="cannot be read"):
        read_vectors(path, FORMS, limit=10)
    with pytest.raises(VectorsError, match="unpack it first"):
        read_vectors(compress(tmp_path / "m", fasttext(), compression), FORMS, limit=10)


@pytest.mark.parametrize("length", range(0, len(fasttext()), 7))
def test_models_cut_anywhere_are_refused(tmp_path: Path, length: int) -> None:
    with pytest.raises(VectorsError):
        read_vectors(put(tmp_path / "v", fasttext()[:length]), FORMS, limit=10)


def test_values_behind_the_limit_are_not_parsed(tmp_path: Path) -> None:
    path = put(tmp_path / "v", b"the 1 2\nzebra x y\n")
    assert read_vectors(path, FORMS, limit=1).keys == ("the",)


# -- pipelines that are damaged


def empty_vectors(vocab: Path) -> None:
    np.save(vocab / "vectors.npy", np.zeros((0, 0), dtype=np.float32))
    (vocab / "vectors.npy").rename(vocab / "vectors")


def hostile_table(vocab: Path) -> None:
    content = (vocab / "vectors").read_bytes()
    size = len(str(VALUES.shape))
    at = content.index(str(VALUES.shape).encode())
    hostile = str((HUGE, 300)).encode()
    end = at + size
    pad = len(hostile) - size
    (vocab / "vectors").write_bytes(content[:at] + hostile + content[end + pad :])


def point_nowhere(vocab: Path) -> None:
    import srsly

    rows = srsly.read_msgpack(vocab / "key2row")
    srsly.write_msgpack(vocab / "key2row", dict.fromkeys(rows, 99))


def set_floret(vocab: Path) -> None:
    cfg = {"mode": "floret", "minn": 1, "maxn": 10**9, "hash_count": 1}
    (vocab / "vectors.cfg").write_text(json.dumps(cfg))


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "no vectors": (empty_vectors, "without word vectors"),
    "no table": (lambda vocab: (vocab / "vectors").unlink(), "without word vectors"),
    "hostile table": (hostile_table, "damaged"),
    "cut table": (lambda vocab: put(vocab / "vectors", b"\x93NUMPY\x01"), "damaged"),
    "no strings": (lambda vocab: (vocab / "strings.json").unlink(), "damaged"),
    "cut strings": (lambda vocab: put(vocab / "strings.json", b'["the'), "damaged"),
    "cut keys": (lambda vocab: put(vocab / "key2row", b"\x82\x01"), "damaged"),
    "no keys": (lambda vocab: (vocab / "key2row").unlink(), "no word of the corpus"),
    "keys to nowhere": (point_nowhere, "row 99, which is not there"),
    "no settings of floret": (set_floret, "no settings of floret"),
}


@pytest.mark.parametrize(("damage", "message"), BROKEN.values(), ids=BROKEN)
def test_damaged_pipelines_are_refused_in_one_line(
    damage: Callable[[Path], object], message: str, tmp_path: Path
) -> None:
    folder = pipeline(tmp_path / "p")
    damage(folder / "vocab")
    with pytest.raises(VectorsError, match=message) as caught:
        read_vectors(folder, FORMS, limit=10)
    assert str(caught.value).startswith(str(folder))
    assert "\n" not in str(caught.value)


def test_folders_must_hold_one_pipeline(tmp_path: Path) -> None:
    with pytest.raises(VectorsError, match="no vocab/ in it"):
        read_vectors(tmp_path, FORMS, limit=1)
    pipeline(tmp_path / "model-best")
    assert "apple" in read_vectors(tmp_path, FORMS, limit=1).keys
    pipeline(tmp_path / "model-last")
    with pytest.raises(VectorsError, match="several pipelines"):
        read_vectors(tmp_path, FORMS, limit=1)
