"""Configurations: complete, strict, there and back."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec
import pytest

from tagger.config import (
    Config,
    config_from_dict,
    config_to_toml,
    corpus_settings,
    merge_overrides,
    read_config,
)
from tagger.errors import ConfigError


def test_toml_round_trip_is_complete() -> None:
    config = config_from_dict(
        {"heads": ["ner"], "corpora": {"wnut17": {"labels": {"corporation": "ORG"}}}}
    )
    data = tomllib.loads(config_to_toml(config))
    assert config_from_dict(data) == config
    assert set(data["encoder"]) == set(config.encoder.__struct_fields__)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"encodr": {}}, "unknown key 'encodr': did you mean 'encoder'"),
        ({"encoder": {"cel": "gru"}}, r"\[encoder\]: unknown key 'cel': did you mean 'cell'"),
        ({"encoder": {"cell": "ltsm"}}, "unknown cell 'ltsm': did you mean 'lstm'"),
        ({"encoder": {"hidden_dim": 0}}, "hidden_dim"),
        ({"training": {"epochs": "many"}}, "epochs"),
        ({"embedder": {"char_encoder": "lstm", "char_out_dim": 9}}, "must be even"),
        ({"corpora": {"x": {"label": {}}}}, "unknown key 'label'"),
    ],
)
def test_bad_values_name_their_key(data: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        config_from_dict(data)


def test_file_lies_over_defaults_and_flags_over_the_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[encoder]\ncell = "gru"\nhidden_dim = 64\n')
    config = merge_overrides(
        read_config(path), {"encoder": {"cell": "rnn", "direction": None}, "training": {"seed": 7}}
    )
    assert (config.encoder.cell, config.encoder.hidden_dim) == ("rnn", 64)
    assert config.encoder.direction == Config().encoder.direction
    assert config.training.seed == 7


def test_unreadable_files_say_why(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read the configuration"):
        read_config(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("[encoder\n")
    with pytest.raises(ConfigError, match="not valid TOML"):
        read_config(tmp_path / "bad.toml")


def test_corpus_settings_by_name_or_folder() -> None:
    config = config_from_dict({"corpora": {"mine": {"columns": "token,ner"}}})
    assert corpus_settings(config, "/somewhere/mine").columns == "token,ner"
    assert corpus_settings(config, "other") == msgspec.structs.replace(
        corpus_settings(config, "mine"), columns=""
    )
