"""The places of a document to which the tags of a model's heads are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tagger.errors import UsageError, unknown_name
from tagger.model.heads import HeadSpec
from tagger.runtime.labelling import of_texts
from tagger.runtime.marginals import Probs
from tagger.schemes import Scheme, spans

if TYPE_CHECKING:
    from spacy.tokens import Doc

PLACES = ("ents", "spans:KEY", "tag", "pos", "ext:NAME", "cats")
"""Where heads can go: spans to the first two, labels of texts to the last, tags of tokens to the
others."""
PLACES_OF = {"span": PLACES[:2], "token": PLACES[2:5], "text": PLACES[5:]}
"""By kind of head."""
KIND_NAMES = {"span": "spans", "token": "tags of single tokens", "text": "labels of texts"}
CONFIDENCE = "confidence"
"""The extension for the probability of an entity, and of a token's tags by head."""


def confidence_extension(head: str, key: str) -> str:
    """Return the extension of a head's spans, their own: spaCy keeps one value for equal spans."""
    return f"{head}_{CONFIDENCE}" if key else CONFIDENCE


def default_targets(heads: Sequence[HeadSpec]) -> dict[str, str]:
    """Return the place of each head if the configuration names none.

    ``ner`` goes to the entities, parts of speech to the tokens, other spans to a span group with
    the head's name, labels of texts to the categories, other tags to the extension
    ``token._.NAME``.
    """
    targets: dict[str, str] = {}
    spans_heads = [head.name for head in heads if head.kind == "span"]
    entities = "ner" if "ner" in spans_heads else next(iter(spans_heads), "")
    for head in heads:
        if head.kind == "span":
            targets[head.name] = "ents" if head.name == entities else f"spans:{head.name}"
        elif head.kind == "text":
            targets[head.name] = "cats"
        elif head.name == "upos":
            targets[head.name] = "pos"
        elif head.name in ("xpos", "pos") and "tag" not in targets.values():
            targets[head.name] = "tag"
        else:
            targets[head.name] = f"ext:{head.name}"
    return targets


def check_targets(
    targets: Mapping[str, str], heads: Sequence[HeadSpec], labels: Mapping[str, str]
) -> None:
    """Check that the model has every head, and that its tags can be written to their place.

    Raises:
        UsageError: The model lacks a head, there is no such place, it is for heads of the other
            kind, or a tag is not one of spaCy's parts of speech.
    """
    from spacy.parts_of_speech import IDS

    by_name = {head.name: head for head in heads}
    for name, target in targets.items():
        if name not in by_name:
            raise UsageError(unknown_name("head", name, by_name), expected=by_name)
        place, _, key = target.partition(":")
        places = {shown.partition(":")[0]: shown for shown in PLACES}
        if place not in places or (place in ("spans", "ext")) != bool(key):
            raise UsageError(
                f"heads: {name} cannot go to {target!r}",
                expected=PLACES,
                hint=f"choose one of {', '.join(PLACES)}",
            )
        if place == "ext" and key == CONFIDENCE:
            raise UsageError(
                f"heads: {name} cannot go to {target!r}, which holds the confidence",
                hint="choose another name",
            )
        kind = by_name[name].kind
        if places[place] not in PLACES_OF[kind]:
            raise UsageError(
                f"heads: {name} has {KIND_NAMES[kind]}, which cannot go to {target!r}",
                expected=PLACES_OF[kind],
            )
        if place == "pos":
            foreign = [tag for tag in by_name[name].tags if labels.get(tag, tag) not in IDS]
            if foreign:
                raise UsageError(
                    f"heads: {name} has the tag {foreign[0]!r}, which is not one of spaCy's parts "
                    "of speech",
                    hint="write the head to tag, or rename the tag with {labels}",
                )


class Tags(NamedTuple):
    """The tags of a sentence, and its labels."""

    tags: Mapping[str, Sequence[str]]
    """By head a tag for each token, spans in BIO."""
    confidence: Mapping[str, Sequence[float]]
    """By head a probability for each token; empty unless confidence is on."""
    label_probs: Mapping[str, Probs] = {}
    """By head that labels texts (labels,), the probability of each label."""


