"""From spans of characters to spans of tokens, and back."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from tagger.errors import FormatError
from tagger.formats.documents import (
    ENTITIES,
    CharSpan,
    Document,
    Notes,
    Problem,
    in_characters,
    main_layer,
    problem,
)
from tagger.formats.plain import note_unwritten
from tagger.schemes import Span
from tagger.text.detokenizer import detokenize
from tagger.text.sentences import group_sentences
from tagger.text.tokenizer import Tokenizer

__all__ = ["Aligner", "as_sentences", "as_text", "refuse"]

# Between sentences that a format of text takes up: the tokenizer parts them there again.
_SENTENCE_BREAK = "\n\n"
_NAMED = 5  # spans in an error


class _Fitted(NamedTuple):
    """A span with its tokens; None where it is kept and touches no token."""

    char: CharSpan
    span: Span | None
    is_mended: bool = False


@dataclass
class Aligner:
    """Lays the spans of documents on their tokens, by one policy.

    Attributes:
        misaligned: what to do with spans that do not fall on token bounds: ``keep`` their
            characters, ``expand`` them to whole tokens, ``drop`` them, or refuse them (``error``).
        overlapping: what to do where spans share characters: ``keep`` all, ``drop`` all but the
            longest, or refuse them (``error``).
        problems: the spans that were not taken as they stand.
        notes: what else is to be said.
    """

    misaligned: Literal["keep", "expand", "drop", "error"]
    overlapping: Literal["keep", "drop", "error"]
    problems: list[Problem] = field(default_factory=list)
    notes: Notes = field(default_factory=Notes)
    _tokenizer: Tokenizer = field(default_factory=Tokenizer)

    def align(self, document: Document) -> None:
        """Give a document of text its tokens, its sentences, and the spans of tokens."""
        text = document.text
        if text is None:
            return
        if document.offsets is None:
            document.offsets = self._tokenizer.tokens(text)
        offsets = document.offsets
        document.tokens = [text[start:end] for start, end in offsets]
        if not document.ends:
            past = 0
            for sentence in group_sentences(text, offsets):
                past += len(sentence)
                document.ends.append(past)
        fitted = self._part(document, self._fit(document, offsets))
        fitted.sort(key=lambda one: one.char[:3])
        document.chars = [one.char for one in fitted]
        spans = [one.span for one in fitted if one.span is not None]
        self._join(document, spans)
        if spans or document.spans or not document.tags:  # else parts of speech are all it has
            document.spans = {ENTITIES: spans}

    def check(self) -> None:
        """Refuse what the policy does not allow, all documents having been seen.

        Raises:
            FormatError: for the first span, naming some of the others.
        """
        refuse([one for one in self.problems if one.done == "refused"])

    def _fit(self, document: Document, offsets: Sequence[tuple[int, int]]) -> list[_Fitted]:
        """Find the tokens of each span, and deal with those that are not whole tokens."""
        starts = [start for start, _ in offsets]
        ends = [end for _, end in offsets]
        fitted = []
        for char in document.chars:
            first, past = bisect_right(ends, char.start), bisect_left(starts, char.end)
            span = Span(first, past, char.label) if first < past else None
            is_exact = span is not None and (starts[first], ends[past - 1]) == char[:2]
            if is_exact and not char.has_gaps:
                fitted.append(_Fitted(char, span))
                continue
            kind: Literal["misaligned", "discontinuous"]
            kind = "discontinuous" if char.has_gaps else "misaligned"
            if self.misaligned == "error" or (char.has_gaps and self.misaligned == "keep"):
                self.problems.append(problem(document, char, kind, "refused"))
            elif self.misaligned == "keep":
                self.problems.append(problem(document, char, kind, "kept"))
                fitted.append(_Fitted(char, span))
            elif self.misaligned == "drop" or span is None:
                self.problems.append(problem(document, char, kind, "dropped"))
            else:
                self.problems.append(problem(document, char, kind, "expanded"))
                whole = char._replace(start=starts[first], end=ends[past - 1])
                fitted.append(_Fitted(whole, span, is_mended=True))
        return fitted

    def _part(self, document: Document, fitted: list[_Fitted]) -> list[_Fitted]:
        """Leave out what is there twice, and of spans that overlap all but the longest."""
        if self.overlapping == "keep":
            return fitted
        kept = []
        seen: set[tuple[int, int, str]] = set()
        taken = bytearray(len(document.text or ""))
        # One that was mended yields to one that was not.
        for one in sorted(fitted, key=lambda one: (one.is_mended, one.char.start - one.char.end)):
            start, end, label = one.char[:3]
            if (start, end, label) in seen:
                self.notes["spans that were there twice"] += 1
            elif 1 in taken[start:end]:
                done: Literal["refused", "dropped"]
                done = "refused" if self.overlapping == "error" else "dropped"
                self.problems.append(problem(document, one.char, "overlapping", done))
            else:
                taken[start:end] = b"\1" * (end - start)
                seen.add((start, end, label))
                kept.append(one)
        return kept

    def _join(self, document: Document, spans: Sequence[Span]) -> None:
        """Join the sentences that a span crosses."""
        inside = {end for span in spans for end in range(span.start + 1, span.end)}
        ends = [end for end in document.ends if end not in inside]
        if len(ends) < len(document.ends):
            joined = len(document.ends) - len(ends)
            self.notes["sentences joined to the next, as a span crosses their bound"] += joined
            document.ends = ends


def refuse(problems: Sequence[Problem], advice: str = "") -> None:
    """Refuse spans that cannot be taken as they stand, if there are any.

    Args:
        problems: what is wrong with them.
        advice: what else to do about it than to mend it; how else to convert if not given.

    Raises:
        FormatError: for the first span, naming some of the others of its kind.
    """
    for kind, what, choices in (
        ("misaligned", "not on token bounds", "--misaligned expand or drop"),
        ("discontinuous", "with gaps", "--misaligned expand or drop"),
        ("overlapping", "that overlap with others", "--overlapping drop"),
    ):
        refused = [one for one in problems if one.kind == kind]
        if refused:
            some = ", ".join(one.name() for one in refused[:_NAMED])
            more = f" and {len(refused) - _NAMED:,} more" if len(refused) > _NAMED else ""
            raise FormatError(
                refused[0].path,
                refused[0].line,
                f"{len(refused):,} span{'s' * (len(refused) > 1)} {what}: {some}{more}; mend "
                f"what is wrong, or {advice or f'give {choices}'}",
            )


def as_text(document: Document, notes: Notes) -> None:
    """Give a document of tokens the most natural text, and the spans of its characters."""
    if document.text is not None:
        note_unwritten(document, notes)
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
    note_unwritten(document, notes)


def as_sentences(document: Document) -> list[Document]:
    """Cut a document of tokens into one for each sentence."""
    if document.text is not None or len(document.ends) < 2:
        return [document]
    spans = {head: document.sentence_spans(head) for head in document.spans}
    return [
        replace(
            document,
            name=f"{document.name}.{number + 1}",
            tokens=document.tokens[first:past],
            ends=[past - first],
            space_after=document.space_after and document.space_after[first:past],
            spans={head: found[number] for head, found in spans.items()},
            tags={head: tags[first:past] for head, tags in document.tags.items()},
        )
        for number, (first, past) in enumerate(document.bounds())
    ]
