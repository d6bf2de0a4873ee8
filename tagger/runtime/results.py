"""A tagged text: its tokens, entities and sentences, and the forms in which it is passed on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import msgspec

from tagger.errors import UsageError

if TYPE_CHECKING:
    from spacy.tokens import Doc
    from spacy.vocab import Vocab


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
    start_token: int
    """Index of its first token in the document."""
    end_token: int
    """Index past its last token."""
    confidence: float | None = None
    """The probability, by the model, of exactly this span with this label, between 0 and 1; None
    where it was not asked for."""

    def __repr__(self) -> str:
        return f"[{self.text}]({self.label})"


class Label(msgspec.Struct, frozen=True, gc=False):
    """A label of a whole text."""

    label: str
    prob: float
    """The probability, by the model, that the text has it, between 0 and 1."""

    def __repr__(self) -> str:
        return f"{self.label} ({self.prob:.2f})"


Labels: TypeAlias = Label | list[Label] | None
"""The labels of a text from one head: the best, or all probable ones, the best first, of a head
that may find several; None for a text without tokens."""


def each_label(found: Labels) -> list[Label]:
    """Return the labels of a text from one head as a list, empty where it has none."""
    return [] if found is None else found if isinstance(found, list) else [found]


def categories(labels: Mapping[str, Labels]) -> dict[str, float]:
    """Return the probabilities of the labels of a text by label, as spaCy's ``cats``."""
    return {one.label: one.prob for found in labels.values() for one in each_label(found)}


class TokenSource(Protocol):
    """Makes the tokens of a text."""

    def __call__(self) -> list[Token]:
        """Build the tokens."""
        ...

    def rows(self) -> list[Any]:
        """Build what JSON is written from: objects with the fields of a token and its tags."""
        ...


