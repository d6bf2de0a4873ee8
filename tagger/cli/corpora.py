"""``tagger corpora``."""

from __future__ import annotations

from tagger.cli.options import DataDir, Json
from tagger.cli.output import console, echo, print_json


def corpora(json: Json = False, data_dir: DataDir = None) -> None:
    """List the corpora known by name, and where they are on this machine."""
    from tagger.corpus import list_corpora
    from tagger.tables import plain_table

    entries = list_corpora(data_dir)
    if json:
        print_json(entries)
        return
    rows = []
    for entry in entries:
        heads = ", ".join(f"{h}*" if h in entry.main_heads else h for h in entry.heads)
        rows.append([entry.name, entry.title, heads, entry.licence, entry.at_hand or "–"])
    header = ("name", "title", "heads", "licence", "folder")
    console().print(plain_table(header, rows, left=range(len(header))))
    echo("* trained unless --heads names others. A folder, a file or hub:owner/name work as well.")
