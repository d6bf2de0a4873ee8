"""A tagged text as HTML, for notebooks."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from tagger.runtime.results import Document, Entity

STYLE = """<style>
.tagger-document { line-height: 2; white-space: pre-wrap; }
.tagger-document mark { padding: .15em .35em; border-radius: .3em; color: black;
  background: hsl(var(--hue) 75% 86%); }
.tagger-document mark b { font-size: .75em; }
.tagger-document small { font-size: .75em; opacity: .7; }
@media (prefers-color-scheme: dark) {
  .tagger-document mark { color: white; background: hsl(var(--hue) 45% 28%); }
}
</style>"""
HUES = {"PER": 210, "ORG": 30, "LOC": 130, "MISC": 280}
"""Colours of common labels, in degrees; those of others follow from their names."""


def document_html(document: Document) -> str:
    """Render the text with its entities in colour, or with tags where it can have no entities."""
    parts = _with_tags(document) if _has_tags_alone(document) else _with_entities(document)
    return f'{STYLE}<div class="tagger-document">{"".join(parts)}</div>'


def _with_entities(document: Document) -> Iterator[str]:
    position = 0
    for entity in document.entities:
        yield escape(document.text[position : entity.start])
        yield _marked(entity)
        position = entity.end
    yield escape(document.text[position:])


def _marked(entity: Entity) -> str:
    hue = HUES.get(entity.label, crc32(entity.label.encode()) % 360)
    prob = "" if entity.confidence is None else f" <small>{entity.confidence:.2f}</small>"
    text, label = escape(entity.text), escape(entity.label)
    return f'<mark style="--hue: {hue}">{text} <b>{label}</b>{prob}</mark>'


def _with_tags(document: Document) -> Iterator[str]:
    position = 0
    for token in document.tokens:
        yield escape(document.text[position : token.start])
        yield f"{escape(token.text)}<small>/{escape('/'.join(token.tags.values()))}</small>"
        position = token.end
    yield escape(document.text[position:])


def _has_tags_alone(document: Document) -> bool:
    """Return whether no head has spans, whose tags are ``O``, ``B-…`` and ``I-…``."""
    heads = document.tokens[0].tags if document.tokens else {}
    return bool(heads) and all(
        any(t.tags[head] != "O" and t.tags[head][:2] not in ("B-", "I-") for t in document.tokens)
        for head in heads
    )
