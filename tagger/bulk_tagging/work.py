"""The work of a worker: a shard in, a file and its mark out."""

from __future__ import annotations

import os
import socket
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from tagger.bulk_tagging.columns import Results, slices
from tagger.bulk_tagging.job import Work, load_tagger
from tagger.bulk_tagging.sinks import SUFFIXES, opened_sink
from tagger.bulk_tagging.sources.rows import Rows, Shard, Wanted
from tagger.bulk_tagging.sources.table import read
from tagger.bulk_tagging.state import Mark, digest, write_mark
from tagger.bulk_tagging.storage import Folder
from tagger.bulk_tagging.tally import SHOWN_ERRORS, RowError, Tally, Worker
from tagger.errors import TaggerError
from tagger.executors.protocol import Tell, ignore
from tagger.printable import one_line

if TYPE_CHECKING:
    import pyarrow as pa


def tag_shard(work: Work, shard: Shard, tell: Tell = ignore) -> Mark:
    """Tag a shard, write its results, and then its mark.

    Args:
        work: What to do.
        shard: The shard.
        tell: Takes the documents, words and bytes that are done.

    Raises:
        TaggerError: The input or model cannot be read; with ``fail_fast`` also a row with an error.
        OSError: No space, no permission.
    """
    started, used = time.perf_counter(), time.process_time()
    job, results = work.job, _results_of(msgspec.json.encode(work))
    tally = Tally()
    kept_schema = work.kept_schema()
    wanted = Wanted(job.text_column, kept_schema, job.document)
    schema = output_schema(kept_schema, results)
    folder, file_name = Folder(work.output), shard.name + SUFFIXES[job.output_format]
    with (
        folder.create(file_name) as file,
        opened_sink(file, schema, job.output_format) as sink,
    ):
        for rows in read(shard, wanted):
            rows = _without_long(rows, job.max_chars)
            for index, problem in sorted(rows.problems.items()):
                error = RowError(file_name, tally.n_documents + index + 1, one_line(problem))
                if work.fail_fast:
                    raise TaggerError(
                        f"row {error.row}: {error.message}",
                        path=", ".join(shard.paths[:3]),
                        hint="without {fail_fast} such rows have an error, and the others results",
                    )
                if len(tally.errors) < SHOWN_ERRORS:
                    tally.errors.append(error)
            tally.n_errors += len(rows.problems)
            for some in slices(rows.texts):
                sink.write(_tag(results, rows, some, schema, tally))
            tally.n_documents += len(rows.texts)
            tell((tally.n_documents, tally.n_words, rows.share * shard.size))
    tally.seconds = time.perf_counter() - started
    tally.processor_seconds = time.process_time() - used
    tally.workers = {f"{socket.gethostname()}:{os.getpid()}": Worker(tally.n_words, tally.seconds)}
    mark = Mark(
        job=digest(job),
        name=shard.name,
        fingerprint=shard.fingerprint,
        file=file_name,
        n_bytes=int(folder.fs.size(folder.path_of(file_name))),
        tally=tally,
    )
    write_mark(folder, mark)
    return mark


def output_schema(kept: pa.Schema, results: Results) -> pa.Schema:
    """Return the columns of the output: those kept, then those of results."""
    import pyarrow as pa

    return pa.schema([*kept, *results.fields()])


def _tag(
    results: Results, rows: Rows, some: slice, schema: pa.Schema, tally: Tally
) -> pa.RecordBatch:
    import pyarrow as pa

    first, past = some.start, some.stop
    problems = {i - first: problem for i, problem in rows.problems.items() if first <= i < past}
    tagged = results.tag(rows.texts[some], problems)
    tally.n_words += tagged.n_words
    for label, n in tagged.n_entities.items():
        tally.n_entities[label] = tally.n_entities.get(label, 0) + n
    kept: list[Any] = [column.slice(first, past - first) for column in rows.kept]
    return pa.RecordBatch.from_arrays([*kept, *tagged.columns], schema=schema)


def _without_long(rows: Rows, max_chars: int) -> Rows:
    """Make a text that is too long a problem."""
    for i, text in enumerate(rows.texts):
        if text is not None and len(text) > max_chars:
            rows.problems[i] = f"a text of {len(text):,} characters, more than {max_chars:,}"
            rows.texts[i] = None
    return rows


@lru_cache(maxsize=1)
def _results_of(encoded: bytes) -> Results:
    """Return the model of a worker's shards, which is loaded for the first one."""
    work = msgspec.json.decode(encoded, type=Work)
    job = work.job
    return Results(load_tagger(work), job.heads, confidence=job.confidence, tokens=job.tokens)
