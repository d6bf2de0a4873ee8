"""Trainings whose word table starts from given vectors."""

from pathlib import Path

import msgspec
import numpy as np

import tagger
from tagger.features.vocabulary import normalize
from tagger.model.directory import read_model
from tagger.training.run import train
from tests.helpers.corpora import small_config

TABLE = "embedder.parts.word_ids.weight"


def test_only_words_of_the_training_data_are_tuned(corpus: Path, tmp_path: Path) -> None:
    rows = {"john": [1.0, 0, 0], "apple": [0, 1.0, 0], "Deloitte": [0, 0.6, 0.8]}
    path = tmp_path / "vectors.txt"
    lines = [f"{word} {' '.join(map(str, row))}\n" for word, row in rows.items()]
    path.write_text("".join(lines), encoding="utf-8")
    config = small_config(epochs=2)
    embedder = msgspec.structs.replace(config.embedder, vectors=str(path))
    output = tmp_path / "m"
    train([str(corpus)], output, msgspec.structs.replace(config, embedder=embedder))
    model = read_model(output)
    assert model.config.embedder.word_dim == 3
    assert not model.vector_keys
    ids, table = model.vocabulary.word_ids, model.weights[TABLE]
    np.testing.assert_allclose(table[ids["deloitte"]], rows["Deloitte"], atol=0.01)
    distance = np.linalg.norm(table[ids["john"]] - rows["john"])
    assert 0 < distance < 0.5
    assert normalize("California") in ids
    assert tagger.load(output)("John works at Apple").tokens
