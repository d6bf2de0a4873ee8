"""`predict`: texts or files to answers on standard output or in a file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from tagger.errors import UsageError, unknown_name
from tagger.files import check_not_read
from tagger.prediction.input import PIECE, STDIN, inputs, is_live, pieces, size_of
from tagger.prediction.output import NONE, answered, skip, write_answers, write_view
from tagger.prediction.rendering import FORMATS
from tagger.prediction.workers import Job
from tagger.runtime.batching import batched
from tagger.sharing.finding import find_model


def predict(
    job: Job,
    texts: Sequence[str],
    files: Sequence[Path],
    *,
    output: Path | None = None,
    resume: bool = False,
    force: bool = False,
    workers: int = 1,
) -> None:
    """Answer texts, the lines of files, or those of standard input.

    Lines that come from a pipe are answered as they come, in single precision unless another is
    asked for: in that it does not matter what a sentence is tagged together with. Lines of files
    are answered in fixed pieces, in the model's own precision. So the answers do not depend on
    when a line came.

    Args:
        job: What to do with each; its format may be empty for a view in a terminal, else text.
        texts: Texts.
        files: Files of a text a line; ``-`` is standard input.
        output: The file to write to; None is standard output.
        resume: Go on behind what ``output`` holds.
        force: Replace ``output``.
        workers: Processes.

    Raises:
        UsageError: An unknown format, or an impossible combination.
        TaggerError: What is wrong with model or input.
        Interrupted: Ctrl-C, with an ``output`` that can be gone on with.
    """
    if job.output_format and job.output_format not in FORMATS:
        raise UsageError(unknown_name("format", job.output_format, FORMATS))
    shown = sys.stdout is not None and sys.stdout.isatty() and output is None
    if job.confidence and job.output_format != "json" and (job.output_format or not shown):
        raise UsageError("--confidence has no place in text and columns; add --format json")
    _check_output(job, texts, files, output, resume=resume, force=force)
    done = answered(output) if resume and output is not None else NONE
    job = job._replace(model=str(find_model(job.model)))
    live = is_live(texts, files)
    if live and job.precision is None:
        job = job._replace(precision="fp32")
    lines = inputs(texts, files)
    if done.n_texts:
        lines = skip(lines, done.n_texts)
    cut = pieces(lines) if live else batched(lines, PIECE)
    if not job.output_format and shown:
        write_view(job, cut)
        return
    write_answers(
        job._replace(output_format=job.output_format or "text"),
        cut,
        workers=workers,
        output=output,
        done=done,
        n_bytes=None if texts or done.n_texts else size_of(files),
    )


def _check_output(
    job: Job,
    texts: Sequence[str],
    files: Sequence[Path],
    output: Path | None,
    *,
    resume: bool,
    force: bool,
) -> None:
    """See that nothing is lost."""
    read = files or ([] if texts else [STDIN])
    check_not_read([output], ["/dev/stdin" if path == STDIN else path for path in read])
    if resume:
        if output is None:
            raise UsageError("--resume needs the file to go on with: --output")
        if texts:
            raise UsageError("--resume is for files; give them with --file")
        if job.output_format == "conll":
            raise UsageError("--resume cannot count answers in conll; use --format json or text")
    elif output is not None and output.is_file() and output.stat().st_size and not force:
        raise UsageError(f"{output}: exists; go on with --resume or replace it with --force")
