"""Tag ids to `Document` objects with offsets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import accumulate, pairwise, repeat
from typing import Any

import msgspec

from tagger.features.forms import Ids
from tagger.model.heads import HeadSpec
from tagger.runtime.cutting import CutTexts, Offsets
from tagger.runtime.labelling import best_labels, of_texts
from tagger.runtime.marginals import Probs
from tagger.runtime.results import Document, Entity, Labels, Token
from tagger.runtime.tag_table import TagTable


def build_documents(
    cut: CutTexts,
    tag_ids: Mapping[str, Ids],
    heads: Sequence[HeadSpec],
    tables: Mapping[str, TagTable],
    probs: Mapping[str, Probs] | None = None,
    labels: Mapping[str, Probs] | None = None,
) -> list[Document]:
    """Build the results.

    Args:
        cut: The texts.
        tag_ids: By head a tag id for each token, text after text.
        heads: The heads to show.
        tables: The heads' tags as they are shown.
        probs: By head a probability for each token's span, with confidence.
        labels: By head that labels texts (sentences, labels), the probabilities of labels.
    """
    labels_by_text = labels_of_texts(cut, heads, labels) if labels else [{} for _ in cut.texts]
    entities = _entities(cut, tag_ids, heads, tables, probs or {})
    documents = []
    past = 0
    for text, sentences, offsets, found, labelled in zip(
        cut.texts, cut.sentences, cut.offsets, entities, labels_by_text, strict=True
    ):
        start, past = past, past + len(offsets)
        # Copies, so that a document that is kept does not keep its whole window.
        of_text = {name: ids[start:past].copy() for name, ids in tag_ids.items()}
        tokens = LazyTokens(cut.forms[start:past], offsets, of_text, tables)
        main = found.pop("ner") if "ner" in found else _first(found)
        bounds = list(pairwise(accumulate(map(len, sentences), initial=0)))
        documents.append(Document(text, tokens, main, bounds, found, labelled))
    return documents


def labels_of_texts(
    cut: CutTexts, heads: Sequence[HeadSpec], labels: Mapping[str, Probs]
) -> list[dict[str, Labels]]:
    """Return the labels of each text by head; a text of several sentences has their mean."""
    found: list[dict[str, Labels]] = [{} for _ in cut.texts]
    n_sentences = list(map(len, cut.sentences))
    for head in heads:
        if head.name in labels:
            probs = of_texts(labels[head.name], cut.lengths, n_sentences)
            for by_head, of_text in zip(found, best_labels(head, probs), strict=True):
                by_head[head.name] = of_text
    return found


class LazyTokens:
    """The tokens of a text, made when they are asked for.

    Args:
        forms: The form of each.
        offsets: The characters of each.
        tag_ids: By head the tag id of each.
        tables: The heads' tags as they are shown.
    """

    __slots__ = ("_forms", "_offsets", "_tables", "_tag_ids")

    def __init__(
        self,
        forms: Sequence[str],
        offsets: Offsets,
        tag_ids: Mapping[str, Ids],
        tables: Mapping[str, TagTable],
    ) -> None:
        self._forms, self._offsets, self._tag_ids, self._tables = forms, offsets, tag_ids, tables

    def __call__(self) -> list[Token]:
        """Build the tokens."""
        tags = zip(*self._tags(), strict=True) if self._tag_ids else repeat(())
        return [
            Token(form, start, end, dict(zip(self._tag_ids, of_token, strict=True)))
            for form, (start, end), of_token in zip(self._forms, self._offsets, tags, strict=False)
        ]

    def rows(self) -> list[Any]:
        """Build what JSON is written from, which takes less time: `Token`s with tags as fields."""
        starts, ends = zip(*self._offsets, strict=True) if self._offsets else ((), ())
        row = _row_type(tuple(self._tag_ids))
        return list(map(row, self._forms, starts, ends, *self._tags()))

    def _tags(self) -> list[list[str]]:
        return [self._tables[name].strings(ids) for name, ids in self._tag_ids.items()]


@cache
def _row_type(heads: tuple[str, ...]) -> type[msgspec.Struct]:
    """Return a type with the fields of a token and a tag for each head, in this order."""
    # The name of a head need not be that of a field.
    names = {f"tag_{i}": head for i, head in enumerate(heads)}
    fields = [("text", str), ("start", int), ("end", int), *((name, str) for name in names)]
    return msgspec.defstruct("Row", fields, rename=names, gc=False)


def _entities(
    cut: CutTexts,
    tag_ids: Mapping[str, Ids],
    heads: Sequence[HeadSpec],
    tables: Mapping[str, TagTable],
    probs: Mapping[str, Probs],
) -> list[dict[str, list[Entity]]]:
    """Find the spans in each text, by head."""
    found: list[dict[str, list[Entity]]] = [{} for _ in cut.texts]
    for head in heads:
        if head.kind != "span":
            continue
        spans = tables[head.name].spans(tag_ids[head.name])
        sure = probs.get(head.name)
        i = past = 0
        for text, of_text, by_head in zip(cut.texts, cut.offsets, found, strict=True):
            first, past = past, past + len(of_text)
            entities = by_head[head.name] = []
            while i < len(spans) and spans[i][0] < past:
                begin, last, label = spans[i]
                start, end = of_text[begin - first][0], of_text[last - first][1]
                confidence = None if sure is None else float(sure[begin])
                tokens = begin - first, last + 1 - first
                entities.append(Entity(text[start:end], label, start, end, *tokens, confidence))
                i += 1
    return found


def _first(found: dict[str, list[Entity]]) -> list[Entity]:
    """Remove and return the entities of the first head; none without heads."""
    return found.pop(next(iter(found))) if found else []
