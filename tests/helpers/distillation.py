"""Texts to distill from, and a student that learns in a second."""

from __future__ import annotations

import signal
from pathlib import Path

from tagger.distillation.answering import Tally
from tagger.distillation.reporting import DistillationReporter

NAMES = ("John", "Mary Jones", "Kim")
PLACES = ("Ohio", "Berlin", "New York", "California")


def write_texts(path: Path, n: int = 40) -> Path:
    """Write lines about people and places."""
    lines = [
        f"{NAMES[i % 3]} works at {('Apple', 'Siemens')[i % 2]} in {PLACES[i % 4]} ."
        for i in range(n)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


class StopAnswers(DistillationReporter):
    """Presses Ctrl-C after some blocks of answers."""

    def __init__(self, after: int) -> None:
        self.left = after

    def answered(self, tally: Tally, n_texts: int) -> None:
        self.left -= 1
        if self.left == 0:
            signal.raise_signal(signal.SIGINT)
