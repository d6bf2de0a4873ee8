"""Pictures of hidden states."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tagger.errors import UsageError
from tagger.files import write_file
from tagger.insight.explain.tokens import Place, find_token, locate
from tagger.insight.html import render
from tagger.model.directory import read_model
from tagger.plotting import find_matplotlib, png, subplots
from tagger.runtime.loading import from_saved
from tagger.sharing.finding import find_model

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from tagger.insight.explain.states import States

SUFFIXES = (".png", ".html")
N_SHOWN = 60
"""Tokens of a sentence that a picture has room for."""


def check_picture(path: Path) -> None:
    """Check that a picture can be drawn to a file.

    Raises:
        UsageError: Not a known kind of file, or matplotlib is not installed.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(
            "not a picture", path=path, expected=SUFFIXES, hint="end it in .png or .html"
        )
    find_matplotlib()


def draw_states(
    path: Path, model: str | Path, text: str, token: str | int | None = None, *, force: bool = False
) -> tuple[str, ...]:
    """Draw the hidden states of a sentence.

    Args:
        path: A file, ``.png`` or ``.html``.
        model: A model directory or the name of a model.
        text: The text.
        token: A token of the sentence, see `explain`; None for the first sentence.
        force: The file may be replaced.

    Returns:
        Notes on what is not in the picture.

    Raises:
        UsageError: The file exists, and ``force`` does not allow to replace it.
    """
    from tagger.insight.explain.states import states_of

    directory = find_model(str(model))
    saved = read_model(directory)
    tagger = from_saved(saved, directory, precision="fp32", threads=1)
    sentences = locate(tagger, text)
    place = find_token(sentences, token) if token is not None else Place(0, 0)
    words = sentences[place.sentence].forms
    first = min(max(place.token - N_SHOWN // 2, 0), max(len(words) - N_SHOWN, 0))
    shown = slice(first, first + N_SHOWN)
    picture = png(figure(states_of(saved, directory, words, shown)))
    if path.suffix.lower() == ".html":
        page = render("states.html", caption=CAPTION, picture=picture)
        write_file(path, page.encode(), force=force)
    else:
        write_file(path, picture, force=force)
    notes = []
    if len(words) > N_SHOWN:
        start = sentences[place.sentence].first + first  # positions count over all sentences
        notes.append(
            f"the picture shows tokens {start} to {start + N_SHOWN - 1} of a sentence of "
            f"{len(words):,}"
        )
    if len(sentences) > 1 and token is None:
        notes.append(
            f"the picture shows the first of {len(sentences)} sentences; choose a token of another"
        )
    return tuple(notes)


CAPTION = (
    "Top: the state of each unit of the last layer at each token, ordered by the token at which "
    "they are strongest. Middle: the norm of the states by position, and the correlation of "
    "units of the same number in both directions. Bottom: how strongly the state at one token "
    "(row) depends on the input at another (column); the measured norm of the derivative, "
    "relative to the largest in its row; white where it is 0."
)


def figure(states: States) -> Figure:
    """Draw states, norms, correlations and reach."""
    directions = list(states.states)
    n, words = len(states.words), list(states.words)
    width = max(5, 0.22 * n)
    columns = max(len(directions), 2)
    drawn, axes = subplots(3, columns, size=(columns * width, 11))
    for i, direction in enumerate(directions):
        values = states.states[direction]
        order = np.argsort(np.abs(values).argmax(axis=0), kind="stable")
        image = axes[0, i].imshow(
            values[:, order].T, aspect="auto", cmap="RdBu", vmin=-1, vmax=1, interpolation="none"
        )
        axes[0, i].set_title(f"{direction} states")
        axes[0, i].set_ylabel("unit")
        _label(axes[0, i], words)
        drawn.colorbar(image, ax=axes[0, i])
        axes[1, 0].plot(np.linalg.norm(values, axis=1), marker="o", label=direction)
        reach = states.reach[direction]
        share = reach / reach.max(axis=1, keepdims=True).clip(1e-30)
        with np.errstate(divide="ignore"):
            shown = np.ma.masked_invalid(np.log10(share))
        image = axes[2, i].imshow(shown, cmap="viridis", vmin=-4, vmax=0, interpolation="none")
        axes[2, i].set_title(f"what reaches the {direction} states")
        axes[2, i].set_ylabel("state at")
        axes[2, i].set_yticks(range(n), words)
        _label(axes[2, i], words)
        drawn.colorbar(image, ax=axes[2, i], label="log10 of the share")
    axes[1, 0].set_title("norm of the states")
    axes[1, 0].set_ylim(bottom=0)
    axes[1, 0].grid(alpha=0.3)
    axes[1, 0].legend()
    _label(axes[1, 0], words)
    if states.correlation is not None:
        axes[1, 1].hist(states.correlation, bins=np.linspace(-1, 1, 21))
        axes[1, 1].set_title("correlation of paired units, forward and backward")
        axes[1, 1].set_ylabel("pairs of units")
        axes[1, 1].set_xlim(-1, 1)
    for ax in axes.flat:
        ax.set_visible(ax.has_data())
    return drawn


def _label(ax: Any, words: list[str]) -> None:
    ax.set_xticks(range(len(words)), words, rotation=90 if len(words) > 8 else 30)
