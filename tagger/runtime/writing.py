"""Answers to standard output, one for each input, in order."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from tagger.errors import UsageError
from tagger.runtime.formats import FORMATS, view
from tagger.runtime.results import Document
from tagger.runtime.streaming import pieces
from tagger.runtime.tagger import GivenTokens, Tagger


def write_answers(
    tagger: Tagger,
    texts: Iterable[str],
    *,
    output_format: str | None,
    heads: Sequence[str] | None,
    tokenized: bool,
) -> None:
    """Tag texts and write an answer for each, as they come.

    Args:
        tagger: The model.
        texts: The inputs, read as far as they are there.
        output_format: A key of `FORMATS`; None is a coloured view in a terminal, else text.
        heads: The heads to show; None for all.
        tokenized: The texts are sentences of tokens.

    Raises:
        UsageError: The model has no such head, or standard output is closed.
    """
    if sys.stdout is None:
        raise UsageError("standard output is closed; there is nowhere to write to")
    chosen = tagger.choose(heads)
    if tokenized:
        tagger = tagger.with_splitter(GivenTokens())
    if output_format is None and sys.stdout.isatty():
        from rich.console import Console

        console = Console(highlight=False)
        for piece in pieces(texts):
            for document in tagger.batch(piece, heads):
                console.print(view(document, chosen))
        return
    render = FORMATS[output_format or "text"]
    with _counting() as count:
        for piece in pieces(texts):
            documents = tagger.batch(piece, heads)
            answers = "".join(render(document, chosen) + "\n" for document in documents)
            # Bytes, so that neither the platform's encoding nor its line ends get in the way.
            sys.stdout.buffer.write(answers.encode())
            sys.stdout.buffer.flush()
            count(documents)


@contextmanager
def _counting() -> Iterator[Callable[[Sequence[Document]], None]]:
    """Count lines and tokens on standard error, if that is a terminal and the answers are not."""
    if not sys.stderr.isatty() or sys.stdout.isatty():
        yield lambda documents: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("")
        n_lines = n_tokens = 0
        started = time.perf_counter()

        def count(documents: Sequence[Document]) -> None:
            nonlocal n_lines, n_tokens
            n_lines += len(documents)
            n_tokens += sum(len(document.tokens) for document in documents)
            speed = n_tokens / (time.perf_counter() - started)
            progress.update(task, description=f"{n_lines:,} lines, {speed:,.0f} tokens/s")

        yield count
