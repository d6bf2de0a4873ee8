"""The genres of the documents of a CoNLL-U file, where it names them."""

from __future__ import annotations

import re
from pathlib import Path

from tagger.lines import read_lines

_NEW = re.compile(r"#\s*newdoc\b(?:\s+id\s*=\s*(?P<id>.*))?")
_STATED = re.compile(r"#\s*(?:newdoc |meta::)?genre\s*=\s*(?P<genre>\S.*)")
_IN_ID = re.compile(r"(?:GUM|GENTLE|AMALGUM)_(?P<genre>[A-Za-z]+)_")
"""The Georgetown University corpora name them in the ids of documents."""


def genres(path: Path) -> list[str | None]:
    """Return the genre of each document of a file, in order; None where it is not named.

    It stands in a comment, ``# meta::genre = news`` or ``# genre = news``, or in the id of a
    document of GUM, ``# newdoc id = GUM_news_…``.

    Raises:
        CorpusError: The file cannot be read.
        FormatError: It is not UTF-8.
    """
    found: list[str | None] = []
    for _, line in read_lines(path):
        if not line.startswith("#"):
            continue
        if stated := _STATED.match(line):
            if found:
                found[-1] = stated["genre"].strip()
        elif new := _NEW.match(line):
            in_id = _IN_ID.match((new["id"] or "").strip())
            found.append(in_id["genre"] if in_id else None)
    return found
