"""Vectors made from n-grams: models and tables of fastText and floret."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tagger.errors import VectorsError
from tagger.features.vectors.reading import Vectors, read_vectors
from tagger.features.vectors.subwords import MODEL_MAGIC, ngram_hashes
from tests.helpers.vectors import (
    FORMS,
    assert_refused,
    compress,
    fasttext,
    fasttext_word,
    pipeline,
    put,
)


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


def test_handmade_models_are_read(tmp_path: Path) -> None:
    cut = b"\xe6\x9d\0" + fasttext_word("")[1:]
    content = fasttext(
        size=2, n_words=2, words=cut + fasttext_word("the"), shape=(2, 2), values=(1, 1, 3, 4)
    )
    found = read_vectors(put(tmp_path / "v.bin", content), FORMS, limit=9)
    assert found.keys == ("the",)
    np.testing.assert_allclose(found.matrix[1], [0.6, 0.8], rtol=1e-6)


DAMAGED: dict[str, tuple[bytes, str]] = {
    "nothing": (MODEL_MAGIC, "damaged"),
    "newer": (fasttext(version=13), "version 13"),
    "cut": (fasttext()[:-1], "damaged"),
    "cut dictionary": (fasttext()[:100], "damaged"),
    "quantised": (fasttext(quantised=True), ".ftz"),
    "pruned": (fasttext(n_pruned=0), ".ftz"),
    "another shape": (fasttext(shape=(2, 2)), "damaged"),
    "negative shape": (fasttext(bucket=-1, shape=(0, 2)), "damaged"),
    "huge": (fasttext(bucket=2**31 - 2, shape=(2**31 - 1, 2)), "damaged"),
    "huge dictionary": (fasttext(size=2**31 - 1, n_words=2**31 - 1), "damaged"),
    "huge vectors": (fasttext(dim=2**31 - 1, shape=(1, 2**31 - 1)), "damaged"),
    "NaN": (fasttext(values=(1.0, float("nan"))), "NaN"),
    "infinities": (
        fasttext(n_words=1, bucket=1, maxn=3, shape=(2, 2), values=(np.inf, 1, -np.inf, 1)),
        "NaN",
    ),
    "huge values": (fasttext(values=(1.0, 3e38)), "too large"),
}


@pytest.mark.parametrize(("content", "words"), DAMAGED.values(), ids=DAMAGED)
def test_damaged_models_are_refused(content: bytes, words: str, tmp_path: Path) -> None:
    assert_refused(put(tmp_path / "v", content), None, words)


@pytest.mark.parametrize("length", range(0, len(fasttext()), 7))
def test_models_cut_anywhere_are_refused(tmp_path: Path, length: int) -> None:
    with pytest.raises(VectorsError):
        read_vectors(put(tmp_path / "v", fasttext()[:length]), FORMS, limit=10)
