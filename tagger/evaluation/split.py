"""The scores of a loaded model on a split with gold tokens."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from tagger.evaluation.by_threshold import AtThreshold
from tagger.evaluation.scores import Scores, SpanScores, TokenScores, score_spans, score_tokens
from tagger.evaluation.selection import PIECE
from tagger.findings import Finding

if TYPE_CHECKING:
    import datasets

    from tagger.model.heads import HeadSpec


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """Scores of a model by head, and the speed of tagging."""

    spans: dict[str, SpanScores]
    """Scores of heads with spans; on raw text of all heads, and of the bounds of ``tokens``."""
    tokens: dict[str, TokenScores]
    """Scores of heads with a tag for each token; empty on raw text."""
    n_sentences: int
    n_tokens: int
    seconds: float
    """Wall time of the tagging alone; 0 where it was not measured."""
    raw: bool = False
    """Whether untokenized text was tagged and spans of characters were compared."""
    title: str = ""
    """The model, the corpus and the split."""
    findings: tuple[Finding, ...] = ()
    """Problems in the files of the corpus, and what was done about them."""
    by_threshold: dict[str, tuple[AtThreshold, ...]] = {}
    """By head with spans, the scores at each of several thresholds, where they were asked for."""

    @property
    def main(self) -> dict[str, float]:
        """By head the score that models are compared by: F1 or accuracy."""
        by_head: dict[str, Scores] = {**self.spans, **self.tokens}
        return {head: scores.main for head, scores in by_head.items()}

    def __repr__(self) -> str:
        scores = [f"{head} F1 {100 * scores.main:.2f}" for head, scores in self.spans.items()]
        scores += [f"{head} {100 * scores.main:.2f} %" for head, scores in self.tokens.items()]
        return f"Evaluation({', '.join(scores)}; {self.n_sentences:,} sentences)"


class Tagged(msgspec.Struct, frozen=True):
    """A sentence with its gold and predicted tags by head."""

    tokens: list[str]
    gold: dict[str, list[str | None]]
    predicted: dict[str, list[str]]


class TagsSentences(Protocol):
    """Tags sentences of tokens; `tagger.runtime.tagger.Tagger` is one."""

    def tag(
        self, sentences: Iterable[Sequence[str]], heads: Sequence[str]
    ) -> list[dict[str, list[str]]]:
        """Return the tags of each sentence by head."""
        ...


def tag_split(
    tagger: TagsSentences, split: datasets.Dataset, heads: Sequence[str]
) -> Iterator[list[Tagged]]:
    """Tag a split piece by piece.

    Args:
        tagger: The model.
        split: Sentences with a column for each of ``heads``.
        heads: Heads that both have.
    """
    for rows in split.select_columns(["tokens", *heads]).iter(PIECE):
        predicted = tagger.tag(rows["tokens"], heads)
        yield [
            Tagged(tokens, {head: rows[head][i] for head in heads}, predicted[i])
            for i, tokens in enumerate(rows["tokens"])
        ]


def evaluate_split(
    tagger: TagsSentences,
    split: datasets.Dataset,
    heads: Sequence[HeadSpec],
    not_annotated: Mapping[str, Set[str]] | None = None,
) -> tuple[Evaluation, list[Tagged]]:
    """Score a model on gold tokens.

    Args:
        tagger: The model.
        split: Sentences with a column for each of ``heads``.
        heads: The heads to score.
        not_annotated: By span head labels that the corpus does not annotate: predictions of them
            can be neither right nor wrong, and are counted separately.

    Returns:
        The scores, and every sentence as it was tagged.
    """
    names = [head.name for head in heads]
    started = time.perf_counter()
    tagged = [sentence for piece in tag_split(tagger, split, names) for sentence in piece]
    seconds = time.perf_counter() - started
    spans: dict[str, SpanScores] = {}
    tokens: dict[str, TokenScores] = {}
    for head in heads:
        gold: list[Any] = [sentence.gold[head.name] for sentence in tagged]
        predicted = [sentence.predicted[head.name] for sentence in tagged]
        if head.kind == "span":
            left_out = (not_annotated or {}).get(head.name, frozenset())
            spans[head.name] = score_spans(gold, predicted, head.labels, left_out)
        else:
            tokens[head.name] = score_tokens(gold, predicted, head.tags)
    return Evaluation(
        spans=spans,
        tokens=tokens,
        n_sentences=len(tagged),
        n_tokens=sum(len(sentence.tokens) for sentence in tagged),
        seconds=seconds,
    ), tagged
