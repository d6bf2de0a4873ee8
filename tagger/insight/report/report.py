"""`tagger.report`: where a model is right and wrong on a corpus."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from tagger.arguments import as_name
from tagger.errors import UsageError
from tagger.evaluation.counting import LabelScore, label_score
from tagger.evaluation.reliability import reliability
from tagger.evaluation.scores import TokenScores, score_tokens, where_known, without
from tagger.evaluation.selection import PIECE, Selection, select_split
from tagger.features.vocabulary import normalize
from tagger.formats.genres import genres
from tagger.formats.records import Columns
from tagger.insight.report.curves import LEAST, curve
from tagger.insight.report.groups import Grouping, SeenLabels, group_scores, with_groups
from tagger.insight.report.intervals import f1_interval
from tagger.insight.report.matching import matching_scores
from tagger.insight.report.outcomes import ALL, LabelledSpan, pair, spans_of
from tagger.insight.report.results import (
    ErrorReport,
    HeadComparison,
    HeadReport,
    LabelReport,
)
from tagger.lines import plain_suffix
from tagger.model.directory import read_model
from tagger.runtime.loading import load
from tagger.runtime.tagger import Tagger
from tagger.schemes import Scheme, spans
from tagger.sharing.finding import find_model

if TYPE_CHECKING:
    import datasets

    from tagger.model.heads import HeadSpec

__all__ = ["report"]


def report(
    model: str | Path,
    corpus: str | Path,
    split: Literal["train", "dev", "test"] | None = None,
    *,
    compare: str | Path | None = None,
    heads: Sequence[str] | None = None,
    columns: str | Columns | None = None,
    read_predictions: bool = False,
    device: str = "cpu",
    threads: int = 0,
    strict: bool = False,
    data_dir: str | Path | None = None,
) -> ErrorReport:
    """Score a model on a corpus and keep each right and wrong span.

    Args:
        model: A model directory, the name of a model, or ``hub:owner/name``.
        corpus: The name of a corpus, a folder, a file, or ``hub:owner/name``.
        split: The split; None for test, or for the only one.
        compare: Another model, to see where the two differ.
        heads: The heads; None for all that model and corpus share.
        columns: The columns of the corpus's files.
        read_predictions: Take the predictions in exports of Label Studio for gold where a task is
            not annotated.
        device: See `tagger.load`, as for ``threads``.
        threads: See `tagger.load`.
        strict: Stop at a tag outside its scheme.
        data_dir: Where to look for named corpora first.

    Raises:
        UsageError: There is no such split or head, no head or label in common, or none of the
            heads has spans.
        CorpusError: The corpus is not found or cannot be read.
        ModelError: As `tagger.load`.

    >>> errors = report("en", "sample", "dev", heads=["ner"])
    >>> sorted(errors.spans["ner"].matchings)
    ['exact', 'partial', 'strict', 'type']
    """

    def selected(name: str, heads: Sequence[str] | None) -> tuple[Path, Tagger, Selection]:
        directory = find_model(name)
        tagger = load(directory, device=device, threads=threads)
        return (
            directory,
            tagger,
            select_split(
                directory,
                tagger,
                as_name("corpus", corpus),
                split,
                heads,
                columns=columns,
                read_predictions=read_predictions,
                data_dir=None if data_dir is None else Path(data_dir),
                strict=strict,
            ),
        )

    name = as_name("model", model)
    directory, tagger, chosen = selected(name, heads)
    of_spans = [head for head in chosen.heads if head.kind == "span"]
    if not of_spans:
        names = ", ".join(head.name for head in chosen.heads)
        raise UsageError(f"a report is about spans, and {names} has none")
    tagged = _tag(tagger, chosen, of_spans)
    other: dict[str, list[_Sentence]] = {}
    other_name = None if compare is None else as_name("compare", compare)
    if other_name is not None:
        _, second, also = selected(other_name, [head.name for head in of_spans])
        other = _tag(second, also, of_spans, with_candidates=False)
    words = read_model(directory).vocabulary.word_ids

    def is_known(word: str) -> bool:
        return normalize(word) in words

    tokens = [row for rows in _rows(chosen.data, ["tokens"]) for row in rows["tokens"]]
    of_documents = _genres(chosen)
    found = {}
    for head in of_spans:
        seen = None if chosen.train is None else _seen(chosen.train, head.name)
        grouping = Grouping(seen, is_known if words else None)
        found[head.name] = _head_report(
            tagged[head.name], tokens, of_documents, grouping, other.get(head.name)
        )
    return ErrorReport(
        title=f"{name} on {corpus} {chosen.split}",
        model=name,
        other=other_name,
        sentences=tuple(tokens),
        spans=found,
        tokens=_token_scores(tagger, chosen),
        findings=chosen.findings,
    )


class _Sentence(NamedTuple):
    gold: list[LabelledSpan]
    predicted: list[LabelledSpan]
    candidates: list[LabelledSpan]
    """Spans that are at least `LEAST` probable."""

    @property
    def right(self) -> set[LabelledSpan]:
        """The gold spans that are predicted."""
        found = {(*span.bounds, span.label) for span in self.predicted}
        return {span for span in self.gold if (*span.bounds, span.label) in found}


def _rows(data: datasets.Dataset, columns: Sequence[str]) -> Iterator[dict[str, list[list[str]]]]:
    yield from data.select_columns(list(columns)).iter(PIECE)


def _tag(
    tagger: Tagger, chosen: Selection, heads: Sequence[HeadSpec], *, with_candidates: bool = True
) -> dict[str, list[_Sentence]]:
    """Tag all sentences with the best sequence and, to draw curves, with all likely spans."""
    names = [head.name for head in heads]
    found: dict[str, list[_Sentence]] = {name: [] for name in names}
    for rows in _rows(chosen.data, ["tokens", *names]):
        best = tagger.tag(rows["tokens"], names, confidence=True)
        likely = best
        if with_candidates:
            likely = tagger.tag(rows["tokens"], names, confidence=True, threshold=LEAST)
        for name in names:
            left_out = chosen.not_annotated.get(name, frozenset())
            for i, gold in enumerate(rows[name]):
                right, predicted = _comparable(gold, best[i].tags[name], left_out)
                _, possible = _comparable(gold, likely[i].tags[name], left_out)
                found[name].append(
                    _Sentence(
                        spans_of(right),
                        spans_of(predicted, best[i].confidence[name]),
                        spans_of(possible, likely[i].confidence[name]),
                    )
                )
    return found


def _comparable(
    gold: Sequence[str | None], predicted: Sequence[str], left_out: Set[str]
) -> tuple[list[str], list[str]]:
    return where_known(gold, without(predicted, left_out))


def _genres(chosen: Selection) -> list[str | None]:
    """Return the genre of the document of each sentence, None where it is not named."""
    n = len(chosen.data)
    if "document" not in chosen.data.column_names:
        return [None] * n
    named = [
        genre
        for path in chosen.split_files
        if plain_suffix(Path(path)) == ".conllu"
        for genre in genres(Path(path))
    ]
    numbers = [
        int(number)
        for rows in chosen.data.select_columns(["document"]).iter(PIECE)
        for number in rows["document"]
    ]
    return [named[i] if 0 <= i < len(named) else None for i in numbers]


def _seen(train: datasets.Dataset, head: str) -> SeenLabels:
    seen: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for rows in _rows(train, ["tokens", head]):
        for tokens, tags in zip(rows["tokens"], rows[head], strict=True):
            for start, end, label in spans([tag or "O" for tag in tags], Scheme.BIO):
                seen[tuple(token.lower() for token in tokens[start:end])].add(label)
    return seen


def _head_report(
    tagged: Sequence[_Sentence],
    tokens: Sequence[Sequence[str]],
    of_documents: Sequence[str | None],
    grouping: Grouping,
    other: Sequence[_Sentence] | None,
) -> HeadReport:
    outcomes = [
        with_groups(outcome, tokens[i], grouping, of_documents[i])
        for i, sentence in enumerate(tagged)
        for outcome in pair(i, sentence.gold, sentence.predicted)
    ]
    confusion: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for outcome in outcomes:
        gold, predicted = (span.label if span else "" for span in (outcome.gold, outcome.predicted))
        confusion[gold][predicted] += 1
    sure = [
        (outcome.predicted.confidence or 0.0, outcome.kind == "correct")
        for outcome in outcomes
        if outcome.predicted
    ]
    return HeadReport(
        labels=_labels(tagged),
        matchings=matching_scores((one.gold, one.predicted) for one in tagged),
        confusion={gold: dict(of_gold) for gold, of_gold in confusion.items()},
        groups=group_scores(outcomes),
        reliability=reliability([prob for prob, _ in sure], [right for _, right in sure]),
        outcomes=tuple(outcomes),
        comparison=None if other is None else _comparison(tagged, other),
    )


def _labels(tagged: Sequence[_Sentence]) -> dict[str, LabelReport]:
    found = {}
    for label, counts in _counts(tagged).items():
        of_label = np.array(counts, dtype=np.float64)
        low, high = f1_interval(of_label)
        right, gold, predicted = (int(total) for total in of_label.sum(axis=0))
        pairs = []
        for sentence in tagged:
            known = {(*span.bounds, span.label) for span in sentence.gold}
            pairs += [
                (span.confidence or 0.0, (*span.bounds, span.label) in known)
                for span in sentence.candidates
                if label in (ALL, span.label)
            ]
        found[label] = LabelReport(
            score=label_score(gold, predicted, right),
            low=low,
            high=high,
            curve=curve(pairs, gold),
        )
    return found


def _counts(tagged: Sequence[_Sentence]) -> dict[str, list[tuple[int, int, int]]]:
    """Count by label, and under `ALL`, each sentence's correct, gold and predicted spans."""
    labels = {span.label for one in tagged for span in (*one.gold, *one.predicted)}
    found: dict[str, list[tuple[int, int, int]]] = {name: [] for name in (*sorted(labels), ALL)}
    for sentence in tagged:
        parts = (sentence.right, sentence.gold, sentence.predicted)
        by_label = [Counter(span.label for span in part) for part in parts]
        for label, rows in found.items():
            right, gold, predicted = (
                of_part.total() if label == ALL else of_part[label] for of_part in by_label
            )
            rows.append((right, gold, predicted))
    return found


