"""All that changes while a model is trained, and its checkpoints."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec
import torch
from numpy.typing import NDArray
from torch import nn

from tagger.config import TrainingConfig
from tagger.errors import ModelError
from tagger.files import existing_directory, new_directory
from tagger.model.network import TaggingNetwork
from tagger.training.checkpoint import (
    CHECKPOINT,
    Count,
    decode_checkpoint,
    encode_checkpoint,
    load_optimizers,
    optimizer_tensors,
    reading_checkpoint,
    section,
    write_checkpoint,
)
from tagger.training.group import Group
from tagger.training.optimizers import build_optimizers


class EpochRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The loss, scores and speed of an epoch."""

    epoch: int
    """Counted from 1."""
    loss: float
    """Mean training loss per token, the weighted sum over the heads."""
    scores: dict[str, float]
    """Dev score by head: F1 of spans, accuracy of token tags and of labels of texts."""
    score: float
    """The mean of the main heads' dev scores, which decides."""
    learning_rate: float
    tokens_per_second: float
    seconds: float
    """Wall time of the epoch, its dev evaluation included."""


def best_of(history: Sequence[EpochRecord]) -> EpochRecord | None:
    """Return the epoch with the highest dev score, of equal ones that with the lowest loss.

    On a small dev set many epochs score the same, often all of it right. Where no epoch scores
    above 0, the last one is returned: it has learned most. None for an empty history.
    """
    return max(history, key=lambda r: (r.score, -r.loss if r.score else r.epoch), default=None)


def kept(history: Sequence[EpochRecord], keep: Literal["best", "last"]) -> EpochRecord | None:
    """Return the epoch whose weights become the model; see `TrainingConfig.keep`."""
    return best_of(history) if keep == "best" else (history[-1] if history else None)


def epochs_without_gain(history: Sequence[EpochRecord]) -> int:
    """Return the number of epochs after the first one with the highest dev score.

    0 while no epoch scores above 0: a small corpus may need some epochs to learn anything.
    """
    first = max(history, key=lambda r: (r.score, -r.epoch), default=None)
    return history[-1].epoch - first.epoch if first is not None and first.score else 0


class Progress(msgspec.Struct, kw_only=True):
    """The progress of a training."""

    epoch: Count = 0
    """Epochs that are complete."""
    step: Count = 0
    """Batches of the current epoch that are done."""
    loss: float = 0.0
    """Sum of the losses of those batches."""
    seconds: float = 0.0
    """Wall time of the current epoch until now."""
    threads: Count = 0
    """The number of threads that was chosen; 0 while it is not."""
    history: list[EpochRecord] = []

    def __post_init__(self) -> None:
        if [record.epoch for record in self.history] != list(range(1, self.epoch + 1)):
            raise ValueError(f"{len(self.history)} epochs are recorded, not {self.epoch}")


AVERAGE_EVERY = 8
"""Steps between two updates of the average of the weights, which reads and writes all of them."""
AVERAGE_OFTEN = 100
"""Steps from the first in which it is updated each time: the weights still move fast."""


class WeightAverage:
    """An exponential moving average of a network's weights (Polyak & Juditsky 1992).

    Args:
        network: The network in training; what is frozen in it is shared, not copied.
        decay: The share of the average that stays at each step; 0 for the weights themselves.
    """

    def __init__(self, network: TaggingNetwork, decay: float) -> None:
        frozen = {id(p): p for p in network.parameters() if not p.requires_grad}
        self.network = copy.deepcopy(network, memo=frozen).requires_grad_(False)
        self.decay = decay
        self.n_updates = 0
        pairs = zip(self.network.parameters(), network.parameters(), strict=True)
        self._pairs = [(average, current) for average, current in pairs if current.requires_grad]

    @torch.no_grad()
    def update(self) -> None:
        """Include the current weights: after each of the first steps, then of every few steps."""
        n = self.n_updates
        self.n_updates += 1
        skipped = AVERAGE_EVERY if n >= AVERAGE_OFTEN and self.decay > 0 else 1
        if self.n_updates % skipped:
            return
        # The average is short at first, so that it is not held back by the random start.
        decay = min(self.decay, (1 + n) / (10 + n)) if self.decay > 0 else 0.0
        averages, currents = map(list, zip(*self._pairs, strict=True))
        torch._foreach_lerp_(averages, currents, 1.0 - decay**skipped)


@dataclass
class TrainingState:
    """A network in training, its optimizers, the average of its weights, and the progress."""

    network: TaggingNetwork
    optimizers: tuple[torch.optim.Optimizer, ...]
    average: WeightAverage
    progress: Progress = field(default_factory=Progress)

    @property
    def scored(self) -> TaggingNetwork:
        """The network with the averaged weights, which is scored and kept."""
        return self.average.network


def new_state(network: TaggingNetwork, config: TrainingConfig) -> TrainingState:
    """Start a training."""
    average = WeightAverage(network, config.ema_decay)
    return TrainingState(network, build_optimizers(network, config), average)


def weights_of(network: nn.Module) -> dict[str, NDArray[Any]]:
    """The weights as NumPy arrays, on the CPU."""
    return {name: tensor.cpu().numpy() for name, tensor in network.state_dict().items()}


def save_state(state: TrainingState, directory: Path) -> None:
    """Write a checkpoint: the old one stays whole until the new one is.

    Raises:
        OSError: No space, no permission; the old checkpoint is untouched.
    """
    with new_directory(directory) as new:
        write_checkpoint(new / CHECKPOINT, _tensors_of(state), state.progress)


def share_state(state: TrainingState, group: Group) -> None:
    """Put the state of the first of several processes into that of the others."""
    if group.size == 1:
        return
    mine = encode_checkpoint(_tensors_of(state), state.progress) if group.leads else b""
    content = group.broadcast(mine)
    if not group.leads:
        _restore(state, *decode_checkpoint(content, Progress))


def load_state(state: TrainingState, directory: Path) -> None:
    """Put a checkpoint into a new state of the same network.

    Raises:
        ModelError: It is missing, damaged, or of another network.
    """
    found = existing_directory(directory)
    if found is None:
        raise ModelError(
            "no checkpoint to resume from", path=directory, hint="train without {resume=True}"
        )
    with reading_checkpoint(found / CHECKPOINT, Progress) as (tensors, progress):
        _restore(state, tensors, progress)


def _tensors_of(state: TrainingState) -> dict[str, torch.Tensor]:
    tensors = {f"network.{name}": t for name, t in state.network.state_dict().items()}
    tensors |= {f"average.{name}": t for name, t in state.scored.state_dict().items()}
    tensors["n_updates"] = torch.tensor(state.average.n_updates)
    return tensors | optimizer_tensors(state.network, state.optimizers)


def _restore(state: TrainingState, tensors: Mapping[str, torch.Tensor], progress: Progress) -> None:
    state.network.load_state_dict(section(tensors, "network."))
    state.scored.load_state_dict(section(tensors, "average."))
    state.average.n_updates = int(tensors["n_updates"])
    if state.average.n_updates < 0:
        raise ValueError("the number of updates is negative")
    load_optimizers(state.network, state.optimizers, tensors)
    state.progress = progress
