"""Tag ids to `Document` objects with offsets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import accumulate, pairwise

from tagger.features.forms import Ids
from tagger.model.heads import HeadSpec
from tagger.runtime.cutting import CutTexts, Offsets
from tagger.runtime.marginals import Probs
from tagger.runtime.results import Document, Entity, Token
from tagger.runtime.tag_table import TagTable


def build_documents(
    cut: CutTexts,
    tag_ids: Mapping[str, Ids],
    heads: Sequence[HeadSpec],
    tables: Mapping[str, TagTable],
    probs: Mapping[str, Probs] | None = None,
) -> list[Document]:
    """Build the results.

    Args:
        cut: The texts.
        tag_ids: By head a tag id for each token, text after text.
        heads: The heads to show.
        tables: The heads' tags as they are shown.
        probs: By head a probability for each token's span, with confidence.
    """
    entities = _entities(cut, tag_ids, heads, tables, probs or {})
    documents = []
    past = 0
    for text, sentences, offsets, found in zip(
        cut.texts, cut.sentences, cut.offsets, entities, strict=True
    ):
        start, past = past, past + len(offsets)
        # Copies, so that a document that is kept does not keep its whole window.
        of_text = {name: ids[start:past].copy() for name, ids in tag_ids.items()}
        tokens = partial(_tokens, cut.forms[start:past], offsets, of_text, tables)
        main = found.pop("ner") if "ner" in found else _first(found)
        bounds = list(pairwise(accumulate(map(len, sentences), initial=0)))
        documents.append(Document(text, tokens, main, bounds, found))
    return documents


def _tokens(
    forms: Sequence[str],
    offsets: Offsets,
    tag_ids: Mapping[str, Ids],
    tables: Mapping[str, TagTable],
) -> list[Token]:
    """Build the tokens of a text."""
    tags = [tables[name].strings(ids) for name, ids in tag_ids.items()]
    return [
        Token(form, start, end, dict(zip(tag_ids, of_token, strict=True)))
        for form, (start, end), of_token in zip(
            forms, offsets, zip(*tags, strict=True), strict=True
        )
    ]


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
