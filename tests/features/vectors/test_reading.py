"""Word vectors: the same from every format, and which are kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import tagger
from tagger.features.vectors.reading import read_vectors, vectors_dim
from tagger.model.directory import read_model
from tagger.training.run import train
from tests.helpers.corpora import small_config
from tests.helpers.vectors import FORMS, SOURCES, TABLE, VALUES, assert_refused, put


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


@pytest.mark.parametrize("write", SOURCES.values(), ids=SOURCES)
def test_the_size_is_known_before_any_word(write: Callable[[Path], Path], tmp_path: Path) -> None:
    assert vectors_dim(write(tmp_path)) == VALUES.shape[1]


def test_the_size_of_vectors_made_of_ngrams_is_known(tmp_path: Path) -> None:
    assert vectors_dim(put(tmp_path / "table.floret", TABLE.encode())) == 2


def test_blank_lines_are_no_rows(tmp_path: Path) -> None:
    path = put(tmp_path / "v.txt", b"2 2\nthe 1 0\n\napple 0 1\r\n\r\n\n")
    assert read_vectors(path, FORMS, limit=9).keys == ("the", "apple")


def test_the_first_of_equal_words_counts(tmp_path: Path) -> None:
    path = put(tmp_path / "v.txt", b"the 1 0\nthe 0 1\nnew york 1 1\n")
    found = read_vectors(path, FORMS, limit=9)
    assert found.keys == ("the", "new york")
    assert found.matrix[1, 1] == 0


def test_the_first_rows_and_those_of_the_training_words_are_kept(tmp_path: Path) -> None:
    path = put(tmp_path / "v.txt", b"one 1 1\ntwo 1 1\nthree 1 1\napple 1 1\nfive 1 1\n")
    assert read_vectors(path, FORMS, limit=2).keys == ("one", "two", "apple")


def test_vectors_of_another_language_are_refused(tmp_path: Path) -> None:
    assert_refused(put(tmp_path / "v", b"dies 1 2\nund 1 2\n"), None, "no word", "language")


@pytest.mark.parametrize("name", ["no_such_package", "missing.txt", "sys", "os.path", "a/b c"])
def test_names_of_nothing_are_refused(name: str) -> None:
    assert_refused(Path(name), None, "no such file")


@pytest.mark.slow
def test_vectors_reach_words_unseen_in_training(corpus: Path, tmp_path: Path) -> None:
    import msgspec

    names = ["john", "mary", "kim", "apple", "siemens", "ohio", "berlin", "california"]
    rows = [f"{w} {'5 0' if w in ('john', 'mary', 'kim', 'zoltan') else '0 5'}" for w in names]
    path = put(tmp_path / "v.txt", "\n".join([*rows, "zoltan 5 0\n"]).encode())
    config = small_config(epochs=20)
    embedder = msgspec.structs.replace(config.embedder, vectors=str(path))
    train([str(corpus)], tmp_path / "m", msgspec.structs.replace(config, embedder=embedder))
    path.unlink()  # the model is self-contained
    loaded = tagger.load(tmp_path / "m")
    assert "zoltan" in read_model(tmp_path / "m").vocabulary.words
    assert [e.label for e in loaded("Kim lives in Berlin").entities] == ["PER", "LOC"]
