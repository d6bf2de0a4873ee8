"""`bulk`: tables in, tables out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import msgspec

import tagger as package
from tagger.arguments import as_mapping, as_name, as_names
from tagger.bulk_tagging.columns import Results
from tagger.bulk_tagging.job import MAX_CHARS, Job, OutputFormat, Work, check_columns
from tagger.bulk_tagging.reporting import Progress, Reporter
from tagger.bulk_tagging.shards import parse_part, plan
from tagger.bulk_tagging.sources.rows import Shard
from tagger.bulk_tagging.state import (
    DONE,
    SUMMARY,
    Mark,
    begin,
    check_folder,
    clear,
    finished,
    locked,
    read_manifest,
    total,
)
from tagger.bulk_tagging.storage import Folder, reading
from tagger.bulk_tagging.tally import Tally
from tagger.bulk_tagging.work import tag_shard
from tagger.errors import Interrupted, UsageError, unknown_name
from tagger.executors.building import build_executor
from tagger.executors.protocol import Executor, ExecutorName, Measures, check_shared
from tagger.files import hinted_errors
from tagger.interrupt import interrupted_by_sigterm
from tagger.model.heads import HeadSpec
from tagger.prediction.resuming import model_digest
from tagger.runtime.engines.processor import n_cores
from tagger.runtime.engines.protocol import EngineName, Precision
from tagger.runtime.loading import load
from tagger.runtime.thresholds import Threshold
from tagger.sharing.finding import DEFAULT, find_model
from tagger.text.sentences import Newline

if TYPE_CHECKING:
    import pyarrow as pa

    from tagger.runtime.tagger import Tagger


class BulkSummary(msgspec.Struct, kw_only=True):
    """What an output holds; also ``OUT/_summary.json``."""

    output: str
    n_shards: int
    """Of the whole input."""
    n_finished: int
    """Of these, by this run and others."""
    n_now: int
    """Of these, by this run."""
    elapsed: float
    """Seconds of this run."""
    left_out: list[str]
    """Files in folders that are of no known format."""
    total: Tally
    """Of all finished shards."""


def bulk(
    inputs: str | Path | Sequence[str | Path],
    output: str | Path,
    *,
    model: str | Path = DEFAULT,
    text_column: str = "text",
    id_column: str | None = None,
    keep: Sequence[str] = (),
    document: bool = False,
    heads: Sequence[str] | None = None,
    tokens: bool = False,
    confidence: bool = False,
    threshold: Threshold | None = None,
    output_format: OutputFormat = "parquet",
    executor: ExecutorName = "local",
    workers: int | None = None,
    ray_address: str | None = None,
    shard: str | None = None,
    newline: Newline = "auto",
    max_chars: int = MAX_CHARS,
    device: str = "cpu",
    engine: EngineName | None = None,
    precision: Precision | None = None,
    fail_fast: bool = False,
    force: bool = False,
    reporter: Reporter | None = None,
) -> BulkSummary:
    """Tag tables into tables; called again after any interruption, it resumes.

    Args:
        inputs: Files, folders, globs or URLs of Parquet, Arrow, JSON lines, CSV or text.
        output: The folder or URL to write to: one file for each row group, range of lines or file.
        model: A model directory, the name of a model, or ``hub:owner/name``.
        text_column: The column of texts.
        id_column: The column of ids; None for ``id`` where there is one.
        keep: Further columns to keep.
        document: A file of text is one text; otherwise a line is.
        heads: The heads to show; None for all, without ``tokens`` for all that have spans.
        tokens: Whether to write tokens with their tags, and sentences.
        confidence: Whether entities have their probability.
        threshold: The least probability of a span, see `tagger.load`.
        output_format: ``parquet`` or ``jsonl``.
        executor: ``local`` or ``ray``.
        workers: Number of processes; None for one a core.
        ray_address: The address of a Ray cluster; None for one on this machine.
        shard: ``i/n`` for the i-th of n parts of the work, from 1; any number of processes may
            work on parts of one output.
        newline: What a line end in a text is; see `tagger.load`.
        max_chars: A longer text has an error instead of results.
        device: Where the model runs.
        engine: ``onnx`` or ``torch``; None for the model's own.
        precision: ``fp32`` or ``int8``; None for the model's own.
        fail_fast: Stop at the first row with an error.
        force: Remove results of another job.
        reporter: Shows the progress.

    Raises:
        UsageError: An unknown name or column, columns of other types, an output of another job or
            of something else.
        TaggerError: A problem of the model or input, or workers that keep dying.
        Interrupted: Ctrl-C.
    """
    reporter = reporter or Reporter()
    given, target = as_names("inputs", inputs), as_name("output", output)
    if "" in (target, *given):
        raise UsageError("the name of an input or the output is empty")
    if output_format not in get_args(OutputFormat):
        valid = get_args(OutputFormat)
        raise UsageError(unknown_name("format", output_format, valid), expected=valid)
    part = parse_part(shard)
    if force and shard is not None:
        raise UsageError(
            "the results of the other parts would be removed",
            hint="use {force=True} without {shard}",
        )
    runner = build_executor(executor, workers, ray_address, default=n_cores())
    directory = find_model(model)
    loaded = load(
        directory,
        device=device,
        engine=engine,
        precision=precision,
        threads=1,
        newline=newline,
        threshold=threshold,
    )
    folder = Folder(target)
    with reading(target):
        sizes = folder.sizes()
    check_folder(folder, sizes)
    earlier = read_manifest(folder)
    found = plan(
        given,
        output=target,
        text_column=text_column,
        id_column=id_column,
        keep=as_names("keep", list(keep)),
        document=document,
        known=None if earlier is None or force else _basic_schema(earlier.kept),
    )
    thresholds = {"*": threshold} if isinstance(threshold, int | float) else threshold
    chosen = _chosen_heads(loaded, heads, tokens=tokens)
    tokens = tokens or all(head.kind == "token" for head in chosen)
    job = Job(
        version=package.__version__,
        model=str(directory.absolute()),
        model_digest=model_digest(directory),
        engine=loaded.engine.name,
        precision=loaded.engine.precision,
        heads=tuple(head.name for head in chosen),
        threshold=dict(as_mapping("threshold", thresholds)),
        confidence=confidence,
        tokens=tokens,
        newline=newline,
        document=document,
        max_chars=max_chars,
        text_column=text_column,
        kept=tuple((field.name, str(field.type)) for field in found.schema),
        output_format=output_format,
    )
    results = Results(loaded, job.heads, confidence=confidence, tokens=tokens)
    check_columns(found.schema.names, results.names)
    work = Work(
        job=job,
        schema=found.schema.serialize().to_pybytes(),
        output=target,
        device=device,
        fail_fast=fail_fast,
    )
    folder.make()
    with locked(folder, part), interrupted_by_sigterm():
        if force:
            clear(folder, sizes)
            sizes = {}
        begin(folder, job, sizes)
        marks = finished(folder, job, found.shards, sizes)
        mine = found.shards[part[0] - 1 :: part[1]]
        started = time.perf_counter()
        n_before = len(marks)
        try:
            with hinted_errors("run the same command again to resume"):
                _run(runner, work, mine, marks, reporter)
        except KeyboardInterrupt:
            raise Interrupted(
                f"stopped; {len(marks):,} of {len(found.shards):,} shards are finished",
                path=target,
                hint="run the same command again to resume",
            ) from None
        finally:
            reporter.stop()
        marks = finished(folder, job, found.shards, folder.sizes())
        summary = BulkSummary(
            output=target,
            n_shards=len(found.shards),
            n_finished=len(marks),
            n_now=len(marks) - n_before,
            elapsed=time.perf_counter() - started,
            left_out=found.left_out,
            total=total(marks.values()),
        )
        folder.write(SUMMARY, msgspec.json.format(msgspec.json.encode(summary)))
        if summary.n_finished == summary.n_shards:
            folder.remove_temporaries()
    return summary


def _run(
    runner: Executor,
    work: Work,
    shards: Sequence[Shard],
    marks: dict[str, Mark],
    reporter: Reporter,
) -> None:
    """Tag the shards that are not finished, and add their marks."""
    left = [shard for shard in shards if shard.name not in marks]
    progress = Progress(shards, left, marks)
    reporter.begin(progress)

    def tell(running: Measures) -> None:
        progress.tell(running)
        reporter.progress(progress)

    is_shared = False
    for _, mark in runner.run(partial(tag_shard, work), left, tell):
        if not is_shared:
            written = Folder(work.output).read(f"{DONE}/{mark.name}.json")
            check_shared(written is not None, work.output)
            is_shared = True
        marks[mark.name] = mark
        progress.add(mark)
        reporter.progress(progress)


def _chosen_heads(
    loaded: Tagger, names: Sequence[str] | None, *, tokens: bool
) -> Sequence[HeadSpec]:
    """Return the heads to show: by default only those with results besides tags of tokens."""
    chosen = loaded.predictor.choose(names)
    others = [head for head in chosen if head.kind != "token"]
    return others if names is None and others and not tokens else chosen


def _basic_schema(kept: Sequence[tuple[str, str]]) -> pa.Schema:
    """Return the kept columns whose types rows of JSON have."""
    import pyarrow as pa

    basic = {str(kind): kind for kind in (pa.int64(), pa.float64(), pa.bool_(), pa.string())}
    return pa.schema([(name, basic[kind]) for name, kind in kept if kind in basic])
