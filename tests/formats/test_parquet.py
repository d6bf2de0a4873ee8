from __future__ import annotations

import datasets
import pytest

from tagger.corpus import load_corpus
from tagger.errors import FormatError

TOKENS = {"tokens": [["Kim", "left"], ["Rain"]]}


def stored(path, tags, feature=None) -> str:
    """Write a file as `datasets` does."""
    data = datasets.Dataset.from_dict({**TOKENS, "ner_tags": tags, "id": ["1", "2"]})
    if feature is not None:
        data = data.cast_column("ner_tags", datasets.List(feature))
    data.to_parquet(str(path))
    return str(path)


@pytest.mark.parametrize("name", ["train.parquet", "train.bin"])
def test_numbers_have_the_names_of_the_file(tmp_path, name):
    feature = datasets.ClassLabel(names=["O", "B-PER"])
    corpus = load_corpus(stored(tmp_path / name, [[1, 0], [0]], feature))
    assert list(corpus.splits["train"]["ner"]) == [["B-PER", "O"], ["O"]]
    assert corpus.layout.describe() == "Parquet: token, ner (BIO)"


def test_strings(tmp_path):
    corpus = load_corpus(stored(tmp_path / "train.parquet", [["B-PER", "O"], ["O"]]))
    assert list(corpus.splits["train"]["ner"]) == [["B-PER", "O"], ["O"]]


def test_numbers_without_names(tmp_path):
    with pytest.raises(FormatError) as caught:
        load_corpus(stored(tmp_path / "train.parquet", [[1, 0], [0]]))
    assert "by name" in (caught.value.hint or "")


def test_damage(tmp_path):
    path = tmp_path / "train.parquet"
    path.write_bytes(b"PAR1 and no more")
    with pytest.raises(FormatError, match="Parquet"):
        load_corpus(str(path))
