"""Forms to ids, vocabularies, word vectors."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tagger
from tagger.errors import VectorsError
from tagger.features.forms import FormEncoder, take_forms
from tagger.features.vectors.reading import read_vectors
from tagger.features.vocabulary import UNKNOWN, Vocabulary
from tagger.model.directory import read_model
from tagger.training.run import train
from tests.helpers.corpora import small_config

FORMS = Counter({"The": 5, "the": 3, "Apple": 2, "B-52": 1})


def encoder(max_chars: int = 40) -> FormEncoder:
    vocabulary = Vocabulary.from_counts(FORMS, min_count=1)
    return FormEncoder(vocabulary, max_chars=max_chars, n_affix_buckets=100)


def test_words_are_looked_up_in_lower_case_with_digits_as_zero() -> None:
    vocabulary = encoder().vocabulary
    assert vocabulary.words == ("the", "apple", "b-00")
    ids = encoder()(["THE", "the", "B-17", "unseen"]).word_ids
    assert ids[0] == ids[1] != UNKNOWN
    assert ids[2] == vocabulary.word_ids["b-00"]
    assert ids[3] == UNKNOWN


def test_rare_words_share_the_unknown_word() -> None:
    vocabulary = Vocabulary.from_counts(FORMS, min_count=2)
    assert vocabulary.words == ("the", "apple")


def test_what_follows_a_vocabulary_changes_none_of_its_ids() -> None:
    first = encoder().vocabulary
    both = first.followed_by(Vocabulary(["zebra", "the"], ["z", "T"]))
    assert {word: both.word_ids[word] for word in first.words} == first.word_ids
    assert both.words == (*first.words, "zebra")


@given(st.lists(st.text(min_size=1, max_size=100), min_size=1, max_size=8, unique=True))
def test_any_form_is_encoded_alone_as_beside_others(forms: list[str]) -> None:
    encode = encoder(max_chars=10)
    together = encode(forms)
    for i, form in enumerate(forms):
        alone = encode([form])
        taken = take_forms(together, np.array([i]))
        for one, other in zip(alone, taken, strict=True):
            np.testing.assert_array_equal(one, other)
        assert (alone.char_ids != 0).sum() == min(len(form), 10)


def test_long_forms_keep_both_ends() -> None:
    ids = encoder(max_chars=4)(["ThxxxxxxxeB"]).char_ids[0]
    chars = encoder().vocabulary.char_ids
    assert ids.tolist() == [chars["T"], chars["h"], chars["e"], chars["B"]]


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("header", ["", "3 2\n"], ids=["GloVe", "word2vec"])
def test_vectors_with_and_without_header(tmp_path: Path, header: str) -> None:
    path = write(tmp_path / "v.txt", f"{header}the 1 0\napple 0 1\nnew york 3 4\n")
    found = read_vectors(path, FORMS, limit=10)
    assert found.keys == ("the", "apple", "new york")
    assert found.matrix.shape == (4, 2)
    assert not found.matrix[0].any()
    np.testing.assert_allclose(
        found.matrix[3] / np.linalg.norm(found.matrix[3]), [0.6, 0.8], rtol=1e-6
    )
    assert found.coverage == (
        "25.0% of forms, 27.3% of tokens exactly; 75.0% of forms, 90.9% of tokens with lower-casing"
    )


def test_the_first_rows_and_those_of_the_training_words_are_kept(tmp_path: Path) -> None:
    path = write(tmp_path / "v.txt", "one 1 1\ntwo 1 1\nthree 1 1\napple 1 1\nfive 1 1\n")
    assert read_vectors(path, FORMS, limit=2).keys == ("one", "two", "apple")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "empty"),
        ("the 1 2\napple 1\n", r"v\.txt:2: 1 values where 2 are expected"),
        ("the 1 2\napple 1 x\n", r"v\.txt:2: a value is no number"),
        ("9 2\nthe 1 2\n", "1 rows where the header announces 9"),
        ("2 3\nthe 1 2\n", r"v\.txt:2: 2 values where 3 are expected"),
        ("the\n", r"v\.txt:1: 0 values in the first row"),
        ("the 1 2\n\0\n", r"v\.txt:2: binary"),
    ],
)
def test_bad_vectors_name_the_line(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(VectorsError, match=message):
        read_vectors(write(tmp_path / "v.txt", content), FORMS, limit=10)


@pytest.mark.slow
def test_vectors_reach_words_unseen_in_training(corpus: Path, tmp_path: Path) -> None:
    import msgspec

    names = ["john", "mary", "kim", "apple", "siemens", "ohio", "berlin", "california"]
    rows = [f"{w} {'5 0' if w in ('john', 'mary', 'kim', 'zoltan') else '0 5'}" for w in names]
    path = write(tmp_path / "v.txt", "\n".join([*rows, "zoltan 5 0"]) + "\n")
    config = small_config(epochs=20)
    embedder = msgspec.structs.replace(config.embedder, vectors=str(path))
    train([str(corpus)], tmp_path / "m", msgspec.structs.replace(config, embedder=embedder))
    path.unlink()  # the model is self-contained
    loaded = tagger.load(tmp_path / "m")
    assert "zoltan" in read_model(tmp_path / "m").vector_keys
    assert [e.label for e in loaded("Kim lives in Berlin").entities] == ["PER", "LOC"]
