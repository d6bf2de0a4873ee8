"""Where a pretraining stands, and its way to disk and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import torch
from torch import Tensor

from tagger.config import Config
from tagger.errors import ModelError, first_line
from tagger.files import write_file
from tagger.model.weights import read_tensors
from tagger.pretraining.language_model import LanguageModel, word_tables
from tagger.training.output import read_run

SMOOTHING = 0.99

TENSORS, PROGRESS = "state.safetensors", "progress.json"


class Pretraining(msgspec.Struct, frozen=True, kw_only=True):
    """What a pretraining was started with, kept until it ends, so that it can be resumed."""

    config: Config
    texts: tuple[str, ...]
    licence: str
    vectors: str = ""
    """Fingerprint of the given vectors."""


class Progress(msgspec.Struct, kw_only=True):
    """Where the language model stands."""

    epoch: int = 0
    """Passes over the text that are complete."""
    step: int = 0
    """Batches of the current pass that are done."""
    n_tokens: int = 0
    seconds: float = 0.0
    """Wall time of all batches."""
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
        """What is shown of it."""
        shown = {f"loss {direction}": f"{loss:.3f}" for direction, loss in self.losses.items()}
        shown["words a second"] = f"{self.n_tokens / max(self.seconds, 1e-9):,.0f}"
        shown["words"] = f"{self.n_tokens:,}"
        return shown


@dataclass
class PretrainingState:
    """A language model in training, its optimizers and its progress.

    The word tables have an optimizer of their own: a batch touches a few of their rows.
    """

    model: LanguageModel
    dense: torch.optim.AdamW
    sparse: torch.optim.SparseAdam
    progress: Progress = field(default_factory=Progress)

    def step(self, rate: float) -> None:
        """Take one step of both optimizers at a learning rate."""
        for optimizer in (self.dense, self.sparse):
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.step()
            optimizer.zero_grad()

    def tensors(self) -> dict[str, Tensor]:
        """All of it but the progress, on the CPU."""
        found = {f"model.{name}": tensor for name, tensor in self.model.state_dict().items()}
        for name, parameter in self.model.named_parameters():
            for optimizer in (self.dense, self.sparse):
                for key, value in optimizer.state.get(parameter, {}).items():
                    found[f"optimizer.{name}:{key}"] = torch.as_tensor(value)
        found["rng"] = torch.get_rng_state()
        return {name: tensor.detach().cpu().clone() for name, tensor in found.items()}


def new_state(model: LanguageModel, learning_rate: float) -> PretrainingState:
    """Start: AdamW, and for the word tables Adam over the rows that a batch touches."""
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
    from safetensors.torch import save

    # One file: progress and weights must be of the same moment.
    progress = msgspec.json.encode(state.progress)
    tensors = state.tensors() | {PROGRESS: torch.frombuffer(bytearray(progress), dtype=torch.uint8)}
    write_file(directory / TENSORS, save(tensors))


def load_state(state: PretrainingState, directory: Path) -> bool:
    """Put a checkpoint into a new state of the same model.

    Returns:
        Whether there was one.

    Raises:
        ModelError: It is damaged or of another model.
    """
    path = directory / TENSORS
    if not path.is_file():
        return False
    tensors = {name: torch.from_numpy(array) for name, array in read_tensors(path).items()}
    try:
        state.progress = msgspec.json.decode(bytes(tensors.pop(PROGRESS).numpy()), type=Progress)
        torch.set_rng_state(tensors.pop("rng"))
        parameters = dict(state.model.named_parameters())
        tables = {id(table) for table in word_tables(state.model)}
        weights: dict[str, Tensor] = {}
        for name, value in tensors.items():
            if name.startswith("model."):
                weights[name.removeprefix("model.")] = value
                continue
            parameter_name, key = name.removeprefix("optimizer.").rsplit(":", 1)
            parameter = parameters[parameter_name]
            is_table = id(parameter) in tables
            optimizer = state.sparse if is_table else state.dense
            # Of the sparse optimizer the step is a plain number.
            kept = int(value) if is_table and key == "step" else value.to(parameter.device)
            optimizer.state[parameter][key] = kept
        state.model.load_state_dict(weights)
    except (KeyError, RuntimeError, ValueError, msgspec.DecodeError) as error:
        raise ModelError(f"{path}: this checkpoint cannot be used ({first_line(error)})") from None
    return True


def stored_run(directory: Path) -> Pretraining:
    """What the pretraining in a directory was started with.

    Raises:
        ModelError: It cannot be read, or it was a training.
    """
    return read_run(
        directory, Pretraining, "a pretraining", other="a training", command="tagger train"
    )