class Writer:
    """Writes tags into documents.

    Args:
        targets: The place of each head, see `default_targets`.
        heads: The heads of the model.
        labels: Labels and tags to rename.
        overwrite_ents: Whether the model's entities replace those that they overlap; else they
            are left out.
        overwrite_tags: Whether the model's tags replace those of the document.
        confidence: Whether probabilities will be written.
    """

    def __init__(
        self,
        targets: Mapping[str, str],
        heads: Sequence[HeadSpec],
        *,
        labels: Mapping[str, str],
        overwrite_ents: bool,
        overwrite_tags: bool,
        confidence: bool,
    ) -> None:
        from spacy.tokens import Span, Token

        for head, target in targets.items() if confidence else ():
            name = confidence_extension(head, target.partition(":")[2])
            if target.startswith(("ents", "spans")) and not Span.has_extension(name):
                Span.set_extension(name, default=None)
        if confidence and not Token.has_extension(CONFIDENCE):
            Token.set_extension(CONFIDENCE, default=None)
        self.targets = dict(targets)
        self._heads = {head.name: head for head in heads}
        self._labels = labels
        self._overwrite_ents = overwrite_ents
        self._overwrite_tags = overwrite_tags
        for target in targets.values():
            place, _, key = target.partition(":")
            if place == "ext" and not Token.has_extension(key):
                Token.set_extension(key, default=None)

    def write(self, doc: Doc, places: Sequence[Sequence[int]], found: Sequence[Tags]) -> None:
        """Write the tags of a document's sentences.

        Args:
            doc: The document.
            places: The indices of each sentence's tokens.
            found: The tags of each sentence.
        """
        tags = [sentence.tags for sentence in found]
        sure = [sentence.confidence for sentence in found]
        if any(sure):
            for sentence, probs in zip(places, sure, strict=True):
                for n, i in enumerate(sentence):
                    by_head = {head: of_head[n] for head, of_head in probs.items()}
                    doc[i]._.set(CONFIDENCE, by_head)
        for head, target in self.targets.items():
            place, _, key = target.partition(":")
            if place == "cats":
                if places:
                    of_sentences = [one.label_probs[head] for one in found]
                    doc.cats |= self._categories(self._heads[head], places, of_sentences)
            elif place in ("ents", "spans"):
                self._write_spans(doc, head, key, places, tags, sure)
            elif place == "ext":
                for sentence, of_sentence in zip(places, tags, strict=True):
                    for i, tag in zip(sentence, of_sentence[head], strict=True):
                        doc[i]._.set(key, self._labels.get(tag, tag))
            else:
                self._write_tags(doc, head, place, places, tags)

    def _categories(
        self, head: HeadSpec, places: Sequence[Sequence[int]], probs: Sequence[Probs]
    ) -> dict[str, float]:
        """Return the probability of each label of a document, from those of its sentences."""
        lengths = np.array(list(map(len, places)), dtype=np.int64)
        (of_doc,) = of_texts(np.stack(probs), lengths, [len(places)])
        found: dict[str, float] = {}
        for label, prob in zip(head.labels, of_doc.tolist(), strict=True):
            shown = self._labels.get(label, label)
            before = found.get(shown, 0.0)  # several labels may be renamed to one
            found[shown] = max(before, prob) if head.decoder == "sigmoid" else before + prob
        return found

    def _write_spans(
        self,
        doc: Doc,
        head: str,
        key: str,
        places: Sequence[Sequence[int]],
        tags: Sequence[Mapping[str, Sequence[str]]],
        sure: Sequence[Mapping[str, Sequence[float]]],
    ) -> None:
        from spacy.attrs import ENT_IOB, ENT_TYPE
        from spacy.tokens import Span

        found = []
        for sentence, of_sentence, probs in zip(places, tags, sure, strict=True):
            for start, end, label in spans(of_sentence[head], Scheme.BIO):
                shown = self._labels.get(label, label)
                span = Span(doc, sentence[start], sentence[end - 1] + 1, shown)
                found.append((span, probs[head][start] if probs else None))
        kept: list[Span] = []
        blocked: list[Span] = []
        if not key:
            iob, kind = doc.to_array([ENT_IOB, ENT_TYPE]).T
            # A token that must not be in an entity is to spaCy an entity without a label.
            blocked = [doc[int(i) : int(i) + 1] for i in np.flatnonzero((iob == 3) & (kind == 0))]
            kept = [] if self._overwrite_ents else list(doc.ents)
            taken = {i for span in (*blocked, *kept) for i in range(span.start, span.end)}
            found = [pair for pair in found if taken.isdisjoint(range(pair[0].start, pair[0].end))]
        for span, prob in found:
            if prob is not None:
                span._.set(confidence_extension(head, key), prob)
        written = [span for span, _ in found]
        if key:
            doc.spans[key] = written
            return
        doc.set_ents([*written, *kept], blocked=blocked, default="outside")

    def _write_tags(
        self,
        doc: Doc,
        head: str,
        place: str,
        places: Sequence[Sequence[int]],
        tags: Sequence[Mapping[str, Sequence[str]]],
    ) -> None:
        from spacy.attrs import POS, TAG
        from spacy.parts_of_speech import IDS

        column = TAG if place == "tag" else POS
        values = doc.to_array([column]).astype(np.uint64)
        there = values.copy()
        add = doc.vocab.strings.add
        ids: dict[str, int] = {}
        for sentence, of_sentence in zip(places, tags, strict=True):
            for i, tag in zip(sentence, of_sentence[head], strict=True):
                if tag not in ids:
                    shown = self._labels.get(tag, tag)
                    ids[tag] = add(shown) if place == "tag" else IDS[shown]
                values[i] = ids[tag]
        space = add("_SP") if place == "tag" else IDS["SPACE"]
        values[doc.to_array("IS_SPACE") > 0] = space
        if not self._overwrite_tags:
            values = np.where(there > 0, there, values)
        doc.from_array([column], values)  # type: ignore[arg-type]  # spaCy's stub is too narrow
