"""The processes that train one network together: each learns from a part of every batch.

All have the same weights and take the same steps: gradients are summed before they are used, so a
step is that of one process, up to rounding and to what dropout draws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

import msgspec
import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn

from tagger.errors import TrainingError
from tagger.features.forms import Ids

T = TypeVar("T")


class WorkerLostError(TrainingError):
    """Another process of the training has ended."""


class Part(NamedTuple):
    """The sentences of a batch that a process learns from."""

    sentences: Ids
    counts: bool
    """Whether they count: where a batch has fewer sentences than there are processes, some read
    one that another learns from."""


class Group:
    """The processes of a training, of which this is one; by default the only one.

    The others are those of PyTorch's default process group.

    Args:
        rank: The number of this process, from 0.
        size: The number of processes.
        local_rank: The number of this process on its machine; None for its rank.
        managed: Whether a launcher such as ``torchrun`` passes signals on and ends processes.
    """

    def __init__(
        self, rank: int = 0, size: int = 1, *, local_rank: int | None = None, managed: bool = False
    ) -> None:
        self.rank, self.size, self.managed = rank, size, managed
        self.local_rank = rank if local_rank is None else local_rank
        self.leads = rank == 0
        """Whether this process writes, scores and reports."""
        self.stopping = False
        """Whether a process was asked to stop, as all know after the same step."""
        self._asked = False
        self._n_rows: list[int] = []

    def ask_to_stop(self) -> None:
        """Make all processes stop after the next step, or this one at once if it is alone."""
        self._asked = True
        self.stopping = self.stopping or self.size == 1

    def seed(self, *numbers: int) -> None:
        """Seed what several processes draw in a step, so that none needs to store its state."""
        if self.size > 1:
            mixed = np.random.SeedSequence((*numbers, self.rank)).generate_state(1, np.uint64)
            torch.manual_seed(int(mixed[0]))

    def part(self, sentences: Ids) -> Part:
        """Return this process's part of a batch whose sentences are ordered by length."""
        mine = sentences[self.rank :: self.size]
        return Part(mine, True) if len(mine) else Part(sentences[:1], False)

    def denominators(self, counts: Sequence[Tensor], n_rows: int) -> Sequence[Tensor]:
        """Sum counts over the processes.

        Args:
            counts: What each loss of this process is divided by, scalars.
            n_rows: The rows of the word table that this process's part touches.
        """
        if self.size == 1:
            return counts
        sent = torch.zeros(len(counts) + 1 + self.size, dtype=torch.int64)
        sent[: len(counts)] = torch.stack(list(counts))
        sent[len(counts)] = self._asked
        sent[len(counts) + 1 + self.rank] = n_rows
        with _lost():
            dist.all_reduce(sent)
        self.stopping = bool(sent[len(counts)])
        self._n_rows = sent[len(counts) + 1 :].tolist()
        return [n.to(count.device) for n, count in zip(sent, counts, strict=False)]

    def sum_gradients(self, network: nn.Module, loss: Tensor) -> Tensor:
        """Sum the gradients of a network, and a loss, over the processes, after `denominators`.

        Returns:
            The summed loss.
        """
        if self.size == 1:
            return loss
        parameters = [p for p in network.parameters() if p.requires_grad]
        sparse = [p for p in parameters if p.grad is not None and p.grad.is_sparse]
        dense = [p for p in parameters if all(p is not other for other in sparse)]
        # A head without gold tags has no gradient; it is not moved unless another process has one.
        has = torch.tensor([p.grad is not None for p in dense], device=loss.device)
        parts = [torch.zeros_like(p) if p.grad is None else p.grad for p in dense]
        flat = torch.cat([loss[None], has.to(loss.dtype), *(part.flatten() for part in parts)])
        with _lost():
            dist.all_reduce(flat)
        sizes = [p.numel() for p in dense]
        pieces = torch.split(flat[1 + len(dense) :], sizes)
        for p, n, piece in zip(dense, flat[1 : 1 + len(dense)].tolist(), pieces, strict=True):
            p.grad = piece.view_as(p) if n else None
        for p in sparse:
            assert p.grad is not None
            p.grad = self._all_rows(p.grad)
        return flat[0]

    def _all_rows(self, gradient: Tensor) -> Tensor:
        """Put together the rows of a table that the processes touch."""
        rows, values = gradient._indices()[0], gradient._values()
        sent = values.new_zeros(max(self._n_rows), 1 + values.shape[1])
        # Numbers of rows travel with them, as bits.
        sent[: len(rows), 0] = rows.int().view(torch.float32)
        sent[: len(rows), 1:] = values
        found = [torch.empty_like(sent) for _ in range(self.size)]
        with _lost():
            dist.all_gather(found, sent)
        every = torch.cat([one[:n] for one, n in zip(found, self._n_rows, strict=True)])
        numbers = every[:, 0].contiguous().view(torch.int32).long()
        return torch.sparse_coo_tensor(
            numbers[None], every[:, 1:], gradient.shape, check_invariants=False
        )

    def any(self, value: bool) -> bool:
        """Return whether a value is true in any process."""
        if self.size == 1:
            return value
        found = torch.tensor(int(value))
        with _lost():
            dist.all_reduce(found)
        return bool(found)

    def shared(self, make: Callable[[], T] | None, kind: type[T]) -> T:
        """Return to all processes what the first one makes.

        Args:
            make: Called in the first process; None in others.
            kind: A type that msgspec can decode.
        """
        if self.leads:
            assert make is not None
            made = make()
            if self.size > 1:
                self.broadcast(msgspec.json.encode(made, enc_hook=str))
            return made
        return msgspec.json.decode(self.broadcast(b""), type=kind, dec_hook=lambda k, v: k(v))

    def broadcast(self, content: bytes) -> bytes:
        """Return to all processes the bytes of the first one."""
        size = torch.tensor(len(content))
        with _lost():
            dist.broadcast(size, 0)
        sent = torch.frombuffer(bytearray(content or bytes(int(size))), dtype=torch.uint8)
        with _lost():
            dist.broadcast(sent, 0)
        return sent.numpy().tobytes()


@contextmanager
def _lost() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:  # of Gloo or NCCL: a connection was closed, or nothing came
        raise WorkerLostError("a worker has died, perhaps out of memory") from error
