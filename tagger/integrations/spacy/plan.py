"""The parts of a training that the section ``[training]`` of spaCy's configuration sets."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tagger.errors import ConfigError

NO_DROPOUT_GIVEN = (0.0, 0.1)
"""The defaults of `Language.update` and of ``[training] dropout``."""
_ADAM: dict[str, Any] = {
    "@optimizers": "Adam.v1",
    "beta1": 0.9,
    "beta2": 0.999,
    "L2_is_weight_decay": True,
    "L2": 0.01,
    "grad_clip": 1.0,
    "use_averages": False,
    "eps": 1e-8,
    "learn_rate": 0.001,
}
"""spaCy's defaults of ``[training.optimizer]``."""


@dataclass
class Plan:
    """The length, the seed and the learning rate of a training."""

    n_steps: int = 0
    """Steps over which the learning rate falls; 0 if unknown: then it stays at half the highest."""
    seed: int = 0
    learning_rate: float | None = None
    """The highest learning rate; None for that of the component's settings."""
    rates: Iterator[float] | None = None
    """The learning rate of each step, if spaCy's configuration has a schedule."""


def read_plan(training: Mapping[str, Any]) -> Plan:
    """Read spaCy's section ``[training]``, interpolated but not resolved.

    spaCy's default learning rate counts as not given. Warns of changed settings of the optimizer
    that have no effect.

    Raises:
        ConfigError: The learning rate is negative or not a number.
    """
    optimizer = training.get("optimizer") or {}
    changed = [key for key, value in optimizer.items() if _ADAM.get(key) != value]
    idle = [key for key in changed if key != "learn_rate"]
    if idle:
        warnings.warn(
            f"[training.optimizer] {', '.join(idle)} have no effect on recurrent_tagger, whose "
            "optimizer is AdamW: see weight_decay and clip_norm in its settings, [training]",
            stacklevel=5,
        )
    plan = Plan(int(training.get("max_steps") or 0), int(training.get("seed") or 0))
    if "learn_rate" in changed:
        rate = optimizer["learn_rate"]
        if isinstance(rate, Mapping):
            from spacy.util import registry

            plan.rates = iter(registry.resolve({"rate": dict(rate)})["rate"])
        elif isinstance(rate, int | float) and rate > 0:
            plan.learning_rate = float(rate)
        else:
            raise ConfigError(
                f"[training.optimizer] learn_rate: {rate!r} is not a positive number",
                hint="give a number or a schedule",
            )
    return plan
