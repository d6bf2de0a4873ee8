"""What a tagger says about a text."""

from __future__ import annotations

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


class Entity(msgspec.Struct, frozen=True, gc=False):
    """A span of text with a label; ``text[start:end]`` is its form."""

    text: str
    label: str
    start: int
    """Offset into the given text, in characters."""
    end: int
    """Offset past its last character."""

    def __repr__(self) -> str:
        return f"[{self.text}]({self.label})"


class Document(msgspec.Struct, frozen=True):
    """A tagged text."""

    text: str
    """The text as it was given."""
    tokens: list[Token]
    entities: list[Entity]
    """The spans of the head ``ner``, or of the first span head of a model that has none."""
    sentences: list[tuple[int, int]]
    """Each sentence as the range of its tokens, end exclusive."""
    spans: dict[str, list[Entity]] = {}
    """The spans of any further span heads (``chunk``), by head."""

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

    def __repr__(self) -> str:
        text = self.text if len(self.text) <= 60 else f"{self.text[:57]}..."
        return f"Document({text!r}, {len(self.tokens)} tokens, entities={self.entities!r})"
