"""A model directory of an older version tags today as it did when it was made.

``models/version-1`` was trained and written by the code of format version 1 (tagger 0.1.0, before
tables of words were stored in 8 bits) on five invented sentences; ``expected.json`` is what that
code returned.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

import tagger
from tagger.model.meta import GRAPHS, WEIGHTS, read_meta
from tagger.model.weights import SCALES
from tagger.runtime.export import export

OLD = Path(__file__).parents[1] / "models" / "version-1"
EXPECTED = json.loads((OLD / "expected.json").read_text(encoding="utf-8"))
TEXTS = [document["text"] for document in EXPECTED]


def results(model: Path, **options: str | None) -> Any:
    """Return the results of today, restricted to the keys that existed then."""
    now = [
        json.loads(document.to_json()) for document in tagger.load(model, **options).batch(TEXTS)
    ]
    return like(EXPECTED, now)


def like(expected: Any, found: Any) -> Any:
    if isinstance(expected, dict):
        return {key: like(value, found.get(key)) for key, value in expected.items()}
    if isinstance(expected, list) and len(expected) == len(found):
        return [like(*pair) for pair in zip(expected, found, strict=True)]
    return found


def test_the_stored_model_is_of_version_1() -> None:
    assert read_meta(OLD).format_version == 1
    stored = load_file(OLD / WEIGHTS)
    assert {weight.dtype for weight in stored.values()} == {np.dtype(np.float16)}
    assert not any(name.endswith(SCALES) for name in stored)
    assert not any((OLD / name).exists() for name in GRAPHS.values())


@pytest.mark.parametrize("engine", [None, "torch"])
def test_it_tags_as_it_did(engine: str | None) -> None:
    assert results(OLD, engine=engine) == EXPECTED


def test_its_graphs_can_be_written_now(tmp_path: Path) -> None:
    copy = tmp_path / "old"
    shutil.copytree(OLD, copy)
    exports = {each.precision: each for each in export(copy, [text.split() for text in TEXTS])}
    assert exports["fp32"].path, exports
    assert results(copy, engine="onnx", precision="fp32") == EXPECTED
