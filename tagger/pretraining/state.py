"""All that changes while a base is pretrained, and its checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import torch

from tagger.config import Config
from tagger.pretraining.language_model import LanguageModel, word_tables
from tagger.training.checkpoint import (
    CHECKPOINT,
    Count,
    load_optimizers,
    optimizer_tensors,
    reading_checkpoint,
    section,
    write_checkpoint,
)
from tagger.training.output import read_run

SMOOTHING = 0.99


class Pretraining(msgspec.Struct, frozen=True, kw_only=True):
    """The inputs of a pretraining, kept until it ends, so that it can be resumed."""

    config: Config
    texts: tuple[str, ...]
    licence: str
    vectors: str = ""
    """Fingerprint of the given vectors."""


class Progress(msgspec.Struct, kw_only=True):
    """The progress of the language model."""

    epoch: Count = 0
    """Passes over the text that are complete."""
    step: Count = 0
    """Batches of the current pass that are done."""
    n_tokens: Count = 0
    seconds: float = 0.0
    """Wall time of all batches."""
    threads: Count = 0
    """The number of threads that was chosen; 0 while it is not."""
    losses: dict[str, float] = {}
    """Moving average of the words' loss by direction, in nats."""

    def add(self, n_tokens: int, losses: Mapping[str, float], seconds: float) -> None:
        """Count a batch."""
        self.step += 1
        self.n_tokens += n_tokens
        self.seconds += seconds
        for direction, loss in losses.items():
            before = self.losses.get(direction, loss)
            self.losses[direction] = SMOOTHING * before + (1 - SMOOTHING) * loss

    def describe(self) -> dict[str, str]:
        """Return what is shown of it, by name."""
        shown = {f"loss {direction}": f"{loss:.3f}" for direction, loss in self.losses.items()}
        shown["words/s"] = f"{self.n_tokens / max(self.seconds, 1e-9):,.0f}"
        shown["words"] = f"{self.n_tokens:,}"
        return shown


@dataclass
class PretrainingState:
    """A language model in training, its optimizers and its progress.

    The word tables have a separate optimizer: a batch touches a few of their rows.
    """

    model: LanguageModel
    dense: torch.optim.AdamW
    sparse: torch.optim.SparseAdam
    progress: Progress = field(default_factory=Progress)

    @property
    def optimizers(self) -> tuple[torch.optim.Optimizer, ...]:
        """Both optimizers."""
        return self.dense, self.sparse

    def step(self, rate: float) -> None:
        """Take one step of both optimizers at a learning rate."""
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.step()
            optimizer.zero_grad()


def new_state(model: LanguageModel, learning_rate: float) -> PretrainingState:
    """Start with AdamW, and for the word tables Adam over the rows that a batch touches."""
    tables = word_tables(model)
    others = {id(table) for table in tables}
    dense = [p for p in model.parameters() if id(p) not in others and p.requires_grad]
    return PretrainingState(
        model,
        torch.optim.AdamW(dense, lr=learning_rate, betas=(0.9, 0.98), weight_decay=0.0, fused=True),
        torch.optim.SparseAdam(list(tables), lr=learning_rate, betas=(0.9, 0.98)),
    )


def save_state(state: PretrainingState, directory: Path) -> None:
    """Write a checkpoint; the old one stays whole until the new one is.

    Raises:
        OSError: No space, no permission.
    """
    tensors = {f"model.{name}": tensor for name, tensor in state.model.state_dict().items()}
    tensors |= optimizer_tensors(state.model, state.optimizers)
    write_checkpoint(directory / CHECKPOINT, tensors, state.progress)


def load_state(state: PretrainingState, directory: Path) -> bool:
    """Put a checkpoint into a new state of the same model.

    Returns:
        Whether there was one.

    Raises:
        ModelError: It is damaged or of another model.
    """
    path = directory / CHECKPOINT
    if not path.is_file():
        return False
    with reading_checkpoint(path, Progress) as (tensors, progress):
        state.model.load_state_dict(section(tensors, "model."))
        load_optimizers(state.model, state.optimizers, tensors)
        state.progress = progress
    return True


def stored_run(directory: Path) -> Pretraining:
    """Read what the pretraining in a directory was started with.

    Raises:
        ModelError: It cannot be read, or it was a training.
    """
    return read_run(
        directory, Pretraining, "a pretraining", other="a training", command="tagger train"
    )
