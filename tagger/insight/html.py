"""Pages of HTML that need nothing beside themselves."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #888; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.05rem; margin-top: 2rem; }
.sentence { font-size: 1.3rem; line-height: 2.2; }
.sentence span { padding: .15em .25em; border-radius: .25em; }
.sentence .target { outline: 2px solid; font-weight: 600; }
pre { white-space: pre-wrap; }
table { border-collapse: collapse; }
td, th { padding: .2rem .8rem .2rem 0; text-align: right; }
td { white-space: nowrap; }
th { border-bottom: 1px solid var(--line); font-weight: 600; } td:first-child, th:first-child
{ text-align: left; }
.bar { display: inline-block; height: .7em; border-radius: 2px; background: #2a78b5; }
.against { background: #c1352b; }
.chosen { font-weight: 600; } .note { color: var(--soft); font-size: .9rem; }
img { max-width: 100%; background: white; }
"""


def page(title: str, body: str) -> str:
    """A whole page of HTML; ``body`` is HTML already."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>\n{body}\n</body></html>\n"
    )


def html_table(columns: Iterable[str], rows: Iterable[tuple[str, ...]], chosen: str = "") -> str:
    """A table; cells are HTML already."""
    lines = ["<table><tr>" + "".join(f"<th>{escape(name)}</th>" for name in columns) + "</tr>"]
    for row in rows:
        mark = ' class="chosen"' if chosen and row[0] == chosen else ""
        lines.append(f"<tr{mark}>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>")
    return "\n".join([*lines, "</table>"])
