"""The progress of a pretraining."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from tagger.pretraining.reporting import Terminal
from tagger.pretraining.run import pretrain
from tests.helpers.pretraining import small


def test_without_a_terminal_each_stage_prints_a_line_at_once(
    raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("floret")
    pretrain(
        [str(raw)],
        tmp_path / "base",
        small(vector_epochs=1),
        reporter=Terminal(Console(stderr=True, width=200)),
    )
    lines = capsys.readouterr().err.splitlines()
    stages = [
        "reading: ",
        "raw.txt: ",
        "word vectors: begins",
        "word vectors: ",
        "language model: ",
    ]
    for line, stage in zip(lines, stages, strict=False):
        assert line.startswith(stage), lines
