"""The settings of a pretraining, from a configuration file, arguments and files on disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tagger.config import Config, EmbedderConfig, TrainingConfig, merge_overrides, read_config
from tagger.files import existing_directory
from tagger.pretraining.state import stored_run
from tagger.training.output import LAST

BASE = Config(
    embedder=EmbedderConfig(word_dropout=0.0, min_count=1),
    training=TrainingConfig(learning_rate=2e-3, epochs=15),
)
"""The settings of a base; trainings from it start with its ``training`` and dropout.

Pretrained weights need smaller steps, and no word dropout: unknown words are learned in pretraining
(``pretraining.unknown_prob``)."""


def pretraining_config(
    file: Path | None,
    overrides: Mapping[str, Mapping[str, Any]],
    *,
    output: Path,
    resume: bool,
) -> Config:
    """Combine file and flags; flags win. A resumed pretraining has what it was started with.

    Raises:
        ConfigError: An unknown key or a bad value.
        ModelError: What it was started with cannot be read.
    """
    start = BASE
    if resume and existing_directory(output / LAST):
        start = stored_run(output).config
    return merge_overrides(read_config(file, start) if file else start, overrides)
