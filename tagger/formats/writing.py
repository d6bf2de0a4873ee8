"""Functions that the writers of several formats share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from tagger import schemes
from tagger.errors import FormatError
from tagger.findings import Findings
from tagger.formats.documents import ENTITIES, Document, main_layer
from tagger.formats.text_labels import MISSING, as_list
from tagger.lines import BOM, MAGIC
from tagger.schemes import Scheme

__all__ = [
    "count_labels",
    "count_spans",
    "count_unwritten",
    "encode_lines",
    "heads_of",
    "label_comments",
    "one_line",
    "refuse",
    "sentence_tags",
    "space_after",
]


def encode_lines(documents: Sequence[Document], lines: Iterable[str]) -> bytes:
    """Encode lines so that a reader of text takes them as they are.

    Raises:
        FormatError: There is a NUL, which readers take for a binary file.
    """
    content = "".join(f"{line}\n" for line in lines)
    if "\0" in content:
        for document in documents:
            strings = (document.name, document.text or "", *document.tokens, *_labels(document))
            refuse(document, "\0", *strings)
    # Content that begins like a compressed file gets a byte order mark before it.
    mark, data = BOM.encode(), content.encode()
    return mark + data if data.startswith((mark, *MAGIC)) else data


def refuse(document: Document, marks: Sequence[str], *values: str) -> None:
    """Refuse strings that a format cannot hold.

    Raises:
        FormatError: One of ``values`` contains one of ``marks``.
    """
    for value in values:
        for mark in marks:
            if mark in value:
                raise FormatError(
                    document.path,
                    document.line,
                    f"document {document.name}: {value!r:.42} contains {mark!r}, which the format "
                    "cannot hold",
                    hint="rename it, or choose another format with {target_format}",
                )


def one_line(document: Document, findings: Findings) -> str:
    """Return a document's text with spaces for its line ends, which are counted."""
    text = document.text or ""
    if n := sum(map(text.count, "\r\n")):
        findings.count(
            "line end within a text",
            document.path,
            document.line,
            count=n,
            action="written as a space",
        )
        text = text.replace("\r", " ").replace("\n", " ")
    return text


def heads_of(documents: Sequence[Document]) -> tuple[list[str], list[str]]:
    """Return the heads of single tokens and those of spans, entities last."""
    tags = list(dict.fromkeys(head for document in documents for head in document.tags))
    spans = list(dict.fromkeys(head for document in documents for head in document.spans))
    return tags, sorted(spans, key=lambda head: head == ENTITIES)


def sentence_tags(document: Document, head: str, scheme: Scheme) -> Iterator[list[str | None]]:
    """Yield the tags of a span head, a list for each sentence; None for tags not known."""
    spans = document.sentence_spans(head)
    unknown = document.unknown_tokens(head)
    for (first, past), within in zip(document.bounds(), spans, strict=True):
        tags = schemes.tags_of(within, past - first, scheme)
        yield [None if i in unknown else tag for i, tag in enumerate(tags, start=first)]


def space_after(document: Document) -> list[bool] | None:
    """Return for each token whether white space follows it; the last one counts as followed."""
    if document.offsets is None:
        return document.space_after
    between = [left[1] < right[0] for left, right in pairwise(document.offsets)]
    return [*between, True][: len(document.offsets)]


def label_comments(document: Document, number: int) -> Iterator[str]:
    """Yield the labels of a sentence as comments, ``# intent = book_flight``.

    Raises:
        FormatError: A comment cannot hold a label.
    """
    for head, labels in document.labels.items():
        refuse(document, "\r\n=", head)
        for label in as_list(labels[number]) or [MISSING]:
            refuse(document, "\t\r\n", label)
            yield f"# {head} = {label}"


def count_labels(document: Document, findings: Findings, *, kept: Sequence[str] = ()) -> None:
    """Count the labels of texts that a format cannot hold, but for those of the heads ``kept``."""
    for head, labels in document.labels.items():
        n = sum(len(as_list(label)) for label in labels)
        if n and head not in kept:
            findings.count(
                "label of a text that the format cannot hold",
                document.path,
                document.line,
                head=head,
                count=n,
                action="dropped",
            )


def count_spans(document: Document, findings: Findings) -> None:
    """Count the spans of a format that can hold none."""
    if document.chars:
        findings.count(
            "span that the format cannot hold",
            document.path,
            document.line,
            head=main_layer(document),
            count=len(document.chars),
            action="dropped",
        )


def count_unwritten(document: Document, findings: Findings, *, tags: Sequence[str] = ()) -> None:
    """Count what a format with one kind of spans and the token heads ``tags`` cannot hold."""
    main = main_layer(document)
    spans = {head: len(found) for head, found in document.spans.items() if head != main}
    values = {
        head: sum(value is not None for value in found)
        for head, found in document.tags.items()
        if head not in tags
    }
    unknown = {
        head: len(document.unknown_tokens(head)) for head in document.unknown if head != main
    }
    for what, counts in (("span", spans), ("tag", values), ("unknown tag", unknown)):
        for head, n in counts.items():
            if n:
                findings.count(
                    f"{what} that the format cannot hold",
                    document.path,
                    document.line,
                    head=head,
                    count=n,
                    action="dropped",
                )


def _labels(document: Document) -> Iterator[str]:
    for found in document.spans.values():
        yield from (span.label for span in found)
    yield from (span.label for span in document.chars)
    yield from (tag for tags in document.tags.values() for tag in tags if tag)
    yield from (
        one for labels in document.labels.values() for label in labels for one in as_list(label)
    )
