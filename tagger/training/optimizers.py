"""What moves the weights: AdamW or SGD; of the word table only the rows that a batch touches."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from tagger.config import TrainingConfig
from tagger.model.embedder import WordTable

BETAS = (0.9, 0.98)
"""Decays of Adam's averages of the gradient and of its square."""
MOMENTUM = 0.9
"""The momentum of SGD."""
FACTOR = "factor"
"""The key of an optimizer's group: its share of the learning rate."""


def build_optimizers(
    network: nn.Module, config: TrainingConfig
) -> tuple[torch.optim.Optimizer, ...]:
    """Return the optimizers of a network: that of most weights, and that of the word table.

    With AdamW, biases, CRF scores and words do not decay, and words are moved by Adam as if there
    were only those of a batch. With SGD nothing decays; words have no momentum, but a learning rate
    as much higher as momentum makes the steps of the others.
    """
    tables = [module for module in network.modules() if isinstance(module, WordTable)]
    for table in tables:
        table.sparse = True
    words = [table.weight for table in tables]
    decayed: list[nn.Parameter] = []
    plain: list[nn.Parameter] = []
    for name, parameter in network.named_parameters():
        if parameter.requires_grad and all(parameter is not other for other in words):
            no_decay = parameter.ndim == 1 or ".crf." in name
            (plain if no_decay else decayed).append(parameter)
    rate = config.learning_rate
    optimizers: list[torch.optim.Optimizer] = []
    if config.optimizer == "sgd":
        optimizers.append(torch.optim.SGD([*decayed, *plain], lr=rate, momentum=MOMENTUM))
        if words:
            groups = [{"params": words, FACTOR: 1 / (1 - MOMENTUM)}]
            optimizers.append(torch.optim.SGD(groups, lr=rate))
        return tuple(optimizers)
    groups = [
        {"params": decayed, "weight_decay": config.weight_decay},
        {"params": plain, "weight_decay": 0.0},
    ]
    optimizers.append(torch.optim.AdamW(groups, lr=rate, betas=BETAS, fused=True))
    if words:
        optimizers.append(torch.optim.SparseAdam(words, lr=rate, betas=BETAS))
    return tuple(optimizers)


def take_step(optimizers: Sequence[torch.optim.Optimizer], rate: float) -> None:
    """Move the weights by their gradients, which are then cleared, at a learning rate."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = rate * group.get(FACTOR, 1.0)
        optimizer.step()
        optimizer.zero_grad()


def clip_gradients(network: nn.Module, norm: float) -> bool:
    """Scale all gradients, sparse ones too, to a common norm of at most ``norm``.

    Returns:
        Whether they are finite.
    """
    gradients = []
    for parameter in network.parameters():
        if parameter.grad is None:
            continue
        if parameter.grad.is_sparse:
            # Rows that several tokens share are summed first.
            parameter.grad = parameter.grad.coalesce()
            gradients.append(parameter.grad._values())
        else:
            gradients.append(parameter.grad)
    found = torch.nn.utils.get_total_norm(gradients)
    if not torch.isfinite(found):
        return False
    if found > norm:
        torch._foreach_mul_(gradients, norm / (found + 1e-6))
    return True
