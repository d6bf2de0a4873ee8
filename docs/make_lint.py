"""Write the reference of codes in ``docs/lint.md`` from `tagger.linting.codes`.

The rest of the page, outside the two marks, stays as it is.
"""

from __future__ import annotations

from pathlib import Path

from tagger.linting.codes import CODES, FAMILIES
from tagger.linting.rendering import example_lines
from tagger.tables import markdown_table

PAGE = Path(__file__).with_name("lint.md")
START = "<!-- Made by `python docs/make_lint.py`; a change up to the next mark is lost. -->\n"
END = "<!-- End of what is made. -->\n"


def lint_page() -> str:
    """Return the page as Markdown."""
    before, rest = PAGE.read_text("utf-8").split(START)
    _, after = rest.split(END)
    return f"{before}{START}\n{_reference()}\n{END}{after}"


def _reference() -> str:
    parts = []
    for family, title in FAMILIES.items():
        codes = [code for code in CODES if code.startswith(family)]
        rows = [
            [
                f"`{code}`",
                CODES[code].title,
                CODES[code].level,
                "yes" if CODES[code].is_fixed else "",
            ]
            for code in codes
        ]
        parts.append(f"### {family} {title}\n")
        parts.append("\n".join(markdown_table(["code", "what", "level", "`--fix`"], rows)) + "\n")
        for code in codes:
            parts.append(f"**{code}** {CODES[code].why}\n")
            if CODES[code].files:
                lines = "\n".join(line.rstrip() for line in example_lines(code))
                parts.append(f"```text\n{lines}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(lint_page(), encoding="utf-8")
