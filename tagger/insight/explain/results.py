"""Explanations as records."""

from __future__ import annotations

import msgspec


class Sides(msgspec.Struct, frozen=True):
    """A tag's probability, between 0 and 1, by what of the sentence is read."""

    left: float
    """The token and what stands left of it; all to the right removed."""
    right: float
    """The token and what stands right of it."""
    both: float
    """The whole sentence."""


class WordEffect(msgspec.Struct, frozen=True):
    """What leaving a word out does."""

    text: str
    position: int
    change: float
    """How much more probable the word makes the token's tag: with it less without it."""
    speaks_for: str
    """The tag that the word makes more probable than any other."""
    gain: float
    """By how much."""


class EmissionParts(msgspec.Struct, frozen=True):
    """A tag's score before transitions, as the sum of what each direction gives."""

    forward: float
    backward: float
    bias: float

    @property
    def total(self) -> float:
        """The emission."""
        return self.forward + self.backward + self.bias


class TokenExplanation(msgspec.Struct, frozen=True):
    """A token, its tag and why."""

    text: str
    position: int
    """Counted from 1 over the whole text."""
    start: int
    """Offset into the text, in characters."""
    end: int
    tag: str
    """The tag that the model gives, spans in BIO."""
    tags: dict[str, Sides]
    """All tags, the most probable first. Those of a span head are summed over its scheme: ``B-PER``
    is the probability that a span of PER begins here, however long it is."""
    words: tuple[WordEffect, ...] = ()
    """The words of its sentence, the one with the largest effect first."""
    emission: dict[str, EmissionParts] = {}
    """The tags of the highest emissions, in the model's own scheme; empty where emissions cannot be
    split exactly."""


class Explanation(msgspec.Struct, frozen=True):
    """An explanation of one token of a text, or of all."""

    text: str
    head: str
    tokens: tuple[TokenExplanation, ...]
    context: tuple[str, ...]
    """The words of the sentence of a single token, the token among them; else empty."""
    first: int
    """The position of the first of them."""
    notes: tuple[str, ...]
    """What was left out, and why."""
