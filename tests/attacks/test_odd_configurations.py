"""TOML and YAML with values that look like others, or that break out of where they stand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec.structs import replace

from tagger.model.directory import read_model
from tagger.sharing.card import hub_card
from tagger.sharing.contents import Licence
from tests.helpers.commands import assert_one_line


@pytest.mark.parametrize(
    "content",
    [
        "training = 1",
        "training = []",
        "[[training]]\nepochs = 1",
        "[training]\nepochs = 1\nepochs = 2",
        "[training]\nepochs = 1\n[training]\nseed = 1",
        "[training]\nepochs = true",
        "[training]\nepochs = 1.0e300",
        '[training]\nepochs = "1"',
        "[training]\nepochs = 2026-11-28",
        "[training]\nlearning_rate = nan",
        "[training]\nlearning_rate = inf",
        "[training]\nlearning_rate = -inf",
        '[training]\n"epochs\\u001b[31m" = 1',
        "[encoder]\ncell = 'lstm\\n'",
        "training.epochs.more = 1",
        "[training]\nepochs = 1 # \0",
        "\ufeff[training]\nepochs = 0",
    ],
)
def test_toml(tmp_path: Path, run: Callable[..., Any], corpus: Path, content: str) -> None:
    config = tmp_path / "config.toml"
    config.write_text(content)
    result = run("train", corpus, "-o", tmp_path / "model", "--config", config)
    assert_one_line(result, 2, "config.toml")
    assert "\x1b" not in result.err
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    "name", ["no", "1e3", "a: b", "- a", "---\nlicense: mit\n---\n", "&a *a", "!!python/name:os"]
)
def test_the_yaml_of_a_card(model: Path, name: str) -> None:
    saved = read_model(model)
    corpora = tuple(replace(one, name=name, licence=name) for one in saved.meta.corpora)
    saved = replace(saved, meta=replace(saved.meta, corpora=corpora))
    card = hub_card(saved, Licence("", name, False), "me/tiny")
    _, front, _ = card.split("---\n", 2)
    fields = yaml.safe_load(front)
    assert fields["library_name"] == "tagger"
    assert fields["license"] == "other"
    (result,) = fields["model-index"] or [{}]
    assert result["name"] == "tiny"
