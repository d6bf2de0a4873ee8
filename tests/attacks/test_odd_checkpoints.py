"""Checkpoints with a flipped bit, progress out of range, or an optimizer's state that is odd."""

from __future__ import annotations

import json
import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from tagger.errors import Interrupted, ModelError, UsageError
from tagger.training.checkpoint import CHECKPOINT, CHECKSUM, PROGRESS
from tagger.training.run import train
from tests.helpers.corpora import small_config
from tests.helpers.interrupts import Stop

Change = Callable[[dict[str, Tensor]], object]


@pytest.fixture
def stopped(corpus: Path, tmp_path: Path) -> Path:
    """A training that was stopped in its first epoch."""
    with pytest.raises(Interrupted):
        train([str(corpus)], tmp_path / "m", small_config(), reporter=Stop(2))
    return tmp_path / "m"


def resume(corpus: Path, output: Path) -> ModelError:
    with pytest.raises(ModelError) as raised:
        train([str(corpus)], output, small_config(), resume=True)
    assert "\n" not in str(raised.value)
    assert raised.value.path == str(output / "last" / CHECKPOINT)
    return raised.value


def with_progress(**values: object) -> Change:
    def change(tensors: dict[str, Tensor]) -> None:
        stored = msgspec.json.decode(bytes(tensors[PROGRESS].numpy()))
        encoded = bytearray(msgspec.json.encode({**stored, **values}))
        tensors[PROGRESS] = torch.frombuffer(encoded, dtype=torch.uint8)

    return change


def with_state(key: str, change: Callable[[Tensor], Tensor | None]) -> Change:
    def changed(tensors: dict[str, Tensor]) -> None:
        name = next(name for name in tensors if name.endswith(f":{key}"))
        value = change(tensors.pop(name))
        if value is not None:
            tensors[name] = value

    return changed


def test_a_flipped_bit_is_noticed(corpus: Path, stopped: Path) -> None:
    path = stopped / "last" / CHECKPOINT
    content = bytearray(path.read_bytes())
    (length,) = struct.unpack("<Q", content[:8])
    content[8 + length + 1000] ^= 4
    path.write_bytes(content)
    assert "checksum" in resume(corpus, stopped).message


@pytest.mark.parametrize(
    "change",
    [
        with_progress(epoch=-1),
        with_progress(step=-5),
        with_progress(epoch=100),
        with_progress(epoch="one"),
        with_state("exp_avg", lambda _: None),
        with_state("exp_avg", lambda value: value.flatten()[:1]),
        with_state("exp_avg_sq", lambda value: value * torch.nan),
        with_state("step", lambda _: None),
        with_state("step", lambda value: value.repeat(2)),
        lambda tensors: tensors.update(n_updates=torch.tensor(-1)),
        lambda tensors: tensors.update({"rng.cpu": torch.zeros(3)}),
    ],
)
def test_odd_checkpoints_are_refused(corpus: Path, stopped: Path, change: Change) -> None:
    path = stopped / "last" / CHECKPOINT
    tensors = load_file(path)
    del tensors[CHECKSUM]  # as somebody would who meant it
    change(tensors)
    save_file(tensors, path)
    resume(corpus, stopped)


def test_checkpoints_without_a_checksum_are_resumed(corpus: Path, stopped: Path) -> None:
    path = stopped / "last" / CHECKPOINT
    tensors = load_file(path)
    del tensors[CHECKSUM]
    save_file(tensors, path)
    assert train([str(corpus)], stopped, small_config(), resume=True)


def test_a_base_that_has_changed_is_noticed(model: Path, corpus: Path, tmp_path: Path) -> None:
    base = shutil.copytree(model, tmp_path / "base")
    with pytest.raises(Interrupted):
        train([str(corpus)], tmp_path / "m", small_config(), base=base, reporter=Stop(2))
    rules, meta = base / "tokenizer.json", json.loads((base / "meta.json").read_text())
    rules.write_bytes(rules.read_bytes() + b"\n")
    meta["checksums"][rules.name] = f"{zlib.crc32(rules.read_bytes()):08x}"
    (base / "meta.json").write_text(json.dumps(meta))
    with pytest.raises(UsageError, match="base") as raised:
        train([str(corpus)], tmp_path / "m", small_config(), base=base, resume=True)
    assert raised.value.path == str(tmp_path / "m")
