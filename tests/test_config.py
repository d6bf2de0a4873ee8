"""Configurations: complete, strict, there and back."""

from __future__ import annotations

import tomllib
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.config import (
    Config,
    Section,
    config_from_dict,
    config_to_toml,
    corpus_settings,
    merge_overrides,
    nested,
    read_config,
)
from tagger.config_reference import (
    check_names,
    commented_toml,
    meanings,
    parse_settings,
    sections,
    settings_of,
)
from tagger.errors import ConfigError, UsageError


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Return all values of a setting's type."""
    origin, arguments = get_origin(hint), get_args(hint)
    text = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
    if origin is Annotated:
        meta = arguments[1]
        if arguments[0] is int:
            return st.integers(meta.ge, meta.le if meta.le is not None else 2**31)
        low, high = (meta.ge if meta.gt is None else meta.gt), meta.le or meta.lt
        return st.floats(
            low, high, exclude_min=meta.gt is not None, exclude_max=meta.lt is not None
        )
    if origin in (Union, UnionType):
        return st.one_of(map(values, arguments))
    if hint is bool:
        return st.booleans()
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is tuple:
        return st.lists(values(arguments[0]), max_size=3)
    if origin is dict:
        return st.dictionaries(text, values(arguments[1]), max_size=2)
    return text if hint is str else tables(hint)


def tables(section: type[Section]) -> st.SearchStrategy[dict[str, Any]]:
    """Return all dictionaries of some settings of a section."""
    hints = get_type_hints(section, include_extras=True)
    return st.fixed_dictionaries({}, optional={key: values(hint) for key, hint in hints.items()})


@settings(deadline=None, max_examples=50)
@given(tables(Config))
def test_toml_round_trip(data: dict[str, Any]) -> None:
    embedder = data.get("embedder", {})
    if embedder.get("char_encoder") == "lstm":
        embedder["char_out_dim"] = 2 * embedder.get("char_out_dim", 1)
    config = config_from_dict(data)
    assert config_from_dict(tomllib.loads(config_to_toml(config))) == config
    assert config_from_dict(tomllib.loads(commented_toml(config))) == config


def test_a_printed_configuration_is_complete() -> None:
    data = tomllib.loads(commented_toml(Config()))
    assert set(data["encoder"]) == set(Config().encoder.__struct_fields__)
    assert data["training"]["loss_weights"] == {}


def test_every_setting_has_a_meaning() -> None:
    for table, section in sections().items():
        assert meanings(section.__name__)[""]
        for setting in settings_of(table):
            assert setting.meaning.endswith("."), setting.name
            assert setting.values, setting.name


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("encoder.cell=gru", "gru"),
        ("training.epochs = 3", 3),
        ("training.learning_rate=1", 1.0),
        ("embedder.vectors=my=file.txt", "my=file.txt"),
        ("heads=ner, upos", ["ner", "upos"]),
        ("training.loss_weights={upos = 0.2}", {"upos": 0.2}),
        ("corpora.wnut17.labels.corporation=ORG", "ORG"),
    ],
)
def test_single_settings_are_read_as_their_types(option: str, value: object) -> None:
    (found,) = parse_settings([option]).values()
    assert found == value
    assert isinstance(merge_overrides(Config(), nested(parse_settings([option]))), Config)


@pytest.mark.parametrize(
    ("option", "nearest", "word"),
    [
        ("encoder.cel=gru", "encoder.cell", "unknown setting"),
        ("cell=gru", "encoder.cell", "did you mean"),
        ("encoder=3", "encoder.cell", "unknown setting"),
        ("encoder.cell.x=3", "encoder.cell", "unknown setting"),
        ("encoder.cell=ltsm", "rnn", "'lstm'"),
    ],
)
def test_unknown_settings_list_the_valid_ones(option: str, nearest: str, word: str) -> None:
    with pytest.raises(ConfigError, match=word) as caught:
        parse_settings([option])
    assert caught.value.expected[0] == nearest
    if word != "'lstm'":
        with pytest.raises(ConfigError, match=word):
            check_names([option.partition("=")[0]])


def test_values_of_another_type_or_none_are_errors() -> None:
    with pytest.raises(ConfigError, match=r"training\.epochs.*whole number"):
        parse_settings(["training.epochs=many"])
    with pytest.raises(UsageError) as caught:
        parse_settings(["training.epochs"])
    assert "section.key=value" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("data", "message", "expected"),
    [
        ({"encodr": {}}, "'encodr': did you mean 'encoder'", "encoder"),
        ({"encoder": {"cel": "gru"}}, r"\[encoder\].*'cel': did you mean 'cell'", "cell"),
        ({"encoder": {"cell": "ltsm"}}, "'ltsm': did you mean 'lstm'", "lstm"),
        ({"encoder": {"hidden_dim": 0}}, "hidden_dim", None),
        ({"training": {"epochs": "many"}}, "epochs", None),
        ({"embedder": {"char_encoder": "lstm", "char_out_dim": 9}}, "must be even", None),
        ({"corpora": {"x": {"label": {}}}}, "'label'", "labels"),
    ],
)
def test_bad_values_name_their_key(
    data: dict[str, object], message: str, expected: str | None
) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        config_from_dict(data, path="my.toml")
    assert caught.value.path == "my.toml"
    assert expected is None or expected in caught.value.expected


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
    with pytest.raises(ConfigError, match="cannot read") as caught:
        read_config(tmp_path / "none.toml")
    assert caught.value.path == str(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("[encoder\n")
    with pytest.raises(ConfigError, match="not valid TOML"):
        read_config(tmp_path / "bad.toml")


def test_corpus_settings_by_name_or_folder() -> None:
    config = config_from_dict({"corpora": {"mine": {"columns": "token,ner"}}})
    assert corpus_settings(config, "/somewhere/mine").columns == "token,ner"
    assert corpus_settings(config, "other") == msgspec.structs.replace(
        corpus_settings(config, "mine"), columns=""
    )
