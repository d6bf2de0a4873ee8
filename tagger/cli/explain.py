"""``tagger explain``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import tagger
from tagger.cli.options import Json, NamedModel
from tagger.cli.output import console, echo, print_json


def explain(
    text: Annotated[str, typer.Argument(help="The text.")],
    token: Annotated[
        str | None,
        typer.Option("--token", "-t", help="The token to explain: a word, or its position from 1."),
    ] = None,
    model: NamedModel = "en",
    head: Annotated[str | None, typer.Option(help="The head; ner, or the first.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page to this file.")] = None,
    states: Annotated[
        Path | None, typer.Option(help="Draw the hidden states to this file (PNG or HTML).")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
    json: Json = False,
) -> None:
    """Explain why a token has its tag, or a text its label: by the contexts and each word.

    tagger explain "John works at Apple in California" --token Apple
    """
    from tagger.files import check_new
    from tagger.insight.explain.page import write_page
    from tagger.insight.explain.pictures import check_picture, draw_states
    from tagger.insight.explain.terminal import show

    if states is not None:
        check_picture(states)
    check_new([html, states], force=force)
    explanation = tagger.explain(model, text, token=token, head=head)
    notes: tuple[str, ...] = ()
    if html is not None:
        write_page(html, explanation, model, force=force)
    if states is not None:
        notes = draw_states(states, model, text, token, force=force)
    if json:
        print_json(explanation)
    else:
        show(console(), explanation)
    for path in (html, states):
        if path is not None:
            echo(f"written: {path}", err=True)
    for note in notes:
        echo(note, err=True)
