"""`tagger.evaluate`: the scores of a model on a corpus."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from tagger.arguments import as_name
from tagger.errors import UsageError
from tagger.evaluation.by_threshold import THRESHOLDS
from tagger.evaluation.by_threshold import by_threshold as scores_by_threshold
from tagger.evaluation.coverage import coverage as covered_names
from tagger.evaluation.predictions import write_predictions
from tagger.evaluation.raw import evaluate_raw
from tagger.evaluation.scores import SpanScores
from tagger.evaluation.selection import select_split
from tagger.evaluation.split import Evaluation, evaluate_confidence, evaluate_split
from tagger.files import check_new, check_not_read
from tagger.formats.records import Columns
from tagger.runtime.engines.protocol import EngineName, Precision
from tagger.runtime.loading import load
from tagger.runtime.tagger import Tagger
from tagger.runtime.thresholds import Threshold
from tagger.sharing.finding import find_model

__all__ = ["evaluate"]


def evaluate(
    model: str | Path | Tagger,
    corpus: str | Path,
    split: Literal["train", "dev", "test"] | None = None,
    *,
    raw: bool = False,
    threshold: Threshold | None = None,
    by_threshold: bool = False,
    coverage: bool = False,
    heads: Sequence[str] | None = None,
    columns: str | Columns | None = None,
    read_predictions: bool = False,
    predictions: str | Path | None = None,
    force: bool = False,
    device: str = "cpu",
    engine: EngineName | None = None,
    precision: Precision | None = None,
    threads: int = 0,
    strict: bool = False,
    data_dir: str | Path | None = None,
) -> Evaluation:
    """Score a model on a corpus.

    Args:
        model: A model directory, the name of a model, or ``hub:owner/name``; or a loaded model,
            which does not know how its configuration renames the labels of corpora.
        corpus: The name of a corpus, a folder, a file, or ``hub:owner/name``.
        split: The split to score; None for test, or for the only one.
        raw: Score by character spans on untokenized text, so that the cost of tokenization shows.
        threshold: The least probability of a span, or one by label, see `tagger.load`; None for
            that of a loaded model, or for the spans of the best tag sequence.
        by_threshold: Score spans at several thresholds, too, which tags the corpus for each.
        coverage: Count the names that masking would leave and the other words that it would hide,
            whatever their labels.
        heads: The heads to score; None for all that model and corpus share.
        columns: The columns of the corpus's files, as in ``token,pos,chunk,ner``, or a
            `tagger.Columns`.
        read_predictions: Take the predictions in exports of Label Studio for gold where a task is
            not annotated.
        predictions: A file to write tokens with gold and predicted tags to, as conlleval reads it.
        force: Replace that file.
        device: See `tagger.load`, as for ``engine``, ``precision`` and ``threads``.
        engine: See `tagger.load`.
        precision: See `tagger.load`.
        threads: See `tagger.load`.
        strict: Stop at a tag outside its scheme.
        data_dir: Where to look for named corpora first.

    Raises:
        UsageError: There is no such split or head, no head or label in common, no head with spans
            for thresholds, or one is out of its range or of an unknown label.
        CorpusError: The corpus is not found or cannot be read.
        ModelError: As `tagger.load`.

    >>> scores = evaluate("en", "sample", "dev", heads=["ner"])
    >>> sorted(scores.main), scores.spans["ner"].micro.n_gold > 20
    (['ner'], True)
    """
    if raw and predictions is not None:
        raise UsageError("predictions are of gold tokens", hint="leave out {predictions} or {raw}")
    if raw and coverage:
        raise UsageError("coverage counts gold tokens", hint="leave out {coverage} or {raw}")
    written = None if predictions is None else Path(predictions)
    check_new([written], force=force)
    directory, tagger, name = None, model, "the model"
    if not isinstance(tagger, Tagger):
        name = as_name("model", model)
        directory = find_model(name)
        tagger = load(directory, device=device, engine=engine, precision=precision, threads=threads)
    if threshold is not None:
        tagger = tagger.with_threshold(threshold)
    chosen = select_split(
        directory,
        tagger,
        as_name("corpus", corpus),
        split,
        heads,
        columns=columns,
        read_predictions=read_predictions,
        data_dir=None if data_dir is None else Path(data_dir),
        strict=strict,
    )
    check_not_read([written], chosen.files)
    of_spans = [head for head in chosen.heads if head.kind == "span"]
    if (threshold is not None or by_threshold or coverage) and not of_spans:
        names = [head.name for head in chosen.heads]
        raise UsageError(
            f"only spans have thresholds and coverage, and {', '.join(names)} has none",
            hint="choose other {heads}",
        )
    if raw:
        scores = evaluate_raw(tagger, chosen.data, chosen.heads, chosen.not_annotated)
    else:
        scores, tagged = evaluate_confidence(
            tagger, chosen.data, chosen.heads, chosen.not_annotated
        )
        if written is not None:
            names = [head.name for head in chosen.heads if head.kind != "text"]
            write_predictions(written, tagged, names, chosen.not_annotated, force=force)
    curves = {}
    if by_threshold:

        def evaluated(tagger: Tagger) -> dict[str, SpanScores]:
            if raw:
                found = evaluate_raw(tagger, chosen.data, of_spans, chosen.not_annotated).spans
                return {head.name: found[head.name] for head in of_spans}
            return evaluate_split(tagger, chosen.data, of_spans, chosen.not_annotated)[0].spans

        curves = scores_by_threshold(tagger, evaluated)
    covered = {}
    if coverage:
        some = chosen.data, of_spans
        best = evaluate_split(tagger.with_threshold(None), *some)[1]
        likely = evaluate_confidence(tagger.with_threshold(THRESHOLDS[0]), *some)[1]
        covered = {head.name: covered_names(best, likely, head.name) for head in of_spans}
    title = f"{name} on {corpus} {chosen.split}"
    return msgspec.structs.replace(
        scores, title=title, findings=chosen.findings, by_threshold=curves, coverage=covered
    )
