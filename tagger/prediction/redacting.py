"""`tagger.redact`: names out of texts, and back in."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias, get_args

import msgspec

from tagger.arguments import as_sequence
from tagger.errors import UsageError, unknown_name
from tagger.lines import NOT_JSON
from tagger.prediction.patterns import PATTERNS, find_patterns
from tagger.runtime.batching import batched
from tagger.runtime.tagger import WINDOW, Tagger
from tagger.runtime.thresholds import Threshold
from tagger.sharing.finding import load

Replace: TypeAlias = Literal["label", "mask", "pseudonym"]
Scope: TypeAlias = Literal["document", "run"]
DEFAULT_THRESHOLD = 0.05
MASK = "█"


class Replacement(msgspec.Struct, frozen=True):
    """What was replaced; offsets are of the redacted text."""

    start: int
    end: int
    label: str
    original: str


class Redacted(msgspec.Struct, frozen=True):
    """A text without names."""

    text: str
    replacements: tuple[Replacement, ...]
    """From the left to the right."""

    def __str__(self) -> str:
        return self.text


class Rules(NamedTuple):
    """The options of a `Redactor`, which can be sent to a process."""

    replace: Replace = "label"
    labels: tuple[str, ...] | None = None
    threshold: tuple[tuple[str, float], ...] = (("*", DEFAULT_THRESHOLD),)
    also: tuple[str, ...] = ()
    scope: Scope = "document"

    def redactor(self, model: Tagger) -> Redactor:
        """Return a redactor that follows them.

        Raises:
            UsageError: As `Redactor`.
        """
        return Redactor(model, **{**self._asdict(), "threshold": dict(self.threshold) or None})


class Found(NamedTuple):
    """The spans of texts that are replaced."""

    spans: list[list[tuple[int, int, str]]]
    """Of each text, from the left to the right: start, end, label. None overlap."""
    n_tokens: int


class Redactor:
    """Replaces names and, if asked to, what patterns find.

    Args:
        model: Finds the names.
        replace: ``label`` writes ``[PER]``; ``mask`` a `MASK` for each character, which keeps the
            length; ``pseudonym`` ``PER-1``, the same for the same name.
        labels: The labels to replace; None for all of the entities.
        threshold: As for `tagger.load`.
        also: Names of `PATTERNS`.
        scope: Whether a pseudonym stands for the same name in a document or in all of them.

    Raises:
        UsageError: A label, pattern, way or threshold that does not exist, or the model has no
            head with spans.
    """

    def __init__(
        self,
        model: Tagger,
        *,
        replace: Replace = "label",
        labels: Collection[str] | None = None,
        threshold: Threshold | None = DEFAULT_THRESHOLD,
        also: Collection[str] = (),
        scope: Scope = "document",
    ) -> None:
        for kind, value, valid in (
            ("replacement", replace, get_args(Replace)),
            ("scope", scope, get_args(Scope)),
            *(("pattern", name, tuple(PATTERNS)) for name in also),
        ):
            if value not in valid:
                raise UsageError(unknown_name(kind, str(value), valid), expected=valid)
        of_spans = [head for head in model.heads if head.kind == "span"]
        if not of_spans:
            names = ", ".join(head.name for head in model.heads)
            raise UsageError(f"the model finds no names: its heads are {names}")
        head = next((head for head in of_spans if head.name == "ner"), of_spans[0])
        for label in labels or ():
            if label not in head.labels:
                raise UsageError(unknown_name("label", label, head.labels), expected=head.labels)
        self._model, self._head = model.with_threshold(threshold), head.name
        self._replace, self._also, self._scope = replace, tuple(also), scope
        self._labels = frozenset(head.labels if labels is None else labels)
        self._numbers: dict[tuple[str, str], int] = {}
        self._n_of_label: dict[str, int] = {}

    def redact(self, texts: Sequence[str]) -> list[Redacted]:
        """Redact texts, each a document."""
        spans = self.find(texts).spans
        return [self.replaced(text, found) for text, found in zip(texts, spans, strict=True)]

    def find(self, texts: Sequence[str]) -> Found:
        """Find what is to be replaced in texts, each a document."""
        documents = self._model.batch(texts, [self._head])
        spans = []
        for document in documents:
            of_text = [(e.start, e.end, e.label) for e in document.entities]
            named = [span for span in of_text if span[2] in self._labels]
            spans.append(_merged([*find_patterns(document.text, self._also), *named]))
        return Found(spans, sum(document.n_tokens for document in documents))

    def replaced(self, text: str, spans: Iterable[tuple[int, int, str]]) -> Redacted:
        """Replace spans of the next text; pseudonyms depend on those before it.

        Args:
            text: The text.
            spans: As in `Found`.
        """
        if self._scope == "document":
            self._numbers.clear()
            self._n_of_label.clear()
        parts: list[str] = []
        replacements = []
        past = n_written = 0
        for start, end, label in spans:
            original = text[start:end]
            new = self._new(original, label)
            n_written += start - past
            parts += [text[past:start], new]
            replacements.append(Replacement(n_written, n_written + len(new), label, original))
            n_written += len(new)
            past = end
        return Redacted("".join([*parts, text[past:]]), tuple(replacements))

    def _new(self, original: str, label: str) -> str:
        if self._replace == "label":
            return f"[{label}]"
        if self._replace == "mask":
            return "".join(MASK if not char.isspace() else char for char in original)
        key = label, " ".join(original.casefold().split())
        if key not in self._numbers:
            self._n_of_label[label] = self._n_of_label.get(label, 0) + 1
            self._numbers[key] = self._n_of_label[label]
        return f"{label}-{self._numbers[key]}"


def _merged(spans: Iterable[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Merge spans that overlap: the whole has the label of the longest part."""
    merged: list[tuple[int, int, str, int]] = []
    for start, end, label in sorted(spans, key=lambda span: (span[0], -span[1])):
        if merged and start < merged[-1][1]:
            first, past, kept, longest = merged[-1]
            if end - start > longest:
                kept, longest = label, end - start
            merged[-1] = first, max(past, end), kept, longest
        else:
            merged.append((start, end, label, end - start))
    return [span[:3] for span in merged]


