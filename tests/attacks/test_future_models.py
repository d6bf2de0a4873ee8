"""Models of a newer version: refused by their version alone, whatever their files look like."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.commands import assert_one_line


@pytest.fixture
def future(model: Path, tmp_path: Path) -> Path:
    """A model in which everything but the version is spelled in another way."""
    folder = shutil.copytree(model, tmp_path / "future")
    (folder / "config.json").write_text('{"encoder": {"cell": "mamba"}, "new": [1]}')
    (folder / "heads.json").write_text('[{"name": "ner", "kind": "graph"}]')
    (folder / "vocab.json").write_text("2")
    (folder / "weights.safetensors").write_bytes(b"another format")
    (folder / "meta.json").write_text(json.dumps({"format_version": 99, "corpora": "many"}))
    return folder


@pytest.mark.parametrize(
    "command",
    [
        ["info", "MODEL"],
        ["predict", "-m", "MODEL", "x"],
        ["export", "MODEL"],
        ["evaluate", "MODEL", "sample"],
        ["train", "CORPUS", "--from", "MODEL"],
        ["package", "MODEL"],
    ],
)
def test_a_model_of_the_future(
    run: Callable[..., Any], future: Path, corpus: Path, tmp_path: Path, command: list[str]
) -> None:
    places = {"MODEL": future, "CORPUS": corpus}
    output = ["-o", tmp_path / "out"] if command[0] in ("train", "package") else []
    result = run(*(places.get(word, word) for word in command), *output)
    assert_one_line(result, 1, "meta.json", "newer", "upgrade")
    assert not (tmp_path / "out").exists()


def test_a_setting_of_the_future(run: Callable[..., Any], model: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(model, tmp_path / "copy")
    config = json.loads((folder / "config.json").read_bytes())
    config["encoder"]["cell"] = "mamba"
    (folder / "config.json").write_text(json.dumps(config))
    assert_one_line(run("predict", "-m", folder, "x"), 2, "config.json", "mamba")
