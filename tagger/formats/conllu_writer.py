"""CoNLL-U: parts of speech in their columns, entities in MISC as ``NER=B-PER``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tagger.formats.documents import Document, Notes, main_layer
from tagger.formats.plain import (
    encode_lines,
    note_unwritten,
    refuse,
    sentence_tags,
    space_after,
)
from tagger.schemes import OUTSIDE, Scheme

__all__ = ["write"]

_UPOS = "upos"
_XPOS = ("xpos", "pos")


def write(documents: Sequence[Document], scheme: Scheme, notes: Notes) -> bytes:
    """Write documents of tokens.

    Raises:
        FormatError: for a token or label that the format cannot hold.
    """
    return encode_lines(documents, _lines(documents, scheme, notes))


def _lines(documents: Sequence[Document], scheme: Scheme, notes: Notes) -> Iterator[str]:
    for number, document in enumerate(documents, start=1):
        if not document.is_part and document.ends:
            yield f"# newdoc id = {document.name}"
        xpos = next((head for head in _XPOS if head in document.tags), "")
        note_unwritten(document, notes, tags=(_UPOS, xpos))
        spaces = space_after(document)
        tags = sentence_tags(document, main_layer(document), scheme)
        for i, ((first, past), entities) in enumerate(zip(document.bounds(), tags, strict=True)):
            yield f"# sent_id = {number}.{i + 1}"
            if spaces is not None:
                yield f"# text = {_text(document.tokens[first:past], spaces[first:past])}"
            for n, entity in enumerate(entities):
                token = first + n
                misc = [f"NER={entity}"] if entity != OUTSIDE else []
                if spaces is not None and not spaces[token]:
                    misc.append("SpaceAfter=No")
                fields = [document.tokens[token], _tag(document, _UPOS, token)]
                fields += [_tag(document, xpos, token), entity]
                refuse(document, "\t\r\n", *fields)
                refuse(document, "|", entity)
                form, upos, tag, _ = fields
                yield "\t".join([str(n + 1), form, "_", upos, tag, *"____", "|".join(misc) or "_"])
            yield ""


def _tag(document: Document, head: str, token: int) -> str:
    return (document.tags[head][token] or "_") if head in document.tags else "_"


def _text(tokens: Sequence[str], spaces: Sequence[bool]) -> str:
    pieces = [token + " " * space for token, space in zip(tokens, spaces, strict=True)]
    return "".join(pieces).rstrip(" ")
