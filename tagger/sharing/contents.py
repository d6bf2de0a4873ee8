"""The parts of a model that are shared: its own files, its licence, its card."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from tagger.errors import ModelError
from tagger.model.meta import FILES, GRAPHS, LICENSE, Meta

OWN_FILES = (*FILES, *GRAPHS.values(), LICENSE)
"""Nothing else in a model directory is shared."""

_N_HEAD = 300
"""Number of characters of a licence that name it; further down others may be named."""
_RECOGNISED = (
    *("Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "MPL-2.0", "CC0-1.0"),
    *("CC-BY-3.0", "CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0"),
    *("CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", "CC-BY-ND-4.0", "CC-BY-NC-ND-4.0"),
)
_SHORT = {
    "creative commons": "cc",
    "attribution": "by",
    "noncommercial": "nc",
    "sharealike": "sa",
    "noderivatives": "nd",
    "mozilla public": "mpl",
    "cc zero": "cc0",
    "cc cc0": "cc0",
}


class Licence(NamedTuple):
    """The licence of a model: never more than what is stated."""

    spdx: str
    """Its SPDX identifier; empty where it is not recognised."""
    stated: str
    """The statement, in a line."""
    has_text: bool
    """Whether the model has a file ``LICENSE``."""


def own_files(directory: Path) -> dict[str, Path]:
    """Return the existing files of a model by name, in a fixed order."""
    paths = {name: directory / name for name in sorted(OWN_FILES)}
    return {name: path for name, path in paths.items() if path.is_file()}


def published_files(directory: Path) -> dict[str, Path]:
    """Return the files of a model as `own_files`, to be published.

    Raises:
        ModelError: A file is a link out of the model, which may lead to anything.
    """
    found = own_files(directory)
    inside = {directory.resolve()}
    if directory.absolute().parent.name == "snapshots":  # in the cache of the hub, which has links
        inside.add((directory.absolute().parents[1] / "blobs").resolve())
    for path in found.values():
        if path.resolve().parent not in inside:
            raise ModelError(
                f"is a link out of the model, to {path.resolve()}",
                path=path,
                hint="put a copy of the file in its place",
            )
    return found


def licence_of(directory: Path, meta: Meta) -> Licence:
    """Find a model's licence: in its ``LICENSE``, else what all of its corpora have.

    Raises:
        OSError: ``LICENSE`` cannot be read.
    """
    path = directory / LICENSE
    if path.is_file():
        found = _named_in(path.read_text("utf-8", errors="replace"))
        return Licence(found, found or f"see {LICENSE}", True)
    by_corpus = {corpus.name: corpus.licence or "not stated" for corpus in meta.all_corpora}
    stated = list(dict.fromkeys(by_corpus.values()))
    if len(stated) == 1:
        return Licence(_called(stated[0]), one_line(stated[0]), False)
    each = "; ".join(f"{name}: {licence}" for name, licence in by_corpus.items())
    return Licence("", one_line(f"that of its corpora ({each})") if each else "not stated", False)


def body_of(card: str, model: str) -> str:
    """A card without the YAML front matter of a hub, whose commands name ``model``."""
    match = re.match(r"---\r?\n.*?^---\r?\n\s*", card, flags=re.DOTALL | re.MULTILINE)
    body = card[match.end() :] if match else card
    return re.sub(r"(-m|--from) DIRECTORY\b", rf"\1 {model}", body)


def one_line(text: str) -> str:
    """Text without line ends, as the fields of cards and packages need it."""
    return " ".join(text.split())


def _called(name: str) -> str:
    """The identifier of a licence that is called ``name``, as in ``CC BY 4.0``."""
    plain = _plain(name).removesuffix(" license")
    return next((spdx for spdx in _RECOGNISED if _plain(spdx) == plain), "")


def _named_in(text: str) -> str:
    """The identifier of the one licence that a text begins with; empty if none or several."""
    head = _plain(text[:_N_HEAD])
    # "mit" alone is a word of German.
    names = {spdx: "mit license" if spdx == "MIT" else _plain(spdx) for spdx in _RECOGNISED}
    found = [spdx for spdx, name in names.items() if re.search(rf"\b{re.escape(name)}\b", head)]
    return found[0] if len(found) == 1 else ""


def _plain(name: str) -> str:
    r"""Name licences alike.

    >>> _plain("Creative Commons Attribution-ShareAlike 4.0"), _plain("CC-BY-SA-4.0")
    ('cc by sa 4.0', 'cc by sa 4.0')
    >>> _plain("Apache License\n  Version 2.0")
    'apache 2.0'
    """
    plain = " ".join(re.sub(r"[-_/\s,:]+", " ", name).lower().split())
    plain = plain.replace("licence", "license")
    for long, short in _SHORT.items():
        plain = plain.replace(long, short)
    return re.sub(r"\b(?:license )?version (?=\d)", "", plain)
