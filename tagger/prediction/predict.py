"""`predict`: texts or files to results on standard output or in a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from tagger.errors import UsageError, unknown_name
from tagger.files import check_not_read, new_file
from tagger.interrupt import interrupted_by_sigterm
from tagger.prediction.input import BLOCK, STDIN, as_available, is_live, read_texts, total_bytes
from tagger.prediction.language import warn_if_foreign
from tagger.prediction.output import check_replaceable, check_writable, write_results
from tagger.prediction.output_formats import DOCBIN, FORMATS, format_of, view
from tagger.prediction.resuming import NOTHING, Kept, record_of, resumable, skip
from tagger.prediction.workers import Job, Result, load_tagger, tag_blocks
from tagger.runtime.batching import batched
from tagger.sharing.finding import find_model

if TYPE_CHECKING:
    from rich.console import Console

Progress: TypeAlias = Callable[
    [Kept, int, int | None], AbstractContextManager[Callable[[Result], None]]
]
"""Begins to show progress: see `tagger.prediction.progress.terminal_progress`."""


def predict(
    job: Job,
    texts: Sequence[str],
    files: Sequence[Path],
    *,
    output: Path | None = None,
    resume: bool = False,
    force: bool = False,
    workers: int = 1,
    screen: Console | None = None,
    progress: Progress | None = None,
) -> None:
    """Tag texts, the lines of files, or those of standard input.

    Lines that come from a pipe are tagged as they come, in single precision unless another is asked
    for: in that it does not matter what a sentence is tagged together with. Lines of files are
    tagged in fixed blocks, in the model's own precision. So the results do not depend on when a
    line came.

    Args:
        job: What to do with each text; without a format the name of the output decides, or else
            results are text.
        texts: Texts.
        files: Files of a text a line, JSON lines with ``text``, or (``job.whole``) of one text;
            ``-`` is standard input.
        output: The file to write to; None for standard output.
        resume: Resume ``output`` after its last complete block of `BLOCK` results.
        force: Replace ``output``.
        workers: Number of processes.
        screen: Where results without a format are shown, coloured; None to write them as text.
        progress: Shows the progress.

    Raises:
        UsageError: An unknown format, an impossible combination, or another job's output.
        TaggerError: A problem of the model or the input.
        Interrupted: Ctrl-C, with an ``output`` that can be resumed.
    """
    formats = (*FORMATS, DOCBIN)
    if job.output_format and job.output_format not in formats:
        raise UsageError(unknown_name("format", job.output_format, formats), expected=formats)
    if output is not None and not job.output_format:
        job = job._replace(output_format=format_of(output))
    if job.output_format == DOCBIN:
        _check_docbin(output, resume=resume)
    shown = screen if not job.output_format else None
    if job.confidence and job.output_format != "json" and shown is None:
        raise UsageError("text and columns cannot show a confidence", hint="use {format=json}")
    if job.nbest and job.output_format != "json":
        raise UsageError("only JSON can show several readings", hint="use {format=json}")
    _check_output(job, texts, files, output, resume=resume, force=force)
    job = job._replace(model=str(find_model(job.model)), output_format=job.output_format or "text")
    live = is_live(texts, files)
    if live and job.precision is None:
        job = job._replace(precision="fp32")
    tagger = load_tagger(job)
    lines = read_texts(texts, files, whole=job.whole)
    if shown is not None:
        chosen = tagger.predictor.choose(job.heads)
        given = as_available(lines) if live else batched(lines, BLOCK)
        for block in warn_if_foreign(given, tagger):
            found = [one.text for one in block]
            for document in tagger.batch(found, job.heads, confidence=job.confidence):
                shown.print(view(document, chosen), highlight=False)
        return
    check_writable(output)
    docbin = output if job.output_format == DOCBIN else None
    if docbin is not None:  # which is written as a whole, from JSON lines
        job = job._replace(output_format="json")
        output = docbin.with_name(f".{docbin.name}.jsonl")
    kept, n_done, record = NOTHING, 0, None
    can_resume = docbin is None and not texts and job.output_format != "conll"
    if output is not None and _is_regular(output) and can_resume:
        record = record_of(job, tagger, files)
        if resume:
            kept = resumable(output, record)
            lines, n_done = skip(lines, kept.n_texts)
    blocks = as_available(lines) if live else batched(lines, BLOCK)
    n_bytes = None if texts else total_bytes(files)
    reporting = nullcontext() if progress is None else progress(kept, n_done, n_bytes)
    with interrupted_by_sigterm(), reporting as report, _converted(output, docbin, force=force):
        write_results(
            tag_blocks(job, tagger, warn_if_foreign(blocks, tagger), workers),
            output=output,
            record=record,
            resume=resume,
            kept=kept,
            force=force or docbin is not None,
            report=report or (lambda result: None),
        )


@contextmanager
def _converted(lines: Path | None, docbin: Path | None, *, force: bool) -> Iterator[None]:
    """Write a DocBin from the JSON lines that are written within a ``with`` block, if any."""
    if lines is None or docbin is None:
        yield
        return
    from tagger.corpus.conversion import convert

    with new_file(docbin, force=force) as file:  # from now on, since the lines are beside it
        converted = lines.with_suffix(".spacy")
        try:
            yield
            convert(lines, converted, source_format="prodigy", target_format=DOCBIN, force=True)
            file.write(converted.read_bytes())
        finally:
            for path in (lines, converted):
                path.unlink(missing_ok=True)


def _check_docbin(output: Path | None, *, resume: bool) -> None:
    if output is None:
        raise UsageError("a DocBin is not text", hint="write it to a file with {output}")
    if resume:
        raise UsageError(
            "a DocBin cannot be resumed", hint="use {format=json}, and `tagger convert` then"
        )


def _is_regular(output: Path) -> bool:
    return output.is_file() or not output.exists()


def _check_output(
    job: Job,
    texts: Sequence[str],
    files: Sequence[Path],
    output: Path | None,
    *,
    resume: bool,
    force: bool,
) -> None:
    """Check that no results are lost."""
    read = files or ([] if texts else [STDIN])
    check_not_read([output], ["/dev/stdin" if path == STDIN else path for path in read])
    if resume:
        if output is None:
            raise UsageError("there is no file to resume", hint="name one with {output}")
        if texts:
            raise UsageError("only results of files can be resumed", hint="pass {files}")
        if job.output_format == "conll":
            raise UsageError(
                "results in conll cannot be counted", hint="use {format=json} or {format=text}"
            )
    elif output is not None:
        check_replaceable(output, force=force)
