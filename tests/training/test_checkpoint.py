"""Checkpoints bring back weights, optimizers and random numbers, and refuse what is not theirs."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from tagger.errors import ModelError
from tagger.training.checkpoint import (
    load_optimizers,
    optimizer_tensors,
    reading_checkpoint,
    section,
    write_checkpoint,
)


class Progress(msgspec.Struct):
    step: int


def model() -> nn.ModuleDict:
    torch.manual_seed(0)
    return nn.ModuleDict({"table": nn.Embedding(5, 2, sparse=True), "linear": nn.Linear(2, 3)})


def optimizers(model: nn.ModuleDict) -> list[torch.optim.Optimizer]:
    return [
        torch.optim.SparseAdam(list(model["table"].parameters()), lr=0.1),
        torch.optim.AdamW(model["linear"].parameters(), lr=0.1),
    ]


def step(model: nn.ModuleDict, both: list[torch.optim.Optimizer]) -> None:
    for optimizer in both:
        optimizer.zero_grad()
    model["linear"](model["table"](torch.randint(5, (3,)))).square().sum().backward()
    for optimizer in both:
        optimizer.step()


def test_what_follows_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "c.safetensors"
    one = model()
    of_one = optimizers(one)
    step(one, of_one)
    tensors = {f"model.{name}": tensor for name, tensor in one.state_dict().items()}
    write_checkpoint(path, {**tensors, **optimizer_tensors(one, of_one)}, Progress(7))
    step(one, of_one)
    other = model()
    of_other = optimizers(other)
    with reading_checkpoint(path, Progress) as (stored, progress):
        other.load_state_dict(section(stored, "model."))
        load_optimizers(other, of_other, stored)
    assert progress == Progress(7)
    step(other, of_other)
    for name, tensor in one.state_dict().items():
        torch.testing.assert_close(other.state_dict()[name], tensor, rtol=0, atol=0)


def test_what_does_not_belong_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.safetensors"
    write_checkpoint(path, {"optimizer.gone:step": torch.tensor(1)}, Progress(7))
    with (
        pytest.raises(ModelError, match="gone") as caught,
        reading_checkpoint(path, Progress) as (stored, _),
    ):
        load_optimizers(model(), [], stored)
    assert caught.value.path == str(path)
    assert caught.value.hint == "start again with {force=True}"
    save_file({"a": torch.zeros(1)}, path)
    with pytest.raises(ModelError), reading_checkpoint(path, Progress):
        pass
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(ModelError, match="damaged"), reading_checkpoint(path, Progress):
        pass
