"""Explanations in a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from tagger.insight.explain.highlights import (
    LEAST,
    N_TAGS,
    best_alone,
    context_sides,
    most_probable,
    side_effects,
    telling,
)
from tagger.insight.explain.results import Explanation, TokenExplanation, WordEffect
from tagger.insight.html import percent, points
from tagger.tables import plain_table, print_line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

TEXTS = ("token", "speaks for")
FOR = (42, 120, 220)
AGAINST = (217, 90, 20)
"""Red, green and blue of the strongest effects; weaker ones are darker."""


def show(console: Console, explanation: Explanation) -> None:
    """Print an explanation: of one token in full, of all tokens as a table."""
    if explanation.context:
        _show_token(console, explanation, explanation.tokens[0])
    elif explanation.labels:
        _show_labels(console, explanation)
    else:
        console.print(_overview(explanation))
        print_line(console, "probability in %; --token explains one in full", wrap=True)
    for note in explanation.notes:
        print_line(console, note, wrap=True)


def _show_token(console: Console, explanation: Explanation, token: TokenExplanation) -> None:
    line = partial(print_line, console, wrap=True)
    words = explanation.context
    line(_coloured(console, words, explanation.first, token.words, token.position))
    if console.color_system and token.words:
        against = "red" if console.color_system in ("standard", "windows") else "orange"
        line(f"blue words speak for {token.tag}, {against} ones against it")
    line("")
    share = percent(token.tags[token.tag].both)
    line(f"{explanation.head} of {token.text} (token {token.position}): {token.tag}, {share} %")
    line("")
    console.print(_tags(token))
    line("probability in %")
    line("")
    sides = context_sides(explanation)
    for side, (tag, gain) in side_effects(token).items():
        if sides[side] and gain >= LEAST:
            nearest = _shortened(sides[side], from_end=side == "left")
            line(f"the words on the {side} ({nearest}) speak for {tag}: {points(gain)}")
    if shown := telling(token.words):
        line("")
        console.print(_words(token.tag, shown))
        line("points of probability that the word adds")
    if token.emission:
        line("")
        console.print(_emission(token))
        line("emissions, split exactly by direction")


def _show_labels(console: Console, explanation: Explanation) -> None:
    line = partial(print_line, console, wrap=True)
    forms = [token.text for token in explanation.tokens]
    line(_coloured(console, forms, 1, explanation.words))
    line("")
    label, prob = next(iter(explanation.labels.items()))
    line(f"{explanation.head}: {label}, {percent(prob)} %")
    others = [(name, p) for name, p in explanation.labels.items() if p >= LEAST][1:N_TAGS]
    if others:
        line(f"then {', '.join(f'{name} {percent(p)} %' for name, p in others)}")
    if shown := telling(explanation.words):
        line("")
        console.print(_words(label, shown))
        line("points of probability that the word adds")
    line("")
    rows = []
    for token in explanation.tokens:
        cells = [str(token.position), token.text]
        for name, share in best_alone(token):
            cells += [name, percent(share)]
        rows.append(cells)
    console.print(_table(["", "token", "up to it", "", "from it on", ""], rows))
    line("probability in % of the best label of the text up to each token, and from it on")


def _coloured(
    console: Console,
    words: Sequence[str],
    first: int,
    effects: Sequence[WordEffect],
    target: int | None = None,
) -> Text:
    """Colour words as they speak for a tag or a label, or against it.

    Args:
        console: The terminal.
        words: The words.
        first: The position of the first of them.
        effects: Those of some of them.
        target: The position of the word whose tag it is.
    """
    from rich.text import Text

    changes = {word.position: word.change for word in effects}
    text = Text()
    for position, word in enumerate(words, start=first):
        style = ""
        if position == target:
            style = "bold underline"
        elif abs(change := changes.get(position, 0.0)) >= LEAST:
            style = word_style(change, console.color_system)
        text.append(word, style)
        text.append(" ")
    text.rstrip()
    return text


def word_style(change: float, colours: str | None) -> str:
    """Return the style of a word by its effect on the probability of the tag.

    Args:
        change: The effect, between -1 and 1.
        colours: The colour system of the terminal, as Rich names it. In one of 8 colours only two
            strengths differ: a coloured word, and from 10 points on a coloured ground.
    """
    if colours in ("truecolor", "256"):
        strength = 0.4 + 0.6 * math.sqrt(min(abs(change), 1.0))
        ground = FOR if change > 0 else AGAINST
        return f"white on rgb({','.join(str(round(part * strength)) for part in ground)})"
    if abs(change) < 0.1:
        return "blue" if change > 0 else "red"
    return "white on blue" if change > 0 else "black on red"


def _tags(token: TokenExplanation) -> Table:
    rows = [
        [tag, *(percent(share) for share in (p.left, p.right, p.both))]
        for tag, p in most_probable(token)
    ]
    return _table(["tag", "left alone", "right alone", "both"], rows, bold=token.tag)


def _words(tag: str, words: list[WordEffect]) -> Table:
    rows = [
        [w.text, str(w.position), points(w.change), w.speaks_for, points(w.gain)] for w in words
    ]
    return _table(["word", "", tag, "speaks for", ""], rows)


def _emission(token: TokenExplanation) -> Table:
    rows = [
        [tag, *(f"{value:+.2f}" for value in (e.forward, e.backward, e.bias, e.total))]
        for tag, e in token.emission.items()
    ]
    return _table(["tag", "forward", "backward", "bias", "emission"], rows)


def _overview(explanation: Explanation) -> Table:
    rows = []
    for token in explanation.tokens:
        cells = [str(token.position), token.text, token.tag, percent(token.tags[token.tag].both)]
        for tag, share in best_alone(token):
            cells += [tag, percent(share)]
        rows.append(cells)
    header = ["", "token", explanation.head, "", "left alone", "", "right alone", ""]
    return _table(header, rows)


def _table(columns: list[str], rows: list[list[str]], bold: str = "") -> Table:
    """Make a table that cuts no word."""
    left = [i for i, name in enumerate(columns) if i == 0 or name in TEXTS]
    styles = ["bold" if bold and row[0] == bold else "" for row in rows]
    table = plain_table(columns, rows, left=left, styles=styles)
    for i, column in enumerate(table.columns):
        column.overflow = "fold"
        column.no_wrap = i not in left
    return table


def _shortened(words: tuple[str, ...], *, from_end: bool, n: int = 6) -> str:
    """Return the words nearest to the token."""
    if len(words) <= n:
        return " ".join(words)
    return "… " + " ".join(words[-n:]) if from_end else " ".join(words[:n]) + " …"
