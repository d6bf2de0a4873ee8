"""Progress: a bar where it can be redrawn, and nothing but whole lines anywhere else."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from tagger.progress import Screen, can_redraw
from tagger.training.loop import EpochDone, StepDone
from tagger.training.reporting import Terminal
from tagger.training.state import EpochRecord


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JPY_PARENT_PID", raising=False)
    monkeypatch.setenv("TERM", "xterm")


def console(*, terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=120)


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def train(terminal: Console) -> str:
    reporter = Terminal(terminal)
    reporter.note("corpus: [bold]3[/] sentences")
    reporter.start(["ner"], 2, [])
    for epoch in (1, 2):
        for step in range(1, 21):
            reporter.event(StepDone(epoch, step, 20, 10, 1.0))
        record = EpochRecord(
            epoch=epoch,
            loss=0.5,
            scores={"ner": 0.25},
            score=0.25,
            learning_rate=0.1,
            tokens_per_second=12_345.0,
            seconds=2.0,
        )
        reporter.event(EpochDone(record, is_kept=epoch == 1))
    reporter.stop()
    return written(terminal)


def test_a_pipe_gets_one_line_per_epoch() -> None:
    assert train(console(terminal=False)).splitlines() == [
        "corpus: [bold]3[/] sentences",
        "    epoch       loss    dev ner   tokens/s    seconds",
        "       *1     0.5000      25.00     12,345        2.0",
        "        2     0.5000      25.00     12,345        2.0",
    ]


@pytest.mark.parametrize(("name", "value"), [("JPY_PARENT_PID", "1"), ("TERM", "dumb")])
def test_so_does_a_terminal_that_cannot_redraw(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    terminal = console(terminal=True)
    assert not can_redraw(terminal)
    assert train(terminal).count("\n") == 4


def test_a_terminal_has_a_bar_and_the_same_lines() -> None:
    terminal = console(terminal=True)
    assert can_redraw(terminal)
    text = train(terminal)
    assert "epoch 2/2, loss 1.000" in text
    assert "12,345" in text


def test_each_stage_has_its_own_bar() -> None:
    terminal = console(terminal=True)
    screen = Screen(terminal)
    screen.show("reading", None, "a.txt")
    screen.show("learning", 0.5, "[x]")
    screen.stop()
    assert "50 %" in written(terminal)
    assert "[x]" in written(terminal)
