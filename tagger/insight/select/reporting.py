"""The progress and the result of a selection in a terminal."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING

from tagger.insight.select.select import MAX_TOKENS, MIN_TOKENS
from tagger.progress import Screen
from tagger.tables import plain_table, print_line

if TYPE_CHECKING:
    from rich.console import Console

    from tagger.insight.select.select import Selected

N_SHOWN = 10
WIDTH = 70
"""Characters of a sentence that are shown."""


class Counter:
    """Shows the number of texts that are tagged, on standard error."""

    def __init__(self) -> None:
        from rich.console import Console

        self._screen = Screen(Console(stderr=True))
        self._n, self._started = 0, time.monotonic()

    def __enter__(self) -> Counter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._screen.stop()

    def add(self, n_texts: int) -> None:
        """Count texts."""
        self._n += n_texts
        per_second = self._n / max(time.monotonic() - self._started, 1e-9)
        self._screen.show("tagging", None, f"{self._n:,} texts, {per_second:,.0f} a second")


def print_selected(console: Console, selected: Selected) -> None:
    """Print the first sentences, and how many there were to choose from."""
    shown = selected.sentences[:N_SHOWN]
    console.print(
        plain_table(
            ("doubt", "sentence", "least sure of"),
            [
                [
                    f"{one.score:.2f}",
                    one.text if len(one.text) <= WIDTH else f"{one.text[: WIDTH - 1]}…",
                    ", ".join(one.unsure[:3]),
                ]
                for one in shown
            ],
            left=(1, 2),
        )
    )
    if len(selected.sentences) > len(shown):
        print_line(console, f"and {len(selected.sentences) - len(shown):,} more")
    print_line(
        console,
        f"{len(selected.sentences):,} of {selected.n_sentences:,} sentences written to "
        f"{selected.output}",
    )
    if len(selected.sentences) < min(selected.n_wanted, selected.n_sentences):
        print_line(
            console,
            f"the others have fewer than {MIN_TOKENS} or more than {MAX_TOKENS} tokens, "
            "repeat one, or leave no doubt",
        )
