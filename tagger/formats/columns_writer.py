"""Columns: a token a line, its tags behind it, an empty line after each sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from tagger.formats.documents import Document, Notes
from tagger.formats.plain import encode_lines, heads_of, refuse, sentence_tags
from tagger.schemes import Scheme

__all__ = ["write"]

_DOCSTART = "-DOCSTART-"


def write(documents: Sequence[Document], scheme: Scheme, notes: Notes) -> bytes:
    """Write documents of tokens, tabs between the columns, entities last.

    Documents are marked where one has several sentences; else each sentence is one anyhow.

    Raises:
        FormatError: for a token or label that a column cannot hold.
    """
    return encode_lines(documents, _lines(documents, scheme))


def _lines(documents: Sequence[Document], scheme: Scheme) -> Iterator[str]:
    tag_heads, span_heads = heads_of(documents)
    n_tags = len(tag_heads) + len(span_heads)
    marks = any(len(document.ends) > 1 for document in documents)
    for document in documents:
        if marks:
            yield "\t".join([_DOCSTART, *"O" * n_tags])
            yield ""
        none: list[str | None] = [None] * len(document.tokens)
        columns = [document.tags.get(head, none) for head in tag_heads]
        for head in span_heads:
            columns.append([*chain.from_iterable(sentence_tags(document, head, scheme))])
        for first, past in document.bounds():
            for i in range(first, past):
                row = [document.tokens[i], *(column[i] or "_" for column in columns)]
                refuse(document, "\t\r\n", *row)
                if row[0] == _DOCSTART:
                    refuse(document, [_DOCSTART], row[0])
                yield "\t".join(row)
            yield ""