def redact(
    texts: Iterable[str],
    model: str | Path | Tagger = "en",
    *,
    replace: Replace = "label",
    labels: Collection[str] | None = None,
    threshold: Threshold | None = DEFAULT_THRESHOLD,
    also: Collection[str] = (),
    scope: Scope = "document",
) -> Iterator[Redacted]:
    """Replace the names in texts.

    Args:
        texts: Any number of texts, each a document.
        model: A model, or its name as for `tagger.load`.
        replace: ``label`` writes ``[PER]``, ``mask`` a block for each character, ``pseudonym``
            ``PER-1``.
        labels: The labels to replace; None for all.
        threshold: As for `tagger.load`; a low one leaves fewer names. None for the best tags.
        also: What patterns find, too: ``mail``, ``phone``, ``iban``, ``url``.
        scope: Whether a pseudonym stands for the same name in a ``document`` or in the whole
            ``run``.

    Raises:
        UsageError: A label, pattern, way or threshold that does not exist.
        ModelError: As `tagger.load`.

    >>> [str(found) for found in redact(["Maria met Kim. Kim left."], replace="pseudonym")]
    ['PER-1 met PER-2. PER-2 left.']
    """
    if isinstance(texts, str):
        as_sequence("texts", texts, "an iterable of texts", "pass a list with one")
    if isinstance(labels, str) or isinstance(also, str):
        raise UsageError("labels and also are lists of names", hint="write [name]")
    tagger = model if isinstance(model, Tagger) else load(model)
    redactor = Redactor(
        tagger, replace=replace, labels=labels, threshold=threshold, also=also, scope=scope
    )
    return (found for some in batched(texts, WINDOW) for found in redactor.redact(some))


class Undo(NamedTuple):
    """A line of a map: what undoes the redaction of one document."""

    digest: str
    """Of the redacted text."""
    replacements: tuple[Replacement, ...]


def map_line(redacted: Redacted) -> bytes:
    """Return the line of a map for a document."""
    return msgspec.json.encode(Undo(_digest(redacted.text), redacted.replacements)) + b"\n"


def read_map_line(line: str) -> Undo | None:
    """Read a line of a map; None if it is none."""
    try:
        return msgspec.json.decode(line, type=Undo)
    except (UnicodeEncodeError, *NOT_JSON):
        return None


def restore(text: str, undo: Undo) -> str | None:
    """Put the names back into a redacted text; None if the map is of another text."""
    if _digest(text) != undo.digest:
        return None
    parts, past = [], 0
    for one in undo.replacements:
        parts += [text[past : one.start], one.original]
        past = one.end
    return "".join([*parts, text[past:]])


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
