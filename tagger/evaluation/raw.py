"""Scores on raw text, by character spans, so that the cost of tokenization shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tagger.corpus import load_corpus
from tagger.evaluation.counting import LabelScore, label_score, macro_average
from tagger.evaluation.scores import SpanScores
from tagger.evaluation.selection import PIECE
from tagger.evaluation.split import Evaluation
from tagger.evaluation.texts import score_texts
from tagger.formats.records import TextLabel
from tagger.formats.unlabelled import is_annotated
from tagger.prediction.input import read_texts
from tagger.runtime.labelling import label_names
from tagger.schemes import Scheme, spans
from tagger.text import detokenize, fit_rules

if TYPE_CHECKING:
    import datasets

    from tagger.model.heads import HeadSpec
    from tagger.runtime.results import Document
    from tagger.runtime.tagger import Tagger

Item = tuple[int, int, str]
TOKENS = "tokens"
"""The name under which the bounds of tokens are scored; no head can have it."""


class Counts(NamedTuple):
    """Items by label."""

    gold: Counter[str]
    predicted: Counter[str]
    correct: Counter[str]

    @property
    def labels(self) -> Set[str]:
        """All labels that occur."""
        return self.gold.keys() | self.predicted.keys()


def texts_of(source: str, data_dir: Path | None, n: int) -> list[str]:
    """Return the lines of a file of text, or the sentences of a corpus as raw text; at most ``n``.

    The sentences of a corpus are those of its test split, or else of dev or train.

    Raises:
        UsageError: The file cannot be read, or there is no such corpus.
        CorpusError: The corpus is not found or cannot be read.
        FormatError: The file is not text, or one of the corpus has wrong content.
    """
    if Path(source).is_file() and not is_annotated(Path(source)):
        return [one.text for one in islice(read_texts([], [Path(source)]), n)]
    splits = load_corpus(source, data_dir=data_dir).splits
    split = next(splits[name] for name in ("test", "dev", "train") if name in splits)
    return list(islice((text for texts, _ in raw_texts(split, []) for text in texts), n))


def evaluate_raw(
    tagger: Tagger,
    split: datasets.Dataset,
    heads: Sequence[HeadSpec],
    not_annotated: Mapping[str, Set[str]] | None = None,
) -> Evaluation:
    """Tag the text of each sentence, which the tagger has to tokenize itself.

    Args:
        tagger: The model.
        split: Sentences with a column for each of ``heads``; their text is rebuilt by
            ``space_after`` where the corpus has it, else by the habits of its script.
        heads: The heads to score.
        not_annotated: By span head labels that the corpus does not annotate: predictions of them
            do not count.

    Returns:
        By head the scores of spans, or of tokens with their tag (a token without a gold tag does
        not count), that are right if bounds and label are; under ``tokens`` those of bounds alone.
        Those of labels of whole texts, which have no bounds, are as on gold tokens.
    """
    names = [head.name for head in heads]
    text_heads = [head for head in heads if head.kind == "text"]
    heads = [head for head in heads if head.kind != "text"]
    labels: dict[str, list[TextLabel]] = {head.name: [] for head in text_heads}
    of_tokens = {head.name for head in heads if head.kind == "token"}
    counts = {
        name: Counts(Counter(), Counter(), Counter())
        for name in (TOKENS, *(head.name for head in heads))
    }
    n_sentences = 0
    for texts, gold in raw_texts(split, heads):
        n_sentences += len(texts)
        for document, expected in zip(tagger.batch(texts, names), gold, strict=True):
            for head, of_head in labels.items():
                of_head.append(label_names(document.labels[head]))
            found = _found(document, heads)
            for name, count in counts.items():
                right, here = Counter(expected[name]), Counter(found[name])
                unknown = {item[:2] for item in right if not item[2]} if name != TOKENS else set()
                if name in of_tokens:
                    bounds = {(start, end) for start, end, _ in expected[TOKENS]}
                    untagged = bounds - {(start, end) for start, end, _ in right}
                    here = Counter({x: n for x, n in here.items() if x[:2] not in untagged})
                elif unknown:
                    right, here = _where_known(right, here, unknown)
                for by_label, items in zip(count, (right, here, right & here), strict=True):
                    for (_, _, label), n in items.items():
                        by_label[label] += n
    left_out = not_annotated or {}
    n_tokens = counts[TOKENS].predicted.total()
    of_heads = {
        head.name: _scores(counts[head.name], head, left_out.get(head.name, frozenset()), n_tokens)
        for head in heads
    }
    return Evaluation(
        spans={TOKENS: _scores(counts[TOKENS], None, frozenset(), n_tokens), **of_heads},
        tokens={},
        texts={
            head.name: score_texts(
                [
                    x
                    for rows in split.select_columns([head.name]).iter(PIECE)
                    for x in rows[head.name]
                ],
                labels[head.name],
                head.labels,
                multi_label=head.decoder == "sigmoid",
            )
            for head in text_heads
        },
        n_sentences=n_sentences,
        n_tokens=n_tokens,
        seconds=0.0,
        raw=True,
    )


def raw_texts(
    split: datasets.Dataset, heads: Sequence[HeadSpec]
) -> Iterator[tuple[list[str], list[dict[str, list[Item]]]]]:
    """Rebuild the texts of sentences.

    Yields:
        Some texts, and for each its gold items ``(start, end, label)`` by head, its tokens under
        ``tokens``.
    """
    # The rules come from the corpus: what it splits, not what the model would, is joined.
    pieces = split.select_columns(["tokens"]).iter(PIECE)
    rules = fit_rules(tokens for rows in pieces for tokens in rows["tokens"])
    spaced = ["space_after"] if "space_after" in split.column_names else []
    for rows in split.select_columns(["tokens", *spaced, *(h.name for h in heads)]).iter(PIECE):
        texts, gold = [], []
        for i, tokens in enumerate(rows["tokens"]):
            known = rows["space_after"][i] if spaced else None
            text, offsets = detokenize(tokens, known, rules=rules)
            of_heads = {head.name: _items(head, rows[head.name][i], offsets) for head in heads}
            texts.append(text)
            gold.append({TOKENS: [(start, end, "") for start, end in offsets], **of_heads})
        yield texts, gold


def _found(document: Document, heads: Iterable[HeadSpec]) -> dict[str, list[Item]]:
    found = {TOKENS: [(token.start, token.end, "") for token in document.tokens]}
    for head in heads:
        found[head.name] = []
        for first, past in document.sentences:
            tokens = document.tokens[first:past]
            offsets = [(token.start, token.end) for token in tokens]
            found[head.name] += _items(head, [token.tags[head.name] for token in tokens], offsets)
    return found


def _items(head: HeadSpec, tags: Sequence[Any], offsets: Sequence[tuple[int, int]]) -> list[Item]:
    if head.kind == "span":
        known = [tag or "O" for tag in tags]
        found = spans(known, Scheme.BIO)
        unknown = [(*at, "") for at, tag in zip(offsets, tags, strict=True) if tag is None]
        return [*((offsets[s][0], offsets[e - 1][1], label) for s, e, label in found), *unknown]
    return [(*at, tag) for at, tag in zip(offsets, tags, strict=True) if tag is not None]


def _where_known(
    right: Counter[Item], found: Counter[Item], unknown: Set[tuple[int, int]]
) -> tuple[Counter[Item], Counter[Item]]:
    """Remove predicted spans that touch a token without a gold tag, and gold spans under them."""

    def touch(item: Item, others: Iterable[tuple[int, int]]) -> bool:
        return any(item[0] < end and start < item[1] for start, end in others)

    removed = {item[:2] for item in found if touch(item, unknown)}
    return (
        Counter({x: n for x, n in right.items() if x[2] and not touch(x, removed)}),
        Counter({x: n for x, n in found.items() if x[:2] not in removed}),
    )


def _scores(counts: Counts, head: HeadSpec | None, left_out: Set[str], n_tokens: int) -> SpanScores:
    """Score the items of a head, or the bounds of tokens where there is none."""
    labels = sorted(counts.labels - left_out)
    is_span = head is not None and head.kind == "span"
    by_label = {label: _score(counts, [label]) for label in labels if is_span}
    known = head.labels if head is not None and is_span else counts.gold
    micro = _score(counts, labels)
    return SpanScores(
        micro=micro,
        macro=macro_average(by_label.values()) if by_label else micro,
        labels=by_label,
        accuracy=None,
        n_tokens=n_tokens,
        unknown_labels=tuple(sorted(counts.gold.keys() - set(known))),
        not_scored={x: counts.predicted[x] for x in sorted(left_out) if counts.predicted[x]},
    )


def _score(counts: Counts, labels: Iterable[str]) -> LabelScore:
    gold, predicted, correct = (sum(count[label] for label in labels) for count in counts)
    return label_score(gold, predicted, correct)
