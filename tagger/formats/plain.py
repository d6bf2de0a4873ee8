"""What several formats share when they are written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from tagger import schemes
from tagger.errors import FormatError
from tagger.formats.documents import ENTITIES, Document, Notes, main_layer
from tagger.lines import BOM, MAGIC
from tagger.schemes import Scheme, Span

__all__ = ["encode_lines", "heads_of", "note_unwritten", "refuse", "sentence_tags", "space_after"]


def encode_lines(documents: Sequence[Document], lines: Iterable[str]) -> bytes:
    """Encode lines that a reader of text takes as they are.

    Raises:
        FormatError: where there is a NUL, which it takes for a binary file.
    """
    content = "".join(f"{line}\n" for line in lines)
    if "\0" in content:
        for document in documents:
            refuse(document, "\0", *document.tokens, document.text or "", *_labels(document))
    # What a reader would take for something else has a mark before it.
    mark, data = BOM.encode(), content.encode()
    return mark + data if data.startswith((mark, *MAGIC)) else data


def refuse(document: Document, marks: Sequence[str], *values: str) -> None:
    """Refuse strings that a format has no way to write.

    Raises:
        FormatError: for the first that has one of ``marks`` in it.
    """
    for value in values:
        for mark in marks:
            if mark in value:
                raise FormatError(
                    document.path,
                    document.line,
                    f"document {document.name}: {value!r:.42} has {mark!r} in it, which the format "
                    "cannot hold; rename it, or take another format with --to",
                )


def heads_of(documents: Sequence[Document]) -> tuple[list[str], list[str]]:
    """Give the heads of single tokens and those of spans, entities last."""
    tags = list(dict.fromkeys(head for document in documents for head in document.tags))
    spans = list(dict.fromkeys(head for document in documents for head in document.spans))
    return tags, sorted(spans, key=lambda head: head == ENTITIES)


def sentence_tags(document: Document, head: str, scheme: Scheme) -> Iterator[list[str]]:
    """Give the tags of a span head, a list for each sentence."""
    spans = document.sentence_spans(head)
    for (first, past), within in zip(document.bounds(), spans, strict=True):
        yield schemes.tags_of(within, past - first, scheme)


def space_after(document: Document) -> list[bool] | None:
    """Tell which tokens white space follows; the last one counts as followed."""
    if document.offsets is None:
        return document.space_after
    between = [left[1] < right[0] for left, right in pairwise(document.offsets)]
    return [*between, True][: len(document.offsets)]


def note_unwritten(document: Document, notes: Notes, *, tags: Sequence[str] = ()) -> None:
    """Note what a format with one kind of spans and the heads ``tags`` cannot hold."""
    for head, spans in document.spans.items():
        if head != main_layer(document) and spans:
            notes[f"spans of the head {head}, which the format cannot hold"] += len(spans)
    for head, values in document.tags.items():
        if head not in tags and (n := sum(value is not None for value in values)):
            notes[f"tags of the head {head}, which the format cannot hold"] += n


def _labels(document: Document) -> Iterator[str]:
    spans: list[Span] = [span for found in document.spans.values() for span in found]
    yield from (span.label for span in spans)
    yield from (span.label for span in document.chars)
    yield from (tag for tags in document.tags.values() for tag in tags if tag)
