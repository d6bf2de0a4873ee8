"""Static word vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tagger.errors import TrainingError
from tagger.model.directory import read_model
from tagger.pretraining import static
from tagger.pretraining.run import pretrain
from tests.helpers.pretraining import small


def test_word_vectors_that_a_full_disk_has_cut_off_are_refused(
    raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = """
import sys
with open(sys.argv[2], "w") as file:
    file.write("3 2\\nthe 0.1 0.2\\nship 0.1 0")
"""
    monkeypatch.setattr(static, "_PROGRAM", program)
    config = small(vector_epochs=1)
    with pytest.raises(TrainingError, match="2 of 3"):
        pretrain([str(raw)], tmp_path / "base", config)
    monkeypatch.undo()
    pytest.importorskip("floret")
    pretrain([str(raw)], tmp_path / "base", config, resume=True)
    assert read_model(tmp_path / "base").vocabulary.words


def test_word_vectors_are_where_the_language_model_starts(raw: Path, tmp_path: Path) -> None:
    pytest.importorskip("floret")
    config = small(vector_epochs=1, epochs=1, learning_rate=1e-6)
    pretrain([str(raw)], tmp_path / "base", config)
    model = read_model(tmp_path / "base")
    table = model.weights["embedder.parts.word_ids.weight"][1:]
    # The mean row has the length of one, where a random start of 16 values has 0.4.
    assert 0.9 < np.linalg.norm(table, axis=1).mean() < 1.1