class Document:
    """A tagged text.

    Args:
        text: The text as it was given.
        tokens: Its tokens, or what makes them on first use, so that callers who need only entities
            or JSON do not wait for them.
        entities: The spans of the head ``ner``, or of the first span head of a model without it.
        sentences: Each sentence as the range of its tokens, end exclusive.
        spans: The spans of any further span heads (``chunk``), by head.
        labels: The labels of the text as a whole (``intent``), by head.

    >>> import tagger
    >>> document = tagger.load("en")("John works at Apple.")
    >>> document.entities
    [[John](PER), [Apple](ORG)]
    >>> apple = document.entities[1]
    >>> document.text[apple.start : apple.end], document.tokens[apple.start_token]
    ('Apple', Apple/B-ORG/PROPN/NNP)
    """

    __slots__ = ("_tokens", "entities", "labels", "sentences", "spans", "text")

    def __init__(
        self,
        text: str,
        tokens: list[Token] | TokenSource,
        entities: list[Entity],
        sentences: list[tuple[int, int]],
        spans: dict[str, list[Entity]] | None = None,
        labels: dict[str, Labels] | None = None,
    ) -> None:
        self.text = text
        self._tokens = tokens
        self.entities = entities
        self.sentences = sentences
        self.spans = spans or {}
        self.labels = labels or {}

    @property
    def tokens(self) -> list[Token]:
        """The tokens with their tags."""
        if not isinstance(self._tokens, list):
            self._tokens = self._tokens()
        return self._tokens

    @property
    def n_tokens(self) -> int:
        """The number of tokens."""
        return self.sentences[-1][1] if self.sentences else 0

    def to_dict(self) -> dict[str, Any]:
        """Return the document as JSON holds it; `from_dict` is the inverse.

        A token's tags stand beside its offsets, under the names of their heads. Entities are
        placed by characters alone, since their token indices follow from the tokens.
        """
        return self._record(
            [
                {"text": token.text, "start": token.start, "end": token.end, **token.tags}
                for token in self.tokens
            ]
        )

    def _record(self, tokens: list[Any]) -> dict[str, Any]:
        spans = {head: list(map(entity_to_dict, found)) for head, found in self.spans.items()}
        return {
            "text": self.text,
            "tokens": tokens,
            "entities": list(map(entity_to_dict, self.entities)),
            "sentences": self.sentences,
            **({"spans": spans} if spans else {}),
            **({"labels": self.labels} if self.labels else {}),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Document:
        """Rebuild a document from `to_dict`, or from a line of ``tagger predict --format json``.

        Raises:
            UsageError: It is not a document, or an entity is not made of whole tokens.

        >>> import tagger
        >>> document = tagger.load("en")("John works at Apple.")
        >>> Document.from_dict(document.to_dict()) == document
        True
        """
        try:
            stored = msgspec.convert(data, _Stored)
            tokens = [
                Token(
                    msgspec.convert(token.pop("text"), str),
                    msgspec.convert(token.pop("start"), int),
                    msgspec.convert(token.pop("end"), int),
                    msgspec.convert(token, dict[str, str]),
                )
                for token in map(dict, stored.tokens)
            ]
            firsts = {token.start: i for i, token in enumerate(tokens)}
            pasts = {token.end: i for i, token in enumerate(tokens, start=1)}

            def entity(one: _StoredEntity) -> Entity:
                places = firsts[one.start], pasts[one.end]
                return Entity(one.text, one.label, one.start, one.end, *places, one.confidence)

            return cls(
                stored.text,
                tokens,
                list(map(entity, stored.entities)),
                stored.sentences,
                {head: list(map(entity, found)) for head, found in stored.spans.items()},
                stored.labels,
            )
        except msgspec.ValidationError as error:
            raise UsageError(f"not a document: {error}") from None
        except KeyError as error:
            raise UsageError(
                f"not a document: {error.args[0]!r} is missing, or no token begins or ends there"
            ) from None

    def to_json(self, name: str | int | None = None) -> str:
        """Return the document as one line of JSON, see `to_dict`, with an ``id`` if it has one."""
        lazy = self._tokens
        record = self.to_dict() if isinstance(lazy, list) else self._record(lazy.rows())
        return msgspec.json.encode(record if name is None else {"id": name, **record}).decode()

    def to_conll(self) -> str:
        """Return a token and its tags a line, tabs between, an empty line after each sentence.

        Labels of the text stand before each of its sentences, as in ``# intent = book``.
        """
        lines = []
        for first, past in self.sentences:
            lines += [f"# {head} = {label}" for head, label in self._label_pairs()]
            lines += ["\t".join([t.text, *t.tags.values()]) for t in self.tokens[first:past]]
            lines.append("")
        return "\n".join(lines)

    def _label_pairs(self) -> list[tuple[str, str]]:
        """Return the heads with labels, once for each label."""
        return [
            (head, " ".join(one.label.split()))
            for head, found in self.labels.items()
            for one in each_label(found)
        ]

    def to_spacy(self, vocab: Vocab | None = None) -> Doc:
        """Return the document as spaCy's ``Doc``, whose text is the same.

        Entities become ``ents``, spans of further heads span groups of their names, ``upos``
        becomes ``pos_``, ``xpos`` or ``pos`` becomes ``tag_``, and labels of the text become
        ``cats`` with their probabilities. White space other than single
        spaces becomes tokens, as in spaCy.

        Args:
            vocab: The vocabulary, as of ``nlp.vocab``; None for a new one.

        Raises:
            UsageError: A part of speech that spaCy does not have.
        """
        from tagger.formats.spacy_document import spacy_document, split_words
        from tagger.schemes import Span

        words, spaces, places = split_words(self.text, [(t.start, t.end) for t in self.tokens])
        heads = self.tokens[0].tags.keys() & {"upos", "xpos", "pos"} if self.tokens else set()
        doc = spacy_document(
            vocab,
            words,
            spaces,
            places,
            sentence_starts=[first for first, past in self.sentences if first < past],
            entities=[Span(e.start_token, e.end_token, e.label) for e in self.entities],
            tags={head: [token.tags[head] for token in self.tokens] for head in sorted(heads)},
        )
        for head, found in self.spans.items():
            spans = (doc.char_span(e.start, e.end, label=e.label) for e in found)
            doc.spans[head] = [span for span in spans if span is not None]
        doc.cats |= categories(self.labels)
        return doc

    def _repr_html_(self) -> str:
        """Render the text with its entities in colour, for notebooks."""
        from tagger.runtime.html import document_html

        return document_html(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Document) and self._parts() == other._parts()

    __hash__ = None  # type: ignore[assignment]  # its lists may be changed

    def __reduce__(self) -> tuple[Any, ...]:
        return Document, self._parts()

    def __repr__(self) -> str:
        text = self.text if len(self.text) <= 60 else f"{self.text[:57]}..."
        s = "" if self.n_tokens == 1 else "s"
        labels = f", labels={self.labels!r}" if self.labels else ""
        return f"Document({text!r}, {self.n_tokens} token{s}, entities={self.entities!r}{labels})"

    def _parts(self) -> tuple[Any, ...]:
        return self.text, self.tokens, self.entities, self.sentences, self.spans, self.labels


class _StoredEntity(msgspec.Struct):
    text: str
    label: str
    start: int
    end: int
    confidence: float | None = None


class _Stored(msgspec.Struct):
    text: str
    tokens: list[dict[str, Any]]
    entities: list[_StoredEntity]
    sentences: list[tuple[int, int]]
    spans: dict[str, list[_StoredEntity]] = {}
    labels: dict[str, Labels] = {}


def entity_to_dict(entity: Entity) -> dict[str, Any]:
    """Return an entity as JSON holds it, without its confidence where it has none."""
    found = {
        "text": entity.text,
        "label": entity.label,
        "start": entity.start,
        "end": entity.end,
        "confidence": entity.confidence,
    }
    if entity.confidence is None:
        del found["confidence"]
    return found
