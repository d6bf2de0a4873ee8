"""What a pretraining is to be, from a configuration file, flags and what is on disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tagger.config import Config, merge_overrides, read_config
from tagger.files import existing_directory
from tagger.pretraining.state import stored_run
from tagger.training.output import LAST


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
    start = Config()
    if resume and existing_directory(output / LAST):
        start = stored_run(output).config
    return merge_overrides(read_config(file, start) if file else start, overrides)
