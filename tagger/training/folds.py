"""Cross-validation: every sentence is scored by a model that has not learned from it."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from tagger.arguments import as_name
from tagger.config import Config, corpus_settings, nested
from tagger.corpus.renaming import load_configured
from tagger.errors import CorpusError, Interrupted, UsageError
from tagger.evaluation.folds import divided
from tagger.evaluation.predictions import write_predictions
from tagger.evaluation.scores import score_spans, score_tokens
from tagger.evaluation.selection import select_split
from tagger.evaluation.split import Evaluation, Tagged, evaluate_split, exact_of
from tagger.evaluation.texts import score_texts
from tagger.files import check_new, write_file
from tagger.formats.records import Columns
from tagger.formats.text_labels import as_list
from tagger.model.meta import META
from tagger.runtime.labelling import label_names
from tagger.tables import counted
from tagger.training.output import LAST, locked
from tagger.training.reporting import Reporter
from tagger.training.settings import settings as combine
from tagger.training.train import train

__all__ = ["CrossValidation", "cross_validate", "is_finished", "is_stopped"]

Row: TypeAlias = Mapping[str, Any]
"""A sentence of a corpus: its tokens, its document, and the tags of each head."""

PREDICTIONS, SCORES = "predictions.tsv", "folds.json"


@dataclass(frozen=True)
class CrossValidation:
    """The scores of a cross-validation."""

    path: Path
    """The folder of the folds' models, their predictions and scores."""
    folds: tuple[dict[str, float], ...]
    """For each fold by head the score of its sentences: F1 or accuracy."""
    pooled: Evaluation
    """The scores of all sentences together, each tagged by the model that has not seen it."""
    predictions: Path
    """A file of gold and predicted tags, in the order of the corpus; `tagger score` reads it."""

    def mean(self, head: str) -> float:
        """Return the mean score of the folds."""
        return statistics.mean(fold[head] for fold in self.folds)

    def sd(self, head: str) -> float:
        """Return the standard deviation of the folds' scores."""
        return statistics.stdev(fold[head] for fold in self.folds)

    def __repr__(self) -> str:
        heads = self.folds[0]
        scores = (
            f"{head} {100 * self.mean(head):.2f} ± {100 * self.sd(head):.2f}" for head in heads
        )
        return f"CrossValidation({counted(len(self.folds), 'fold')}: {', '.join(scores)})"


def cross_validate(
    corpus: str | Path,
    output: str | Path | None = None,
    *,
    folds: int = 5,
    heads: Sequence[str] | None = None,
    columns: str | Columns | None = None,
    base: str | Path | None = None,
    config: Config | str | Path | None = None,
    settings: Mapping[str, object] | None = None,
    seed: int | None = None,
    threads: int | None = None,
    device: str = "auto",
    resume: bool = False,
    force: bool = False,
    strict: bool = False,
    data_dir: str | Path | None = None,
    reporter: Reporter | None = None,
) -> CrossValidation:
    """Train a model on all parts of a corpus but one, for each part, and score it on that part.

    For a corpus without dev and test: its train and dev sentences are divided at random, those of
    a document and equal sentences together. A test split stays out.

    Args:
        corpus: A name, a folder, a file or ``hub:owner/name``.
        output: The folder of the folds; None for one named after the corpus under ``models/``.
        folds: The number of parts.
        heads: See `tagger.train`, as for all others.
        columns: See there.
        base: See there.
        config: See there.
        settings: See there.
        seed: See there.
        threads: See there.
        device: See there.
        resume: Keep the folds that are finished, and resume the one that was stopped.
        force: Replace the folder's models and predictions.
        strict: See there.
        data_dir: See there.
        reporter: See there.

    Raises:
        UsageError: There are fewer than two folds, or fewer documents than folds.
        CorpusError: A fold has no entity, or no other has.
        Interrupted: Ctrl-C or SIGTERM; it can be resumed.
    """
    if folds < 2:
        raise UsageError(f"folds is {folds}", hint="it must be at least 2")
    name = as_name("corpus", corpus)
    given = {"training.seed": seed, "training.threads": threads, **(settings or {})}
    chosen = combine(
        [name],
        output=None if output is None else Path(output),
        config=config,
        heads=heads,
        columns=columns,
        overrides=nested({key: value for key, value in given.items() if value is not None}),
        base=None if base is None else str(base),
        data_dir=None if data_dir is None else Path(data_dir),
        strict=strict,
    )
    place = chosen.output
    with locked(place):  # also from what the folds learn from and are scored on
        if not resume:
            check_new([place / PREDICTIONS, *place.glob(f"fold-*/model/{META}")], force=force)
        loaded = load_configured(
            name,
            corpus_settings(chosen.config, name),
            data_dir=chosen.data_dir,
            strict=strict,
            columns=columns,
        )
        kinds = {head.name: head.kind for head in loaded.heads}
        wanted = list(chosen.config.heads) or list(loaded.main_heads)
        if wanted == ["all"]:
            wanted = list(kinds)
        rows = [row for split, data in loaded.splits.items() if split != "test" for row in data]
        parts = _parts(rows, folds, name)
        _check_entities(rows, parts, [head for head in wanted if kinds.get(head) == "span"], name)

        found: list[dict[str, float]] = []
        tagged: dict[int, Tagged] = {}
        for number, part in enumerate(parts, 1):
            folder = place / f"fold-{number}"
            folder.mkdir(parents=True, exist_ok=True)
            inside = set(part)
            rest = [i for i in range(len(rows)) if i not in inside]
            _write(folder / "train.jsonl", [rows[i] for i in rest], list(kinds))
            _write(folder / "test.jsonl", [rows[i] for i in part], list(kinds))
            model = folder / "model"
            if reporter is not None:
                reporter.note(f"{name}: fold {number} of {folds}, {counted(len(part), 'sentence')}")
            if not (resume and is_finished(model)):
                _train(folder, model, wanted, chosen.config, base, resume, force, device, reporter)
            evaluation, of_part = _score(model, folder / "test.jsonl", wanted)
            found.append(evaluation.main)
            tagged |= dict(zip(part, of_part, strict=True))

        ordered = [tagged[i] for i in sorted(tagged)]
        write_predictions(place / PREDICTIONS, ordered, [h for h in wanted if kinds[h] != "text"])
        pooled = _pooled(ordered, wanted, kinds, name)
        record = {"folds": found, "pooled": pooled}
        write_file(place / SCORES, msgspec.json.format(msgspec.json.encode(record)))
        return CrossValidation(place, tuple(found), pooled, place / PREDICTIONS)


