"""The doubts of a model, or of models that are trained on the other parts of a corpus."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tagger.errors import UsageError, unknown_name
from tagger.linting.records import Collector, GoldCorpus, PlacedSentence
from tagger.linting.suspects import Doubt, doubts
from tagger.tables import counted

if TYPE_CHECKING:
    from tagger.model.heads import HeadSpec
    from tagger.runtime.tagger import Tagger
    from tagger.training.reporting import Reporter

__all__ = ["Judge", "judged"]


@dataclass(frozen=True)
class Judge:
    """Who judges: a model, or as many models as there are folds.

    Attributes:
        model: The model; None to train.
        folds: The number of parts of which each is judged by a model of the others; 0 for none.
        heads: The heads with spans to judge; None for entities, or for all without them.
        base: The model that trainings start from.
        settings: Their settings.
        threads: Threads; None for those of `tagger.train` and `tagger.load`.
        device: Where models run.
        keep: Where to keep the models of folds; None for nowhere.
        reporter: Receives the progress of trainings.
    """

    model: Tagger | None = None
    folds: int = 0
    heads: Sequence[str] | None = None
    base: str | Path | None = None
    settings: Mapping[str, object] | None = None
    threads: int | None = None
    device: str = "auto"
    keep: Path | None = None
    reporter: Reporter | None = None


def judged(
    corpus: GoldCorpus, judge: Judge, found: Collector, show: Callable[[str, float | None], None]
) -> dict[str, list[Doubt]]:
    """Return by head the doubts of all sentences, the least probable annotation first.

    Raises:
        UsageError: The corpus has no such head, or model and corpus have none or no label in
            common.
        CorpusError: There is nothing to train on.
    """
    names = _heads(corpus, judge)
    collected: dict[str, list[Doubt]] = {name: [] for name in names}
    n_sentences = sum(len(file.sentences) for file in corpus.files)
    n_done = 0
    for part, tagger in _taggers(corpus, names, judge):
        heads = {head.name: head for head in tagger.predictor.heads}
        for name in names:
            head = heads[name]
            left_out = _not_annotated(corpus, head)
            show("judging", n_done / max(n_sentences, 1))
            collected[name] += doubts(tagger.predictor, head, part, left_out)
            _note_unknown(part, head, found)
        n_done += len(part)
    for of_head in collected.values():
        of_head.sort(key=lambda doubt: doubt.probability)
    return collected


def _heads(corpus: GoldCorpus, judge: Judge) -> list[str]:
    own = corpus.span_heads
    for name in judge.heads or ():
        if name not in own:
            raise UsageError(f"{corpus.name}: {unknown_name('head', name, own)}", expected=own)
    names = list(judge.heads or ()) or (["ner"] if "ner" in own else own)
    if judge.model is None:
        if not names:
            raise UsageError(f"{corpus.name} has no head with spans", expected=corpus.heads)
        return names
    having = {head.name: head for head in judge.model.heads if head.kind == "span"}
    shared = [name for name in names if name in having]
    missing = [name for name in judge.heads or () if name not in having]
    if missing or not shared:
        raise UsageError(
            f"the model has no spans of {', '.join(missing or names) or 'any head'} "
            f"(it has: {', '.join(having) or 'none'}; {corpus.name}: {', '.join(own) or 'none'})",
            expected=having,
        )
    for name in shared:
        head = having[name]
        if set(head.labels) == _not_annotated(corpus, head):
            raise UsageError(
                f"{corpus.name} annotates none of the model's labels of {name} "
                f"({', '.join(head.labels)})",
                expected=head.labels,
                hint="choose another {model}, or use {folds=5}",
            )
    return shared


def _taggers(
    corpus: GoldCorpus, names: Sequence[str], judge: Judge
) -> Iterable[tuple[list[PlacedSentence], Tagger]]:
    if judge.model is not None:
        return [(list(corpus.sentences()), judge.model)]
    return _trained(corpus, names, judge)


def _trained(
    corpus: GoldCorpus, names: Sequence[str], judge: Judge
) -> Iterator[tuple[list[PlacedSentence], Tagger]]:
    from tagger.linting.folds import trained_folds

    return trained_folds(
        corpus,
        names,
        judge.folds,
        base=judge.base,
        settings=judge.settings,
        threads=judge.threads,
        device=judge.device,
        keep=judge.keep,
        reporter=judge.reporter,
    )


def _not_annotated(corpus: GoldCorpus, head: HeadSpec) -> set[str]:
    """Return the labels of the model that occur nowhere in the corpus."""
    labels = set(head.labels)
    for sentence in corpus.sentences():
        labels.difference_update(span.label for span in sentence.spans.get(head.name, ()))
        if not labels:
            break
    return labels


def _note_unknown(part: Sequence[PlacedSentence], head: HeadSpec, found: Collector) -> None:
    known = set(head.labels)
    unknown = [
        span.label
        for sentence in part
        for span in sentence.spans[head.name]
        if span.label not in known
    ]
    if unknown:
        labels = ", ".join(sorted(set(unknown)))
        found.facts.append(
            f"{head.name}: {counted(len(unknown), 'span')} not judged, with labels that the "
            f"model does not know ({labels})"
        )
