"""Comparisons on Ray."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

import tagger
from tests.helpers.clusters import show_code

if find_spec("ray") is None:
    pytest.skip("needs the extra ray", allow_module_level=True)
pytest.importorskip("matplotlib")

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # of Ray itself


def test_results_equal_those_of_this_process(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    show_code(monkeypatch)
    settings = {
        "training.epochs": 1,
        "training.epoch_steps": 4,
        "training.threads": 1,
        "encoder.hidden_dim": 8,
        "embedder.char_encoder": "none",
    }
    found = []
    for executor in ("local", "ray"):
        (comparison,) = tagger.compare(
            corpus,
            tmp_path / executor,
            vary={"cell": ["rnn", "lstm"]},
            n_seeds=1,
            heads=["ner"],
            settings=settings,
            executor=executor,
            workers=1 if executor == "local" else 2,
        )
        found.append([(row.name, row.scores, row.curve) for row in comparison.rows])
    assert found[0] == found[1]
