"""Fixtures of pretraining."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.pretraining import LINES


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    path = tmp_path / "raw.txt"
    path.write_text("\n".join(LINES) + "\n", encoding="utf-8")
    return path
