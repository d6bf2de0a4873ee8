"""``tagger corpora``."""

from __future__ import annotations

import typer

from tagger.cli.options import DataDir, Json, console


def corpora(json: Json = False, data_dir: DataDir = None) -> None:
    """List the corpora known by name, and which are at hand."""
    import msgspec
    from rich.table import Table
    from rich.text import Text

    from tagger.corpus import list_corpora

    entries = list_corpora(data_dir)
    if json:
        typer.echo(msgspec.json.encode(entries).decode())
        return
    table = Table("name", "what", "heads", "licence", "at hand", box=None, header_style="bold")
    for entry in entries:
        heads = ", ".join(f"{h}*" if h in entry.main_heads else h for h in entry.heads)
        cells = (entry.name, entry.title, heads, entry.licence, entry.at_hand or "–")
        table.add_row(*map(Text, cells))
    console().print(table)
    typer.echo(
        "* trained where --heads says nothing. A folder, a file or hub:owner/name do as well."
    )
