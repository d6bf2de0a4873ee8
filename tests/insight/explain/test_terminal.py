"""Colours of explanations in terminals."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from tagger.insight.explain.terminal import word_style


def escapes(change: float, colours: str) -> str:
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, color_system=colours, no_color=False)
    console.print("word", style=word_style(change, colours), end="")
    return output.getvalue()


@pytest.mark.parametrize("colours", ["standard", "256", "truecolor"])
def test_signs_and_strengths_differ(colours: str) -> None:
    shown = [escapes(change, colours) for change in (-0.9, -0.02, 0.02, 0.9)]
    assert len(set(shown)) == 4
    assert all(text != "word" for text in shown)
