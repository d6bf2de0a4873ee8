"""Scores on raw text, by character spans: what tokenization costs is seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from tagger.corpus.schemes import Scheme, spans
from tagger.text import detokenize, fit_rules

if TYPE_CHECKING:
    import datasets

    from tagger.model.heads import HeadSpec
    from tagger.runtime.results import Document
    from tagger.runtime.tagger import Tagger

Item = tuple[int, int, str]
PIECE = 1000


class RawScore(msgspec.Struct, frozen=True, kw_only=True):
    """Character spans with labels: found, expected, and both."""

    precision: float
    recall: float
    f1: float
    n_gold: int
    n_predicted: int
    n_correct: int


def evaluate_raw(
    tagger: Tagger, split: datasets.Dataset, heads: Sequence[HeadSpec]
) -> dict[str, RawScore]:
    """Tag the text of each sentence, which the tagger has to tokenize by itself.

    Args:
        tagger: The model.
        split: Sentences with a column for each of ``heads``; their text is put together by
            ``space_after`` where the corpus has it, else by the habits of its script.
        heads: The heads to score.

    Returns:
        By head, spans or tokens with the right bounds and label; under ``tokens`` those with the
        right bounds.
    """
    names = [head.name for head in heads]
    counts = {name: Counter[str]() for name in ("tokens", *names)}
    for texts, gold in raw_texts(split, heads):
        for document, expected in zip(tagger.batch(texts, names), gold, strict=True):
            found = _found(document, heads)
            for name, count in counts.items():
                right, here = Counter(expected[name]), Counter(found[name])
                count["gold"] += right.total()
                count["predicted"] += here.total()
                count["correct"] += (right & here).total()
    return {name: _score(count) for name, count in counts.items()}


def raw_texts(
    split: datasets.Dataset, heads: Sequence[HeadSpec]
) -> Iterator[tuple[list[str], list[dict[str, list[Item]]]]]:
    """Put the texts of sentences together.

    Yields:
        Some texts, and for each its gold items ``(start, end, label)`` by head, its tokens under
        ``tokens``.
    """
    # What the corpus itself splits, not what the model would, is written together.
    pieces = split.select_columns(["tokens"]).iter(PIECE)
    rules = fit_rules(tokens for rows in pieces for tokens in rows["tokens"])
    spaced = ["space_after"] if "space_after" in split.column_names else []
    for rows in split.select_columns(["tokens", *spaced, *(h.name for h in heads)]).iter(PIECE):
        texts, gold = [], []
        for i, tokens in enumerate(rows["tokens"]):
            known = rows["space_after"][i] if spaced else None
            text, offsets = detokenize(tokens, known, rules=rules)
            expected = {head.name: _items(head, rows[head.name][i], offsets) for head in heads}
            texts.append(text)
            gold.append({"tokens": [(start, end, "") for start, end in offsets], **expected})
        yield texts, gold


def _found(document: Document, heads: Iterable[HeadSpec]) -> dict[str, list[Item]]:
    found = {"tokens": [(token.start, token.end, "") for token in document.tokens]}
    for head in heads:
        found[head.name] = []
        for first, past in document.sentences:
            tokens = document.tokens[first:past]
            offsets = [(token.start, token.end) for token in tokens]
            found[head.name] += _items(head, [token.tags[head.name] for token in tokens], offsets)
    return found


def _items(head: HeadSpec, tags: Sequence[Any], offsets: Sequence[tuple[int, int]]) -> list[Item]:
    if head.kind == "span":
        return [
            (offsets[s][0], offsets[e - 1][1], label) for s, e, label in spans(tags, Scheme.BIO)
        ]
    return [(*at, tag) for at, tag in zip(offsets, tags, strict=True) if tag is not None]


def _score(count: Counter[str]) -> RawScore:
    precision = count["correct"] / max(count["predicted"], 1)
    recall = count["correct"] / max(count["gold"], 1)
    return RawScore(
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / max(precision + recall, 1e-12),
        n_gold=count["gold"],
        n_predicted=count["predicted"],
        n_correct=count["correct"],
    )
