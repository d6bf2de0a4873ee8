"""Models whose files have changed since they were written, by accident or on purpose."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import tagger
from tagger.errors import ModelError
from tagger.model.directory import add_checksums, read_model
from tagger.model.meta import CALIBRATION, DECISIVE, META, WEIGHTS, checksums, read_meta


@pytest.fixture
def copy(model: Path, tmp_path: Path) -> Path:
    return shutil.copytree(model, tmp_path / "copy")


def change_meta(folder: Path, **values: object) -> None:
    meta = json.loads((folder / META).read_bytes())
    (folder / META).write_text(json.dumps({**meta, **values}))


@pytest.mark.parametrize("name", DECISIVE)
def test_one_changed_byte_is_noticed(copy: Path, name: str) -> None:
    content = bytearray((copy / name).read_bytes())
    # The last byte of weights is a weight; elsewhere white space is the mildest change.
    content[-1] = content[-1] ^ 1 if name == WEIGHTS else ord(" ")
    (copy / name).write_bytes(content)
    with pytest.raises(ModelError, match="checksum") as raised:
        tagger.load(copy)
    assert raised.value.path == str(copy / name)


def test_a_changed_temperature_is_noticed(copy: Path) -> None:
    calibration = json.loads((copy / META).read_bytes())["calibration"]
    first = next(iter(calibration.values()))
    first["temperature"] *= 2
    change_meta(copy, calibration=calibration)
    with pytest.raises(ModelError, match="calibration") as raised:
        tagger.load(copy)
    assert raised.value.path == str(copy / META)


def test_models_without_checksums_load_and_get_them(copy: Path) -> None:
    change_meta(copy, checksums={})
    assert tagger.load(copy).tag([["John"]])
    assert add_checksums(copy)
    assert set(read_meta(copy).checksums) == {*DECISIVE, CALIBRATION}
    assert not add_checksums(copy)


def test_checksums_take_no_time() -> None:
    contents = dict.fromkeys(DECISIVE, b"") | {WEIGHTS: np.random.default_rng(1).bytes(10_000_000)}
    seconds = []
    for _ in range(5):
        start = time.process_time()
        checksums(contents, {})
        seconds.append(time.process_time() - start)
    assert min(seconds) < 0.015


def change_weights(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    def changed(folder: Path) -> None:
        tensors = {name: array.copy() for name, array in load_file(folder / WEIGHTS).items()}
        change(tensors)
        save_file(tensors, folder / WEIGHTS)
        change_meta(folder, checksums={})

    return changed


def as_type(name: str, kind: str) -> Callable[[Path], None]:
    return change_weights(lambda tensors: tensors.update({name: tensors[name].astype(kind)}))


def filled(name: str, value: float, kind: str = "float16") -> Callable[[Path], None]:
    def change(tensors: dict[str, Any]) -> None:
        tensors[name] = np.full_like(tensors[name], value, dtype=kind)

    return change_weights(change)


def with_config(section: str, **values: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_bytes())
        config[section].update(values)
        (folder / "config.json").write_text(json.dumps(config))

    return change


def with_head_named(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        heads = json.loads((folder / "heads.json").read_bytes())
        heads[-1]["name"] = name
        (folder / "heads.json").write_text(json.dumps(heads))

    return change


TABLE = "embedder.parts.word_ids.weight"
BIAS = "head_ner.linear.bias"


@pytest.mark.parametrize(
    "damage",
    [
        as_type(TABLE, "float16"),
        as_type(TABLE, "int64"),
        as_type(BIAS, "int64"),
        as_type(BIAS, "bool"),
        filled(TABLE + ":scales", np.nan),
        filled(TABLE + ":scales", np.inf),
        filled(BIAS, np.nan),
        filled(BIAS, 1e38, "float32"),
        with_config("encoder", n_layers=10**9),
        with_config("embedder", word_dim=10**18),
        with_head_named("text"),
        with_head_named("start"),
        with_head_named("end"),
        lambda folder: change_meta(folder, format_version=0),
        lambda folder: change_meta(folder, format_version=-5),
        lambda folder: change_meta(folder, format_version=True),
        lambda folder: (folder / "config.json").write_text("[" * 100_000),
        lambda folder: (folder / META).write_text('{"a":' * 100_000),
    ],
)
@pytest.mark.parametrize("engine", ["onnx", "torch"])
def test_odd_models_are_refused(copy: Path, damage: Callable[[Path], None], engine: str) -> None:
    damage(copy)
    with pytest.raises(ModelError):
        tagger.load(copy, engine=engine)


def test_the_stored_weights_pass(copy: Path) -> None:
    assert not any(map(read_model(copy).weights.problem, read_model(copy).weights))


def test_info_verifies(run: Callable[..., Any], copy: Path) -> None:
    verified = run("info", copy, "--verify")
    assert verified.code == 0
    assert WEIGHTS in verified.out
    assert json.loads(run("info", copy, "--verify", "--json").out)["verified"] == list(DECISIVE)
    change_meta(copy, checksums={})
    missing = run("info", copy, "--verify")
    assert missing.code == 1
    assert "tagger export" in missing.err
    assert run("info", copy).code == 0
