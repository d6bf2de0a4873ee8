"""Explanations as records."""

from __future__ import annotations

import msgspec

from tagger.tables import counted


class Sides(msgspec.Struct, frozen=True):
    """The probability of a tag, between 0 and 1, by the part of the sentence that is read."""

    left: float
    """From the words up to the token."""
    right: float
    """From the token and the words after it."""
    both: float
    """From the whole sentence."""


class WordEffect(msgspec.Struct, frozen=True):
    """The effect of a word, measured by leaving it out."""

    text: str
    position: int
    change: float
    """The probability of the token's tag with the word, less that without it."""
    speaks_for: str
    """The tag whose probability the word raises most."""
    gain: float
    """By how much, between 0 and 1."""


class EmissionParts(msgspec.Struct, frozen=True):
    """The score of a tag before transitions, as the sum of what each direction contributes."""

    forward: float
    backward: float
    bias: float

    @property
    def total(self) -> float:
        """The emission."""
        return self.forward + self.backward + self.bias


class TokenExplanation(msgspec.Struct, frozen=True):
    """An explanation of the tag of a token."""

    text: str
    position: int
    """Counted from 1 over the whole text."""
    start: int
    """Offset into the text, in characters."""
    end: int
    tag: str
    """The predicted tag, spans in BIO."""
    tags: dict[str, Sides]
    """All tags, the most probable first. Those of a span head are summed over its scheme: ``B-PER``
    is the probability that a span of PER begins here, however long it is."""
    words: tuple[WordEffect, ...] = ()
    """The words of its sentence, the one with the largest effect first; empty in an overview."""
    emission: dict[str, EmissionParts] = {}
    """The tags of the highest emissions, in the model's own scheme; empty where emissions cannot be
    split exactly."""

    def __repr__(self) -> str:
        return f"TokenExplanation({self.position} {self.text}: {self.tag}, {self.percent} %)"

    @property
    def percent(self) -> str:
        """The probability of the tag in percent."""
        return f"{100 * self.tags[self.tag].both:.1f}"


class Explanation(msgspec.Struct, frozen=True):
    """An explanation of one token of a text, or an overview of all."""

    text: str
    head: str
    tokens: tuple[TokenExplanation, ...]
    context: tuple[str, ...]
    """All words of the sentence of the single token; empty in an overview."""
    first: int
    """The position of the first of these words."""
    notes: tuple[str, ...]
    """Parts that were left out, with the reason."""
    labels: dict[str, float] = {}
    """The probabilities of labels of the text as a whole, the highest first; empty where the head
    tags tokens. ``tokens`` then have labels in place of tags: ``left`` and ``right`` are those of
    the text up to the token, and from it on."""
    words: tuple[WordEffect, ...] = ()
    """The words of a text that is labelled as a whole, the one with the largest effect first."""

    def __repr__(self) -> str:
        text = self.text if len(self.text) <= 40 else f"{self.text[:40]}…"
        shown = repr(self.tokens[0]) if self.context else counted(len(self.tokens), "token")
        if self.labels:
            label, prob = next(iter(self.labels.items()))
            shown = f"{label}, {100 * prob:.1f} %"
        return f"Explanation({self.head}, {text!r}: {shown})"

    def _repr_html_(self) -> str:
        from tagger.insight.explain.page import explanation_html

        return explanation_html(self, layout="snippet")
