"""Scores on raw text, by character spans: what tokenization costs is seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from tagger.corpus import load_corpus
from tagger.evaluation.scores import LabelScore
from tagger.prediction.input import inputs
from tagger.schemes import Scheme, spans
from tagger.text import detokenize, fit_rules

if TYPE_CHECKING:
    import datasets

    from tagger.model.heads import HeadSpec
    from tagger.runtime.results import Document
    from tagger.runtime.tagger import Tagger

Item = tuple[int, int, str]
PIECE = 1000


class RawScore(LabelScore, frozen=True, kw_only=True):
    """Character spans with labels: found, expected, and both."""

    labels: dict[str, LabelScore] = msgspec.field(default_factory=dict)
    """Of a span head the scores by label."""
    unknown_labels: tuple[str, ...] = ()
    """Gold labels that the model does not have, so that it cannot be right there."""
    not_scored: dict[str, int] = msgspec.field(default_factory=dict)
    """Predicted spans by label that the corpus does not annotate, and that do not count."""


class Counts(NamedTuple):
    """Items by label."""

    gold: Counter[str]
    predicted: Counter[str]
    correct: Counter[str]

    @property
    def labels(self) -> Set[str]:
        """All that there are."""
        return self.gold.keys() | self.predicted.keys()


def texts_of(source: str, data_dir: Path | None, n: int) -> list[str]:
    """The lines of a file, or the sentences of a corpus as raw text; ``n`` at most.

    Of a corpus they are those of its test split, or of the first that it has.

    Raises:
        UsageError: The file cannot be read, or there is no such corpus.
        CorpusError: The corpus is not found or cannot be read.
        FormatError: The file is no text, or one of the corpus has wrong content.
    """
    if Path(source).is_file():
        return list(islice(inputs([], [Path(source)]), n))
    splits = load_corpus(source, data_dir=data_dir).splits
    split = next(splits[name] for name in ("test", "dev", "train") if name in splits)
    return list(islice((text for texts, _ in raw_texts(split, []) for text in texts), n))


def evaluate_raw(
    tagger: Tagger,
    split: datasets.Dataset,
    heads: Sequence[HeadSpec],
    not_annotated: Mapping[str, Set[str]] | None = None,
) -> dict[str, RawScore]:
    """Tag the text of each sentence, which the tagger has to tokenize by itself.

    Args:
        tagger: The model.
        split: Sentences with a column for each of ``heads``; their text is put together by
            ``space_after`` where the corpus has it, else by the habits of its script.
        heads: The heads to score.
        not_annotated: By span head labels that the corpus does not annotate: what is predicted
            of them does not count.

    Returns:
        By head, spans or tokens with the right bounds and label (a token without a gold tag does
        not count); under ``tokens`` those with the right bounds.
    """
    names = [head.name for head in heads]
    of_tokens = {head.name for head in heads if head.kind == "token"}
    counts = {name: Counts(Counter(), Counter(), Counter()) for name in ("tokens", *names)}
    for texts, gold in raw_texts(split, heads):
        for document, expected in zip(tagger.batch(texts, names), gold, strict=True):
            found = _found(document, heads)
            for name, count in counts.items():
                right, here = Counter(expected[name]), Counter(found[name])
                if name in of_tokens:
                    bounds = {(start, end) for start, end, _ in expected["tokens"]}
                    untagged = bounds - {(start, end) for start, end, _ in right}
                    here = Counter({x: n for x, n in here.items() if x[:2] not in untagged})
                for by_label, items in zip(count, (right, here, right & here), strict=True):
                    for (_, _, label), n in items.items():
                        by_label[label] += n
    left_out = not_annotated or {}
    return {
        "tokens": RawScore(**_score(counts["tokens"], counts["tokens"].labels)),
        **{
            head.name: _scores(head, counts[head.name], left_out.get(head.name, frozenset()))
            for head in heads
        },
    }


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


def _scores(head: HeadSpec, counts: Counts, left_out: Set[str]) -> RawScore:
    labels = counts.labels - left_out
    is_span = head.kind == "span"
    return RawScore(
        **_score(counts, labels),
        labels={x: LabelScore(**_score(counts, [x])) for x in sorted(labels) if is_span},
        unknown_labels=tuple(sorted(counts.gold.keys() - set(head.labels))) if is_span else (),
        not_scored={x: counts.predicted[x] for x in sorted(left_out) if counts.predicted[x]},
    )


def _score(counts: Counts, labels: Iterable[str]) -> dict[str, Any]:
    gold, predicted, correct = (sum(count[label] for label in labels) for count in counts)
    precision = correct / max(predicted, 1)
    recall = correct / max(gold, 1)
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / max(precision + recall, 1e-12),
        "n_gold": gold,
        "n_predicted": predicted,
    }
