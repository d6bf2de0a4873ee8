"""Lines and tables for people."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from tagger.tables import fields_table, markdown_table, mean_sd, plain_table, print_line

MARKUP = "[red]x[/red] a.txt:100: y"


def printed(shown: Any, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(shown)
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_nothing_is_markup() -> None:
    for shown in (plain_table([MARKUP], [[MARKUP]]), fields_table({MARKUP: MARKUP})):
        assert printed(shown).count(MARKUP) == 2
    console = Console(file=io.StringIO(), width=80)
    print_line(console, MARKUP)
    assert console.file.getvalue() == f"{MARKUP}\n"  # type: ignore[attr-defined]


def test_texts_are_on_the_left_and_numbers_on_the_right() -> None:
    table = plain_table(["name", "n", "sure"], [["a", "1", "0.5"], ["b", "12"]])
    lines = [line.rstrip() for line in printed(table).splitlines()]
    assert lines == [" name   n  sure", " a      1   0.5", " b     12"]


def test_a_line_is_broken_where_that_is_asked_for() -> None:
    for wrap, n in ((False, 1), (True, 4)):
        console = Console(file=io.StringIO(), width=10)
        print_line(console, "four words, eight letters", wrap=wrap)
        assert console.file.getvalue().count("\n") == n  # type: ignore[attr-defined]


def test_a_bar_in_a_cell_is_no_column() -> None:
    assert markdown_table(["a|b"], [["c"]]) == ["| a\\|b |", "| --- |", "| c |"]


def test_a_mean_has_a_deviation_if_there_are_several_values() -> None:
    assert mean_sd([88.0, 89.0, 90.0]) == "89.00 ± 1.00"
    assert mean_sd([88.0, 90.0], digits=1) == "89.0 ± 1.4"
    assert (mean_sd([88.125]), mean_sd([])) == ("88.12", "–")
