"""Spans of characters as spans of tokens, and the reverse."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Literal, NamedTuple

from tagger.errors import FormatError
from tagger.findings import Finding, Findings, refuse
from tagger.formats.documents import (
    ENTITIES,
    CharSpan,
    Document,
    in_characters,
    main_layer,
    span_finding,
)
from tagger.formats.writing import count_unwritten
from tagger.schemes import Span
from tagger.text.detokenizer import detokenize
from tagger.text.sentences import group_sentences
from tagger.text.tokenizer import Tokenizer

__all__ = ["OFF_BOUNDS", "SPAN_KINDS", "Aligner", "as_sentences", "as_text"]

OFF_BOUNDS, _WITH_GAPS = "span off token bounds", "span with gaps"
_OVERLAPPING = "overlapping span"
SPAN_KINDS = (OFF_BOUNDS, _WITH_GAPS, _OVERLAPPING)
"""Kinds of findings for spans that cannot be taken as they stand."""

_MIN_OFF = 3
"""Fewer spans off token bounds are accidents, however few spans there are."""

# Between the sentences of a text that is made of tokens: there the tokenizer separates them again.
_SENTENCE_BREAK = "\n\n"


class _Fitted(NamedTuple):
    """A span with its tokens, None where it is kept and touches no token."""

    char: CharSpan
    span: Span | None
    is_expanded: bool = False


@dataclass
class Aligner:
    """Aligns the spans of documents with their tokens, by one policy.

    Attributes:
        misaligned: What to do with spans that do not fall on token bounds: ``keep`` their
            characters, ``expand`` them to whole tokens, ``drop`` them, or refuse them (``error``).
        overlapping: What to do where spans share characters: ``keep`` all, ``drop`` all but the
            longest, or refuse them (``error``).
        findings: Collects the spans that were not taken as they stand, and other problems.
    """

    misaligned: Literal["keep", "expand", "drop", "error"]
    overlapping: Literal["keep", "drop", "error"]
    findings: Findings = field(default_factory=Findings)
    _tokenizer: Tokenizer = field(default_factory=Tokenizer)
    _n_spans: int = 0
    _n_off: int = 0
    _first_off: Finding | None = None

    def align(self, document: Document) -> None:
        """Set the tokens, the sentences and the spans of tokens of a document of text."""
        text = document.text
        if text is None:
            return
        if document.offsets is None:
            document.offsets = self._tokenizer.tokens(text)
        offsets = document.offsets
        document.tokens = [text[start:end] for start, end in offsets]
        if document.is_whole:
            document.ends = [len(offsets)] * bool(offsets)
        elif not document.ends:
            past = 0
            for sentence in group_sentences(text, offsets):
                past += len(sentence)
                document.ends.append(past)
        fitted = self._without_overlaps(document, self._fit(document, offsets))
        fitted.sort(key=lambda one: one.char[:3])
        document.chars = [one.char for one in fitted]
        spans = [one.span for one in fitted if one.span is not None]
        self._join_sentences(document, spans)
        starts, ends = [at for at, _ in offsets], [at for _, at in offsets]
        for start, end in document.unknown_chars:
            tokens = bisect_right(ends, start), bisect_left(starts, end)
            document.unknown.setdefault(ENTITIES, []).append(tokens)
        if spans or document.spans or not document.tags:  # otherwise it only has parts of speech
            document.spans = {ENTITIES: spans}

    def check(self) -> None:
        """Refuse what the policy does not allow, after all documents.

        Raises:
            FormatError: For the first span, with some of the others of its kind; or most spans
                would be expanded, so that the offsets must be wrong.
        """
        if self._first_off and self._n_off >= _MIN_OFF and 2 * self._n_off > self._n_spans:
            raise FormatError(
                self._first_off.path,
                self._first_off.line,
                f"{self._n_off:,} of {self._n_spans:,} spans are off token bounds: "
                f"{self._first_off.example}",
                hint="do the offsets count characters, and is the end of a span exclusive?",
            )
        for kind in SPAN_KINDS:
            choice = "{overlapping=drop}" if kind == _OVERLAPPING else "{misaligned=expand} or drop"
            refuse(
                [one for one in self.findings if (one.kind, one.action) == (kind, "refused")],
                hint=f"correct it, or give {choice}",
            )

    def _fit(self, document: Document, offsets: Sequence[tuple[int, int]]) -> list[_Fitted]:
        """Find the tokens of each span, and apply the policy to those that are not whole tokens."""
        starts = [start for start, _ in offsets]
        ends = [end for _, end in offsets]
        fitted = []
        self._n_spans += len(document.chars)
        for char in document.chars:
            char = self._trimmed(document, char)
            first, past = bisect_right(ends, char.start), bisect_left(starts, char.end)
            span = Span(first, past, char.label) if first < past else None
            is_exact = span is not None and (starts[first], ends[past - 1]) == char[:2]
            if is_exact and not char.has_gaps:
                fitted.append(_Fitted(char, span))
                continue
            kind = _WITH_GAPS if char.has_gaps else OFF_BOUNDS
            if self.misaligned == "error" or (char.has_gaps and self.misaligned == "keep"):
                self.findings.add(span_finding(document, char, kind, "refused"))
            elif self.misaligned == "keep":
                self.findings.add(span_finding(document, char, kind, "kept"))
                fitted.append(_Fitted(char, span))
            elif self.misaligned == "drop" or span is None:
                self.findings.add(span_finding(document, char, kind, "dropped"))
            else:
                self.findings.add(found := span_finding(document, char, kind, "expanded"))
                self._n_off += kind == OFF_BOUNDS
                self._first_off = self._first_off or found
                whole = char._replace(start=starts[first], end=ends[past - 1])
                fitted.append(_Fitted(whole, span, is_expanded=True))
        return fitted

    def _trimmed(self, document: Document, char: CharSpan) -> CharSpan:
        """Remove white space at the ends of a span, unless spans are kept as they are."""
        if self.misaligned == "keep" or char.has_gaps:
            return char
        text = document.text or ""
        ends = text[char.start : char.start + 1] + text[max(char.end - 1, 0) : char.end]
        if not any(map(str.isspace, ends)):
            return char
        covered = text[char.start : char.end]
        bare = covered.strip()
        if not bare:
            return char
        start = char.start + len(covered) - len(covered.lstrip())
        self.findings.count(
            "white space around a span",
            document.path,
            char.line or document.line,
            example=repr(covered),
            action="removed",
        )
        return char._replace(start=start, end=start + len(bare))

    def _without_overlaps(self, document: Document, fitted: list[_Fitted]) -> list[_Fitted]:
        """Drop repeated spans, and of spans that overlap all but the longest."""
        if self.overlapping == "keep":
            return fitted
        kept = []
        seen: set[tuple[int, int, str]] = set()
        taken = bytearray(len(document.text or ""))
        # One that was expanded yields to one that was not.
        for one in sorted(fitted, key=lambda one: (one.is_expanded, one.char.start - one.char.end)):
            start, end, label = one.char[:3]
            if (start, end, label) in seen:
                self.findings.count(
                    "repeated span", document.path, one.char.line or document.line, action="dropped"
                )
            elif taken[start] or taken[end - 1] or taken.find(1, start, end) >= 0:
                action = "refused" if self.overlapping == "error" else "dropped"
                self.findings.add(span_finding(document, one.char, _OVERLAPPING, action))
            else:
                taken[start:end] = b"\1" * (end - start)
                seen.add((start, end, label))
                kept.append(one)
        return kept

    def _join_sentences(self, document: Document, spans: Sequence[Span]) -> None:
        """Join the sentences that a span crosses."""
        opened = Counter(span.start + 1 for span in spans)
        opened.subtract(span.end for span in spans)
        depths = list(accumulate(opened[i] for i in range(len(document.tokens) + 1)))
        ends = [end for end in document.ends if depths[end] <= 0]
        if len(ends) < len(document.ends):
            self.findings.count(
                "sentence end within a span",
                document.path,
                document.line,
                count=len(document.ends) - len(ends),
                action="joined to the next sentence",
            )
            document.ends = ends


def as_text(document: Document, findings: Findings) -> None:
    """Set the text of a document of tokens, and the spans of its characters."""
    if document.text is not None:
        count_unwritten(document, findings)
        return
    texts: list[str] = []
    offsets: list[tuple[int, int]] = []
    position = 0
    for first, past in document.bounds():
        spaces = document.space_after and document.space_after[first:past]
        text, within = detokenize(document.tokens[first:past], spaces)
        texts.append(text)
        offsets += [(position + start, position + end) for start, end in within]
        position += len(text) + len(_SENTENCE_BREAK)
    document.text = _SENTENCE_BREAK.join(texts)
    document.offsets = offsets
    document.chars = in_characters(document.spans.get(main_layer(document), []), offsets)
    count_unwritten(document, findings)


def as_sentences(document: Document) -> list[Document]:
    """Split a document of tokens into one for each sentence."""
    if document.text is not None or len(document.ends) < 2:
        return [document]
    spans = {head: document.sentence_spans(head) for head in document.spans}
    unknown = {head: document.unknown_tokens(head) for head in document.unknown}
    return [
        replace(
            document,
            name=f"{document.name}.{number + 1}",
            tokens=document.tokens[first:past],
            ends=[past - first],
            space_after=document.space_after and document.space_after[first:past],
            spans={head: found[number] for head, found in spans.items()},
            unknown={
                head: [(i - first, i - first + 1) for i in range(first, past) if i in found]
                for head, found in unknown.items()
            },
            tags={head: tags[first:past] for head, tags in document.tags.items()},
            labels={head: labels[number : number + 1] for head, labels in document.labels.items()},
        )
        for number, (first, past) in enumerate(document.bounds())
    ]
