"""The parts of an explanation that are worth showing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tagger.insight.explain.results import Explanation, Sides, TokenExplanation, WordEffect


N_TAGS = 5
N_WORDS = 8
LEAST = 0.0005
"""Smaller probabilities and effects round to 0.0 % and are not shown."""


def context_sides(explanation: Explanation) -> dict[str, tuple[str, ...]]:
    """Return the words on the ``left`` and the ``right`` of the single token."""
    index = explanation.tokens[0].position - explanation.first
    return {"left": explanation.context[:index], "right": explanation.context[index + 1 :]}


def side_effects(explained: TokenExplanation) -> dict[str, tuple[str, float]]:
    """Return what each side adds to the other: the tag that gains most by it, and how much.

    Returns:
        For ``left`` what reading it adds to the token and its right context, and vice versa.
    """
    found = {}
    for side, other in (("left", "right"), ("right", "left")):
        gains = {tag: p.both - getattr(p, other) for tag, p in explained.tags.items()}
        best = max(gains, key=lambda tag: gains[tag])
        found[side] = (best, gains[best])
    return found


def best_alone(explained: TokenExplanation) -> list[tuple[str, float]]:
    """Return the most probable tags from the left alone and the right alone, with probabilities."""
    found = []
    for side in ("left", "right"):
        shares = {tag: getattr(p, side) for tag, p in explained.tags.items()}
        best = max(shares, key=lambda tag: shares[tag])
        found.append((best, shares[best]))
    return found


def most_probable(token: TokenExplanation) -> list[tuple[str, Sides]]:
    """Return the most probable tags, without those that are improbable in every reading."""
    some = [(tag, p) for tag, p in token.tags.items() if max(p.left, p.right, p.both) >= LEAST]
    return some[:N_TAGS]


def telling(words: tuple[WordEffect, ...]) -> list[WordEffect]:
    """Return the words with the largest effects, without those that round to 0."""
    return [word for word in words if max(abs(word.change), word.gain) >= LEAST][:N_WORDS]
