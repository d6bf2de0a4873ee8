"""Ray clusters on this machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

import tagger


def show_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Ray's processes find this code."""
    root = str(Path(tagger.__file__).parent.parent)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([root, *filter(None, sys.path)]))
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
