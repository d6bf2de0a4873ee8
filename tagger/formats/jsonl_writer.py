"""JSON lines by tokens: ``{"tokens": [...], "ner": [...]}``, a sentence a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from tagger.formats.documents import Document, Notes
from tagger.formats.plain import heads_of, refuse, sentence_tags
from tagger.schemes import Scheme

__all__ = ["write"]


def write(documents: Sequence[Document], scheme: Scheme, notes: Notes) -> bytes:
    """Write documents of tokens.

    Raises:
        FormatError: for a token with a tab or a line end in it.
    """
    tag_heads, span_heads = heads_of(documents)
    lines = []
    for document in documents:
        refuse(document, "\t\r\n", *document.tokens)
        by_head = [list(sentence_tags(document, head, scheme)) for head in span_heads]
        for i, (first, past) in enumerate(document.bounds()):
            record: dict[str, Any] = {"tokens": document.tokens[first:past]}
            for head in tag_heads:
                tags = document.tags.get(head)
                record[head] = tags[first:past] if tags else [None] * (past - first)
            record |= {head: tags[i] for head, tags in zip(span_heads, by_head, strict=True)}
            lines.append(msgspec.json.encode(record) + b"\n")
    return b"".join(lines)
