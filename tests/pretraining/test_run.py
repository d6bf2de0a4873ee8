"""Raw text in, a base out: learned, stopped, resumed, and trained from."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np
import pytest

import tagger
from tagger.config import Config
from tagger.errors import Interrupted, ModelError, TaggerError, UsageError
from tagger.features.vocabulary import normalize
from tagger.model.directory import read_model
from tagger.model.meta import FILES
from tagger.pretraining.reporting import PretrainingReporter
from tagger.pretraining.run import pretrain
from tagger.training.output import Run
from tests.helpers.corpora import small_config
from tests.helpers.pretraining import small


def test_an_old_model_stays_until_there_is_text_to_learn_from(raw: Path, tmp_path: Path) -> None:
    base = tmp_path / "base"
    pretrain([str(raw)], base, small())
    before = {path.name: path.read_bytes() for path in base.iterdir()}
    (tmp_path / "bad.txt").write_bytes(raw.read_bytes() + b"Tw\xff\n")
    with pytest.raises(TaggerError, match="UTF-8"):
        pretrain([str(tmp_path / "bad.txt")], base, small(), force=True)
    assert {path.name: path.read_bytes() for path in base.iterdir()} == before


@pytest.mark.parametrize(
    ("direction", "said"), [("bi", "A bidirectional language"), ("forward", "A forward language")]
)
def test_the_card_says_how_the_text_was_read(
    raw: Path, tmp_path: Path, direction: str, said: str
) -> None:
    config = small()
    encoder = msgspec.structs.replace(config.encoder, direction=direction)
    pretrain([str(raw)], tmp_path / "base", msgspec.structs.replace(config, encoder=encoder))
    assert said in read_model(tmp_path / "base").card


def test_stopped_while_reading_nothing_is_kept(raw: Path, tmp_path: Path) -> None:
    class Stop(PretrainingReporter):
        def progress(self, stage: str, share: float | None, details: Mapping[str, str]) -> None:
            assert stage == "reading"
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(Interrupted, match="nothing"):
        pretrain([str(raw)], tmp_path / "base", small(), reporter=Stop())
    assert not (tmp_path / "base").exists()


@pytest.mark.slow
def test_a_base_is_learned_and_started_from(raw: Path, corpus: Path, tmp_path: Path) -> None:
    from tagger.training.run import train

    base = tmp_path / "base"
    seen: list[dict[str, str]] = []

    class Recorder(PretrainingReporter):
        def progress(self, stage: str, share: float | None, details: Mapping[str, str]) -> None:
            if stage == "language model":
                seen.append(details)

    pretrain([str(raw)], base, small(epochs=60), licence="CC0", reporter=Recorder())
    assert float(seen[-1]["loss forward"]) < 0.75 * float(seen[0]["loss forward"])
    assert float(seen[-1]["loss backward"]) < 0.75 * float(seen[0]["loss backward"])
    assert sorted(path.name for path in base.iterdir()) == sorted(FILES)
    assert "CC0" in (base / "README.md").read_text("utf-8")
    with pytest.raises(ModelError, match="base"):
        tagger.load(base)

    config = msgspec.structs.replace(small_config(epochs=2), embedder=small().embedder)
    train([str(corpus)], tmp_path / "m", config, base=base)
    old, new = read_model(base), read_model(tmp_path / "m")
    words = "embedder.parts.word_ids.weight"
    trained = {normalize(w) for w in ["John", "works", "at", "Apple", "in", "California"]}
    outside = [word for word in old.vocabulary.words if word in ("aberdeen", "bells", "kyoto")]
    assert len(outside) == 3
    assert not trained & set(outside)
    for word in outside:
        np.testing.assert_array_equal(
            old.weights[words][old.vocabulary.word_ids[word]],
            new.weights[words][new.vocabulary.word_ids[word]],
        )
    assert new.meta.earlier_corpora == old.meta.corpora
    assert f"| raw.txt | {old.meta.corpora[0].n_sentences['text']} text | CC0 |" in new.card


@pytest.mark.slow
def test_a_resumed_pretraining_equals_an_uninterrupted_one(raw: Path, tmp_path: Path) -> None:
    from tagger.training.output import stored_run as run_of_training

    config = small(epochs=4)
    pretrain([str(raw)], tmp_path / "whole", config)

    class Stop(PretrainingReporter):
        def __init__(self) -> None:
            self.n = 0

        def progress(self, stage: str, share: float | None, details: Mapping[str, str]) -> None:
            self.n += stage == "language model"
            if self.n == 11:
                os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Interrupted) as caught:
        pretrain([str(raw)], tmp_path / "parts", config, reporter=Stop())
    assert caught.value.path == str(tmp_path / "parts")
    assert "{resume=True}" in str(caught.value.hint)
    with pytest.raises(UsageError, match="epochs"):
        pretrain([str(raw)], tmp_path / "parts", small(epochs=5), resume=True)
    with pytest.raises(UsageError, match="texts"):
        pretrain([str(raw)] * 2, tmp_path / "parts", config, resume=True)
    with pytest.raises(ModelError, match="pretrain"):
        run_of_training(tmp_path / "parts")
    forms = tmp_path / "parts" / "last" / "forms.bin"
    forms.write_bytes(forms.read_bytes()[:-3])  # damage is noticed and repaired
    pretrain([str(raw)], tmp_path / "parts", config, licence="CC0", resume=True)
    assert "CC0" in (tmp_path / "parts" / "README.md").read_text("utf-8")
    whole, parts = read_model(tmp_path / "whole"), read_model(tmp_path / "parts")
    assert whole.vocabulary.words == parts.vocabulary.words
    for name, weight in whole.weights.items():
        np.testing.assert_array_equal(weight, parts.weights[name], err_msg=name)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (msgspec.json.encode(Run(config=Config(), sources=("sample",), fingerprints=())),
         "tagger train"),
        (b'{"config"', "damaged"),
    ],
)  # fmt: skip
def test_only_a_pretraining_is_resumed(
    raw: Path, tmp_path: Path, content: bytes, word: str
) -> None:
    (tmp_path / "base" / "last").mkdir(parents=True)
    (tmp_path / "base" / "run.json").write_bytes(content)
    with pytest.raises(ModelError, match=word):
        pretrain([str(raw)], tmp_path / "base", small(), resume=True)
