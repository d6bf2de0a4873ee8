"""All that changes while a model is trained, and its way to disk and back."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from tagger.config import TrainingConfig
from tagger.errors import ModelError
from tagger.files import existing_directory, replace_directory, write_file
from tagger.model.directory import read_tensors
from tagger.model.network import TaggingNetwork

Tensors: TypeAlias = tuple[Tensor, ...] | list[Tensor]

TENSORS, PROGRESS = "state.safetensors", "progress.json"


class EpochRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What an epoch came to."""

    epoch: int
    """Counted from 1."""
    loss: float
    """Mean training loss per token, the weighted sum over the heads."""
    scores: dict[str, float]
    """Dev score by head: F1 of spans, accuracy of token tags."""
    score: float
    """The mean of the main heads' dev scores, which decides."""
    learning_rate: float
    tokens_per_second: float
    seconds: float
    """Wall time of the epoch, its dev evaluation included."""


class Progress(msgspec.Struct, kw_only=True):
    """Where a training stands."""

    epoch: int = 0
    """Epochs that are complete."""
    step: int = 0
    """Batches of the current epoch that are done."""
    loss: float = 0.0
    """Sum of the losses of those batches."""
    seconds: float = 0.0
    """Wall time of the current epoch until now."""
    history: list[EpochRecord] = []

    @property
    def best(self) -> EpochRecord | None:
        """The first epoch with the highest dev score."""
        return max(self.history, key=lambda record: record.score, default=None)


@dataclass
class TrainingState:
    """A network in training, its optimizer, the average of its weights, and the progress."""

    network: TaggingNetwork
    optimizer: torch.optim.AdamW
    averaged: AveragedModel
    progress: Progress = field(default_factory=Progress)

    @property
    def scored(self) -> TaggingNetwork:
        """The network with the averaged weights: what is scored and kept."""
        network = self.averaged.module
        assert isinstance(network, TaggingNetwork)
        return network


def new_state(network: TaggingNetwork, config: TrainingConfig) -> TrainingState:
    """Start a training: AdamW without decay of biases and CRF scores, and an average of weights."""
    decayed: list[nn.Parameter] = []
    plain: list[nn.Parameter] = []
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            no_decay = parameter.ndim == 1 or ".crf." in name
            (plain if no_decay else decayed).append(parameter)
    groups = [
        {"params": decayed, "weight_decay": config.weight_decay},
        {"params": plain, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=config.learning_rate, betas=(0.9, 0.98), fused=True)
    return TrainingState(network, optimizer, _averaged(network, config.ema_decay))


def _averaged(network: nn.Module, decay: float) -> AveragedModel:
    def average(averaged: Tensors, current: Tensors, n_averaged: Tensor | int) -> None:
        # The average is short at first, so that it is not held back by the random start.
        n = int(n_averaged)
        weight = 1.0 - min(decay, (1 + n) / (10 + n)) if decay > 0 else 1.0
        torch._foreach_lerp_(averaged, current, weight)

    averaged = AveragedModel(network, multi_avg_fn=average)
    return averaged.requires_grad_(False)


def weights_of(network: nn.Module) -> dict[str, NDArray[Any]]:
    """The weights as NumPy arrays, on the CPU."""
    return {name: tensor.cpu().numpy() for name, tensor in network.state_dict().items()}


def save_state(state: TrainingState, directory: Path) -> None:
    """Write a checkpoint: the old one stays whole until the new one is.

    Raises:
        OSError: No space, no permission; the old checkpoint is untouched.
    """
    from safetensors.torch import save

    new = directory.with_name(f"{directory.name}.tmp")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        write_file(new / TENSORS, save(_tensors(state)))
        write_file(new / PROGRESS, msgspec.json.encode(state.progress))
        replace_directory(new, directory)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def load_state(state: TrainingState, directory: Path) -> None:
    """Put a checkpoint into a new state of the same network.

    Raises:
        ModelError: It is missing, damaged, or of another network.
    """
    found = existing_directory(directory)
    if found is None:
        raise ModelError(f"{directory}: no checkpoint to resume from; train without --resume")
    arrays = read_tensors(found / TENSORS)
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    try:
        state.progress = msgspec.json.decode((found / PROGRESS).read_bytes(), type=Progress)
        state.network.load_state_dict(_section(tensors, "network."))
        state.averaged.load_state_dict(_section(tensors, "averaged."))
        _load_optimizer(state, _section(tensors, "optimizer."))
        torch.set_rng_state(tensors["rng.cpu"])
        if "rng.cuda" in tensors and torch.cuda.is_available():
            torch.cuda.set_rng_state(tensors["rng.cuda"])
    except (OSError, KeyError, RuntimeError, msgspec.DecodeError) as error:
        detail = str(error).splitlines()[0]
        raise ModelError(f"{found}: this checkpoint cannot be used ({detail})") from None


def _tensors(state: TrainingState) -> dict[str, Tensor]:
    tensors = {f"network.{name}": t for name, t in state.network.state_dict().items()}
    tensors |= {f"averaged.{name}": t for name, t in state.averaged.state_dict().items()}
    for name, parameter in state.network.named_parameters():
        for key, value in state.optimizer.state.get(parameter, {}).items():
            tensors[f"optimizer.{name}:{key}"] = value
    tensors["rng.cpu"] = torch.get_rng_state()
    if torch.cuda.is_available():
        tensors["rng.cuda"] = torch.cuda.get_rng_state()
    # Copies: safetensors refuses tensors that share memory.
    return {name: tensor.detach().cpu().clone() for name, tensor in tensors.items()}


def _load_optimizer(state: TrainingState, tensors: dict[str, Tensor]) -> None:
    parameters = dict(state.network.named_parameters())
    for name, value in tensors.items():
        parameter_name, key = name.rsplit(":", 1)
        parameter = parameters[parameter_name]
        state.optimizer.state[parameter][key] = value.to(parameter.device)


def _section(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }
