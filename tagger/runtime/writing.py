"""Answers to standard output, one for each input, in order."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from tagger.runtime.formats import FORMATS, view
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
        UsageError: The model has no such head.
    """
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
    for piece in pieces(texts):
        lines = [render(document, chosen) + "\n" for document in tagger.batch(piece, heads)]
        # Bytes, so that neither the platform's encoding nor its line ends get in the way.
        sys.stdout.buffer.write("".join(lines).encode("utf-8", "surrogateescape"))
        sys.stdout.buffer.flush()
