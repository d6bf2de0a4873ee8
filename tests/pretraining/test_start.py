"""The start of a base: its words, and given or learned vectors."""

import os
import signal
from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tagger.config import Config, PretrainingConfig, config_from_dict
from tagger.errors import Interrupted, TrainingError, UsageError, VectorsError
from tagger.model.directory import read_model
from tagger.pretraining import static
from tagger.pretraining.reporting import PretrainingReporter
from tagger.pretraining.run import pretrain
from tagger.pretraining.start import choose_vocabulary, fingerprint_vectors, starting_rows
from tests.helpers.corpora import small_config

LINES = [
    "The ship left Aberdeen in March. Its captain, Ewan Grant, had sailed before.",
    "Nobody in the town of Luleå knew why the bells rang!",
    "Prices rose 3.5 % in 1996 and fell again in 1997.",
] * 12
VECTORS = {
    "the": [1.0, 0.0, 0.0],
    "of": [0.0, 1.0, 0.0],
    "musk": [0.0, 0.6, 0.8],
    "aberdeen": [0.0, 0.0, 1.0],
    "1996": [0.8, 0.6, 0.0],
    "1997": [0.6, 0.8, 0.0],
}
TABLE = "embedder.parts.word_ids.weight"


def small(vectors: Path | str, **pretraining: object) -> Config:
    settings = {
        "vector_epochs": 0, "min_count": 2, "batch_tokens": 100, "vectors": str(vectors),
        **pretraining,
    }  # fmt: skip
    small = small_config()
    return msgspec.structs.replace(
        config_from_dict({"pretraining": settings}),
        embedder=small.embedder,
        encoder=small.encoder,
        training=small.training,
    )


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    path = tmp_path / "raw.txt"
    path.write_text("\n".join(LINES) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def vectors(tmp_path: Path) -> Path:
    path = tmp_path / "given.txt"
    rows = [f"{word} {' '.join(map(str, row))}\n" for word, row in VECTORS.items()]
    path.write_text("".join(rows), encoding="utf-8")
    return path


def test_the_word_table_starts_from_given_vectors(raw: Path, vectors: Path, tmp_path: Path) -> None:
    pretrain([str(raw)], tmp_path / "base", small(vectors, learning_rate=1e-6))
    model = read_model(tmp_path / "base")
    assert model.config.embedder.word_dim == 3
    assert not model.vector_keys
    ids, table = model.vocabulary.word_ids, model.weights[TABLE]
    assert "musk" in ids  # in the vectors alone
    assert "sailed" in ids  # in the text alone
    for word in ("the", "of", "musk", "aberdeen"):
        np.testing.assert_allclose(table[ids[word]], VECTORS[word], atol=0.02)
    both = np.mean([VECTORS["1996"], VECTORS["1997"]], axis=0)
    np.testing.assert_allclose(table[ids["0000"]], both, atol=0.02)
    assert "given.txt" in model.card


def test_a_stopped_pretraining_from_given_vectors_resumes_exactly(
    raw: Path, vectors: Path, tmp_path: Path
) -> None:
    class Stop(PretrainingReporter):
        n = 0

        def progress(self, stage: str, share: float | None, details: Mapping[str, str]) -> None:
            self.n += stage == "language model"
            if self.n == 7:
                os.kill(os.getpid(), signal.SIGINT)

    config = small(vectors, epochs=3)
    pretrain([str(raw)], tmp_path / "whole", config)
    with pytest.raises(Interrupted):
        pretrain([str(raw)], tmp_path / "parts", config, reporter=Stop())
    content = vectors.read_text("utf-8")
    vectors.write_text(content.replace("0.6", "0.5"), "utf-8")
    with pytest.raises(UsageError, match=r"given\.txt changed since"):
        pretrain([str(raw)], tmp_path / "parts", config, resume=True)
    vectors.write_text(content, "utf-8")
    pretrain([str(raw)], tmp_path / "parts", config, resume=True)
    whole, parts = read_model(tmp_path / "whole"), read_model(tmp_path / "parts")
    assert whole.vocabulary.words == parts.vocabulary.words
    for name, weight in whole.weights.items():
        np.testing.assert_array_equal(weight, parts.weights[name], err_msg=name)


def test_vectors_that_do_not_fit_leave_nothing_behind(
    raw: Path, vectors: Path, tmp_path: Path
) -> None:
    base = tmp_path / "base"
    foreign = tmp_path / "foreign.txt"
    foreign.write_text("qwertz 1 2 3\n")
    with pytest.raises(VectorsError):
        pretrain([str(raw)], base, small(foreign))
    assert not base.exists()
    pretrain([str(raw)], base, small(vectors))  # needs no `force`
    before = {path.name: path.read_bytes() for path in base.iterdir()}
    with pytest.raises(VectorsError):
        pretrain([str(raw)], base, small(foreign), force=True)
    assert {path.name: path.read_bytes() for path in base.iterdir()} == before


def test_floret_learns_the_words_that_lack_a_vector(
    raw: Path, vectors: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = """
import sys
rows = {"the": "0 0 2", "of": "0 2 0", "aberdeen": "2 0 0", "ship": "0 2 2"}
with open(sys.argv[2], "w") as file:
    file.write(f"{len(rows)} 3\\n")
    file.writelines(f"{word} {values}\\n" for word, values in rows.items())
"""
    monkeypatch.setattr(static, "_PROGRAM", program)
    monkeypatch.setattr("tagger.pretraining.run.check_floret", lambda: None)
    config = small(vectors, vector_epochs=1, learning_rate=1e-6)
    pretrain([str(raw)], tmp_path / "base", config)
    model = read_model(tmp_path / "base")
    ship = model.weights[TABLE][model.vocabulary.word_ids["ship"]]
    np.testing.assert_allclose(ship, [1, 1, 0], atol=0.02)  # mapped into the given space


def test_learned_vectors_alone_stay_as_they_are() -> None:
    learned = {"a": np.array([1, 2], np.float32), "b": np.array([3, 4], np.float32)}
    assert starting_rows(["b", "c"], {}, learned) == {"b": learned["b"]}


def test_too_few_common_words_map_nothing() -> None:
    given = {"a": np.array([1, 0], np.float32)}
    learned = {"a": np.array([0, 1], np.float32), "b": np.array([1, 0], np.float32)}
    assert set(starting_rows(["a", "b"], given, learned)) == {"a"}


def test_names_and_words_of_given_vectors_are_preferred() -> None:
    forms = {"the": 90, "stone": 12, "Stone": 1, "Enugu": 9, "wander": 10, "rare": 1}
    words = {
        weight: choose_vocabulary(
            forms, PretrainingConfig(n_words=3, min_count=2, name_weight=weight)
        ).words
        for weight in (0.0, 1.0)
    }
    assert words == {0.0: ("the", "stone", "wander"), 1.0: ("the", "stone", "enugu")}
    settings = PretrainingConfig(n_words=4, min_count=2, name_weight=0)
    vocabulary = choose_vocabulary(forms, settings, ["the", "deloitte", "rare"])
    assert vocabulary.words == ("the", "stone", "wander", "deloitte")
    with pytest.raises(TrainingError) as caught:
        choose_vocabulary({"a": 1}, settings)
    assert caught.value.hint


def test_bad_vectors_are_refused_before_the_text_is_read(
    raw: Path, vectors: Path, tmp_path: Path
) -> None:
    vectors.write_text("the 0.1 0.2 0.3\nof 0.1 0.2\n", "utf-8")
    for path in (vectors, tmp_path / "none.txt"):
        with pytest.raises(VectorsError):
            pretrain([str(raw)], tmp_path / "base", small(path))
    vectors.write_text("ett 0.1 0.2 0.3\ntva 0.1 0.2 0.4\n", "utf-8")
    with pytest.raises(VectorsError, match="no word of the corpus"):
        pretrain([str(raw)], tmp_path / "base", small(vectors))


def test_the_fingerprint_is_of_the_content(vectors: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pipeline" / "vocab"
    folder.mkdir(parents=True)
    (folder / "vectors").write_bytes(b"one")
    before = [fingerprint_vectors(str(path)) for path in (vectors, folder.parent)]
    vectors.write_text("the 0.1 0.2\n", "utf-8")
    (folder / "vectors").write_bytes(b"two")
    after = [fingerprint_vectors(str(path)) for path in (vectors, folder.parent)]
    assert len({*before, *after}) == 4
    with pytest.raises(VectorsError):
        fingerprint_vectors(str(tmp_path / "none"))
