"""Checkpoints: weights, optimizers, random state and progress of one moment, in one file."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
import torch
from torch import Tensor, nn

from tagger.errors import ModelError, first_line
from tagger.files import write_file
from tagger.lines import NOT_JSON
from tagger.model.weights import read_tensors

CHECKPOINT = "state.safetensors"
PROGRESS = "progress.json"
"""The name of the progress among the tensors."""

CHECKSUM = "checksum"
"""The name of the checksum of all other tensors; checkpoints of older versions have none."""

OPTIMIZER_KEYS = ({"step", "exp_avg", "exp_avg_sq"}, {"momentum_buffer"})
"""The state of a parameter in the optimizers of the Adam family, and in SGD with momentum."""

Count = Annotated[int, msgspec.Meta(ge=0)]

P = TypeVar("P", bound=msgspec.Struct)


def write_checkpoint(path: Path, tensors: Mapping[str, Tensor], progress: msgspec.Struct) -> None:
    """Write a checkpoint with PyTorch's random state; the old one stays until it is complete.

    Raises:
        OSError: No space, no permission.
    """
    write_file(path, encode_checkpoint(tensors, progress))


def encode_checkpoint(tensors: Mapping[str, Tensor], progress: msgspec.Struct) -> bytes:
    """Return the content of a checkpoint, with PyTorch's random state."""
    from safetensors.torch import save

    encoded = bytearray(msgspec.json.encode(progress))
    stored = {**tensors, PROGRESS: torch.frombuffer(encoded, dtype=torch.uint8)}
    stored["rng.cpu"] = torch.get_rng_state()
    if torch.cuda.is_available():
        stored["rng.cuda"] = torch.cuda.get_rng_state()
    # Copies: safetensors refuses tensors that share memory.
    copies = {name: tensor.detach().cpu().clone() for name, tensor in stored.items()}
    copies[CHECKSUM] = torch.tensor(_checksum(copies))
    return save(copies)


def decode_checkpoint(content: bytes, kind: type[P]) -> tuple[dict[str, Tensor], P]:
    """Return the tensors and the progress of what `encode_checkpoint` returned."""
    from safetensors.torch import load

    tensors = load(content)
    return tensors, msgspec.json.decode(bytes(tensors.pop(PROGRESS).numpy()), type=kind)


@contextmanager
def reading_checkpoint(path: Path, kind: type[P]) -> Iterator[tuple[dict[str, Tensor], P]]:
    """Read a checkpoint, and restore the random state after the block that uses it.

    Yields:
        The tensors and the progress.

    Raises:
        ModelError: It is damaged, of an older version or, as the block finds, of another model.
    """
    try:
        tensors = {name: torch.from_numpy(array) for name, array in read_tensors(path).items()}
        checksum = tensors.pop(CHECKSUM, None)
        if checksum is not None and int(checksum) != _checksum(tensors):
            raise ValueError("its checksum is wrong")
        progress = msgspec.json.decode(bytes(tensors.pop(PROGRESS).numpy()), type=kind)
        yield tensors, progress
        torch.set_rng_state(tensors["rng.cpu"])
        if "rng.cuda" in tensors and torch.cuda.is_available():
            torch.cuda.set_rng_state(tensors["rng.cuda"])
    except ModelError as error:
        raise ModelError(error.message, path=path, hint=_instead(path)) from None
    except (KeyError, RuntimeError, TypeError, ValueError, *NOT_JSON) as error:
        raise ModelError(
            f"this checkpoint cannot be used ({first_line(error)})",
            path=path,
            hint=_instead(path),
        ) from None


def _instead(path: Path) -> str:
    """Return what to do without a checkpoint ``last/state.safetensors``."""
    best = path.parent.with_name("best")
    other = f", or use {best}, the best model so far" if best.is_dir() else ""
    return f"start again with {{force=True}}{other}"


def optimizer_tensors(
    model: nn.Module, optimizers: Sequence[torch.optim.Optimizer]
) -> dict[str, Tensor]:
    """Return the states of a model's optimizers by parameter: ``optimizer.NAME:KEY``."""
    return {
        f"optimizer.{name}:{key}": torch.as_tensor(value)
        for name, parameter in model.named_parameters()
        for optimizer in optimizers
        for key, value in optimizer.state.get(parameter, {}).items()
        if value is not None  # the momentum of SGD without any
    }


def load_optimizers(
    model: nn.Module, optimizers: Sequence[torch.optim.Optimizer], tensors: Mapping[str, Tensor]
) -> None:
    """Restore what `optimizer_tensors` returned.

    Raises:
        KeyError: The model has no such parameter, or none of the optimizers has it.
        ValueError: The state of a parameter is incomplete, not finite, or of another shape.
    """
    parameters = dict(model.named_parameters())
    of_parameter = {
        id(parameter): optimizer
        for optimizer in optimizers
        for group in optimizer.param_groups
        for parameter in group["params"]
    }
    of_name: dict[str, set[str]] = {}
    for name, value in section(tensors, "optimizer.").items():
        parameter_name, key = name.rsplit(":", 1)
        parameter = parameters[parameter_name]
        optimizer = of_parameter[id(parameter)]
        of_name.setdefault(parameter_name, set()).add(key)
        if value.shape != (() if key == "step" else parameter.shape) or not bool(
            torch.isfinite(value).all()
        ):
            raise ValueError(f"the optimizer's {key} of {parameter_name} does not fit it")
        # SparseAdam counts its steps in a plain number.
        plain = key == "step" and isinstance(optimizer, torch.optim.SparseAdam)
        optimizer.state[parameter][key] = int(value) if plain else value.to(parameter.device)
    for parameter_name, keys in of_name.items():
        if keys not in OPTIMIZER_KEYS:
            raise ValueError(f"the optimizer's state of {parameter_name} is incomplete")


def _checksum(tensors: Mapping[str, Tensor]) -> int:
    found = 0
    for name in sorted(tensors):
        tensor = tensors[name]
        found = zlib.crc32(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode(), found)
        found = zlib.crc32(tensor.reshape(-1).view(torch.uint8).numpy().data, found)
    return found


def section(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the tensors whose names start with a prefix, without it."""
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }
