"""Which model is meant: a folder, one under ``models/``, shipped, installed, or on the hub."""

from __future__ import annotations

import difflib
from pathlib import Path

from tagger.errors import ModelError
from tagger.model.meta import META
from tagger.paths import shipped, shipped_names

MODELS = Path("models")
HUB = "hub:"
GROUP = "tagger_models"
"""The entry points by which installed packages say that they are models."""


def find_model(name: str) -> Path:
    """Find the directory of a model.

    Args:
        name: A folder, the name of one under ``models/``, of a shipped model or of an installed
            one, or ``hub:owner/name[@revision]``.

    Raises:
        ModelError: There is none; the places tried and the nearest name are given. Or it is on
            the hub and cannot be had.
        UsageError: An address of the hub that is none.
    """
    if name.startswith(HUB):
        from tagger.sharing.hub import fetch

        return fetch(name.removeprefix(HUB))
    path = Path(name)
    is_name = bool(name) and name == path.name  # `./en` and `en/` are folders
    if name and path.is_dir() and (not is_name or (path / META).is_file()):
        return path
    installed: dict[str, Path] = {}
    if is_name:
        below = MODELS / name
        if below.is_dir():
            return below
        if (directory := shipped("models", name)) is not None:
            return directory
        installed = installed_models()
        if name in installed:
            return installed[name]
        # Last, since a folder of a corpus may have a model's name; what it lacks is said later.
        if path.is_dir():
            return path
    here = [p.name for p in local_models()]
    near = difflib.get_close_matches(name, [*here, *shipped_names("models"), *installed], n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    known = ", ".join(here) or "none"
    packages = f", nor installed (there: {', '.join(sorted(installed))})" if installed else ""
    raise ModelError(
        f"no model {name!r}: neither a folder nor a name under {MODELS}/ (there: {known})"
        f"{packages}{hint}"
    )


def local_models() -> list[Path]:
    """The complete models under ``models/``, the newest last."""
    found = [path for path in MODELS.glob("*") if (path / META).is_file()]
    return sorted(found, key=lambda path: (path / META).stat().st_mtime)


def installed_models() -> dict[str, Path]:
    """The models that are installed as packages (`tagger package` makes them), by name.

    Nothing of a package is executed: where its files lie is known without importing it.
    """
    from importlib.metadata import entry_points  # looks at every package, so only when needed

    found: dict[str, Path] = {}
    for entry in entry_points(group=GROUP):
        if entry.dist is not None and entry.value.isidentifier():
            directory = Path(str(entry.dist.locate_file(entry.value)))
            if (directory / META).is_file():
                found.setdefault(entry.name, directory)
    return found
