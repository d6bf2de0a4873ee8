"""What a tagger says about a text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec


class Token(msgspec.Struct, frozen=True, gc=False):
    """A token and its tags; ``text[start:end]`` is its form."""

    text: str
    start: int
    """Offset into the given text, in characters."""
    end: int
    """Offset past its last character."""
    tags: dict[str, str]
    """Tag by head, spans in BIO: ``{"ner": "B-PER", "upos": "PROPN"}``."""

    def __repr__(self) -> str:
        return f"{self.text}/{'/'.join(self.tags.values())}"


class Entity(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A span of text with a label; ``text[start:end]`` is its form."""

    text: str
    label: str
    start: int
    """Offset into the given text, in characters."""
    end: int
    """Offset past its last character."""
    confidence: float | None = None
    """The probability, by the model, of exactly this span with this label, between 0 and 1; None
    where it was not asked for."""

    def __repr__(self) -> str:
        return f"[{self.text}]({self.label})"


class Document:
    """A tagged text.

    Args:
        text: The text as it was given.
        tokens: Its tokens, or what makes them when they are first asked for: who wants the
            entities alone need not wait for them.
        entities: The spans of the head ``ner``, or of the first span head of a model without it.
        sentences: Each sentence as the range of its tokens, end exclusive.
        spans: The spans of any further span heads (``chunk``), by head.
    """

    __slots__ = ("_tokens", "entities", "sentences", "spans", "text")

    def __init__(
        self,
        text: str,
        tokens: list[Token] | Callable[[], list[Token]],
        entities: list[Entity],
        sentences: list[tuple[int, int]],
        spans: dict[str, list[Entity]] | None = None,
    ) -> None:
        self.text = text
        self._tokens = tokens
        self.entities = entities
        self.sentences = sentences
        self.spans = spans or {}

    @property
    def tokens(self) -> list[Token]:
        """The tokens with their tags."""
        if callable(self._tokens):
            self._tokens = self._tokens()
        return self._tokens

    @property
    def n_tokens(self) -> int:
        """How many tokens there are."""
        return self.sentences[-1][1] if self.sentences else 0

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it: each token's tags beside its offsets."""
        tokens = [
            {"text": token.text, "start": token.start, "end": token.end, **token.tags}
            for token in self.tokens
        ]
        rest = {"spans": msgspec.to_builtins(self.spans)} if self.spans else {}
        return {
            "text": self.text,
            "tokens": tokens,
            "entities": msgspec.to_builtins(self.entities),
            "sentences": self.sentences,
            **rest,
        }

    def to_json(self) -> str:
        """One line of JSON."""
        return msgspec.json.encode(self.to_dict()).decode()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Document) and self._parts() == other._parts()

    __hash__ = None  # type: ignore[assignment]  # its lists may be changed

    def __reduce__(self) -> tuple[Any, ...]:
        return Document, self._parts()

    def __repr__(self) -> str:
        text = self.text if len(self.text) <= 60 else f"{self.text[:57]}..."
        return f"Document({text!r}, {self.n_tokens} tokens, entities={self.entities!r})"

    def _parts(self) -> tuple[Any, ...]:
        return self.text, self.tokens, self.entities, self.sentences, self.spans
