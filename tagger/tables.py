"""Lines, tables and scores for people: in a terminal, in Markdown.

Names, labels and words are shown as they are, though they may look like markup or, as the
``:100:`` of a line in a file does, like an emoji.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text


def print_line(console: Console, text: str | Text, *, wrap: bool = False) -> None:
    """Print a line; ``wrap`` breaks it between words if the terminal is narrower."""
    console.print(text, markup=False, highlight=False, emoji=False, soft_wrap=not wrap)


def plain_table(
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    left: Collection[int] = (0,),
    styles: Sequence[str] = (),
) -> Table:
    """Make a table without lines for a terminal.

    Args:
        header: The names of the columns.
        rows: Their cells; what is missing at the end of a row stays empty.
        left: The columns of text, from 0; the others are of numbers and end on the right.
        styles: The style of each row, if any has one.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold")
    for i, name in enumerate(header):
        table.add_column(Text(name), justify="left" if i in left else "right")
    for i, row in enumerate(rows):
        table.add_row(*map(Text, row), style=styles[i] if styles else "")
    return table


def fields_table(fields: Mapping[str, str], *, style: str = "") -> Table:
    """Make a table of two columns: names, in a style, and values."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False)
    for name, value in fields.items():
        table.add_row(Text(name, style=style), Text(value))
    return table


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a Markdown table; cells may hold markup."""
    body = [header, ["---"] * len(header), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in body]


def markdown_text(text: str) -> str:
    r"""Escape what would be markup in a line of Markdown, but for the bars of a table.

    >>> markdown_text("<b> *R&D* `a` [c] snake_case")
    '&lt;b> \\*R&amp;D\\* \\`a\\` \\[c] snake_case'
    """
    return re.sub(r"[*`\[\\]", r"\\\g<0>", text.replace("&", "&amp;").replace("<", "&lt;"))


def counted(n: int, noun: str) -> str:
    """Put a number before a noun, in the plural where it is not one.

    >>> counted(1, "line"), counted(2345, "line")
    ('1 line', '2,345 lines')
    """
    return f"{n:,} {noun}{'s' * (n != 1)}"


def mean_sd(values: Sequence[float], digits: int = 2) -> str:
    """Format mean and standard deviation as ``88.55 ± 0.13``; a single value has no deviation."""
    import statistics  # takes longer than all else here

    if not values:
        return "–"
    mean = f"{statistics.mean(values):.{digits}f}"
    return f"{mean} ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else mean
