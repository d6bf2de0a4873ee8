"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="Where to look for corpora first; then $TAGGER_DATA, data/."),
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Stop at a tag outside its scheme instead of reading on.")
]
Columns = Annotated[
    str | None,
    typer.Option("--columns", help="The columns of the files, as in token,pos,chunk,ner."),
]
Heads = Annotated[str | None, typer.Option("--heads", help="Heads, as in ner,upos.")]
Device = Annotated[str, typer.Option("--device", help="cpu, cuda, cuda:1; auto picks a GPU.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def names(value: str | None) -> list[str] | None:
    """Split ``a,b``; None stays None."""
    if value is None:
        return None
    return [name.strip() for name in value.split(",") if name.strip()]
