"""Explanations as HTML."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tagger.files import write_file
from tagger.insight.explain.highlights import (
    LEAST,
    best_alone,
    context_sides,
    most_probable,
    side_effects,
    telling,
)
from tagger.insight.html import Layout, render

if TYPE_CHECKING:
    from tagger.insight.explain.results import Explanation, TokenExplanation


class _Word(NamedTuple):
    """A word of the sentence in which a token is explained."""

    text: str
    is_target: bool
    change: float
    """0 where it is too small to show."""


class _Side(NamedTuple):
    """The contribution of the words on one side of the token."""

    name: str
    words: tuple[str, ...]
    tag: str
    gain: float


def write_page(path: Path, explanation: Explanation, model: str, *, force: bool = False) -> None:
    """Write an explanation as a page.

    Raises:
        OSError: It cannot be written; an existing file is kept.
        UsageError: It exists, and ``force`` does not allow to replace it.
    """
    write_file(path, explanation_html(explanation, model).encode(), force=force)


def explanation_html(explanation: Explanation, model: str = "", *, layout: Layout = "page") -> str:
    """Render an explanation.

    Args:
        explanation: The explanation.
        model: The name of the model; empty to leave it out.
        layout: A page, or a snippet for notebooks.
    """
    values: dict[str, object] = {}
    if explanation.context:
        values = _token_values(explanation, explanation.tokens[0])
    elif explanation.labels:
        values = {"telling": telling(explanation.words)}
    return render(
        "explanation.html",
        layout=layout,
        explanation=explanation,
        model=model,
        best_alone=best_alone,
        most_probable=most_probable,
        **values,
    )


def _token_values(explanation: Explanation, token: TokenExplanation) -> dict[str, object]:
    changes = {word.position: word.change for word in token.words}
    words = []
    for position, text in enumerate(explanation.context, start=explanation.first):
        change = changes.get(position, 0.0)
        words.append(
            _Word(text, position == token.position, change if abs(change) >= LEAST else 0.0)
        )
    context = context_sides(explanation)
    parts = [
        value
        for of_tag in token.emission.values()
        for value in (of_tag.forward, of_tag.backward, of_tag.bias, of_tag.total)
    ]
    return {
        "words": words,
        "sides": [
            _Side(name, context[name], tag, gain)
            for name, (tag, gain) in side_effects(token).items()
            if context[name] and gain >= LEAST
        ],
        "telling": telling(token.words),
        "largest_emission": max(map(abs, parts), default=0.0),
    }