def is_finished(model: Path) -> bool:
    """Return whether the training of a model directory has ended."""
    return (model / META).is_file() and not is_stopped(model)


def is_stopped(model: Path) -> bool:
    """Return whether the training of a model directory can be resumed."""
    return (model / LAST).exists()


def _parts(rows: Sequence[Row], n: int, name: str) -> list[list[int]]:
    """Divide sentences into parts of about the same number of tokens, documents in one piece."""
    documents = {row["document"] for row in rows if "document" in row}
    # Most corpora are one document, or mark none.
    has_documents = len(documents) >= n
    parts = divided(
        range(len(rows)),
        n,
        key=lambda i: rows[i]["document"] if has_documents else tuple(rows[i]["tokens"]),
        size=lambda i: len(rows[i]["tokens"]),
        corpus=name,
        what="document" if has_documents else "different sentence",
    )
    return [sorted(part) for part in parts]


def _check_entities(
    rows: Sequence[Row],
    parts: Sequence[Sequence[int]],
    heads: Sequence[str],
    name: str,
) -> None:
    for head in heads:
        has = [any(tag not in (None, "O") for i in part for tag in rows[i][head]) for part in parts]
        if not all(has):
            raise CorpusError(
                f"no entity ({head}) in fold {has.index(False) + 1} of {len(parts)}",
                path=name,
                hint="use fewer {folds}",
            )


def _write(path: Path, rows: Sequence[Row], heads: Sequence[str]) -> None:
    lines = (
        msgspec.json.encode({"tokens": row["tokens"], **{head: row[head] for head in heads}})
        for row in rows
    )
    write_file(path, b"".join(line + b"\n" for line in lines))


def _train(
    folder: Path,
    model: Path,
    heads: Sequence[str],
    config: Config,
    base: str | Path | None,
    resume: bool,
    force: bool,
    device: str,
    reporter: Reporter | None,
) -> None:
    continues = resume and is_stopped(model)
    try:
        train(
            f"train={folder / 'train.jsonl'}",
            model,
            heads=list(heads),
            base=base,
            config=msgspec.structs.replace(config, heads=tuple(heads), corpora={}),
            device=device,
            resume=continues,
            force=force or (resume and not continues),
            reporter=reporter,
        )
    except Interrupted:
        raise Interrupted(
            f"stopped in {folder.name}", path=folder.parent, hint="continue with {resume=True}"
        ) from None


def _score(model: Path, path: Path, heads: Sequence[str]) -> tuple[Evaluation, list[Tagged]]:
    from tagger.runtime.loading import load

    tagger = load(model)
    selection = select_split(model, tagger, str(path), None, heads)
    return evaluate_split(tagger, selection.data, selection.heads, selection.not_annotated)


def _pooled(
    tagged: Sequence[Tagged], heads: Sequence[str], kinds: Mapping[str, str], title: str
) -> Evaluation:
    spans, tokens, texts = {}, {}, {}
    for head in heads:
        if kinds[head] == "text":
            labels = [label_names(one.labels[head]) for one in tagged]
            texts[head] = score_texts(
                [one.gold_labels[head] for one in tagged],
                labels,
                {label for found in labels for label in as_list(found)},
                multi_label=any(isinstance(found, list) for found in labels),
            )
            continue
        gold = [one.gold[head] for one in tagged]
        predicted = [one.predicted[head] for one in tagged]
        if kinds[head] == "span":
            spans[head] = score_spans(gold, predicted)
        else:
            tokens[head] = score_tokens(gold, predicted)
    return Evaluation(
        spans=spans,
        tokens=tokens,
        texts=texts,
        exact=exact_of(tagged, list(texts), list(spans)) if texts and spans else None,
        n_sentences=len(tagged),
        n_tokens=sum(len(one.tokens) for one in tagged),
        seconds=0.0,
        title=f"{title}, all folds",
    )