def _comparison(one: Sequence[_Sentence], other: Sequence[_Sentence]) -> HeadComparison:
    # Trials are trainings: they import PyTorch.
    from tagger.insight.compare.significance import paired_test
    from tagger.insight.compare.trials import Counts

    counts = [_counts(tagged) for tagged in (one, other)]
    differing = {
        i: second.predicted
        for i, (first, second) in enumerate(zip(one, other, strict=True))
        if _plain(first.predicted) != _plain(second.predicted)
    }
    rows = [[Counts(*row) for row in of_model[ALL]] for of_model in counts]
    return HeadComparison(
        labels={label: _total(of_label) for label, of_label in counts[1].items()},
        p=paired_test(*rows),
        n_fixed=sum(len(other[i].right - one[i].right) for i in differing),
        n_broken=sum(len(one[i].right - other[i].right) for i in differing),
        predicted=differing,
    )


def _plain(found: Sequence[LabelledSpan]) -> list[tuple[int, int, str]]:
    return [(span.start, span.end, span.label) for span in found]


def _total(rows: Sequence[tuple[int, int, int]]) -> LabelScore:
    right, gold, predicted = map(sum, zip(*rows, strict=True))
    return label_score(gold, predicted, right)


def _token_scores(tagger: Tagger, chosen: Selection) -> dict[str, TokenScores]:
    heads = [head for head in chosen.heads if head.kind == "token"]
    gold: dict[str, list[list[str]]] = {head.name: [] for head in heads}
    predicted: dict[str, list[list[str]]] = {head.name: [] for head in heads}
    if heads:
        for rows in _rows(chosen.data, ["tokens", *gold]):
            found = tagger.tag(rows["tokens"], list(gold))
            for name in gold:
                gold[name] += rows[name]
                predicted[name] += [tags[name] for tags in found]
    return {
        head.name: score_tokens(gold[head.name], predicted[head.name], head.tags) for head in heads
    }
