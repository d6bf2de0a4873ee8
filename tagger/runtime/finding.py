"""Which model is meant: a folder, a name under ``models/``, or a shipped one."""

from __future__ import annotations

import difflib
from pathlib import Path

from tagger.errors import ModelError
from tagger.model.directory import META
from tagger.paths import shipped

MODELS = Path("models")


def find_model(name: str) -> Path:
    """Find the directory of a model.

    Raises:
        ModelError: There is none; the places tried and the nearest name are given.
    """
    path = Path(name)
    if name and path.is_dir():
        return path
    if name and len(path.parts) == 1:
        below = MODELS / name
        if below.is_dir():
            return below
        if (directory := shipped("models", name)) is not None:
            return directory
    near = difflib.get_close_matches(name, [p.name for p in local_models()], n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    known = ", ".join(p.name for p in local_models()) or "none"
    raise ModelError(
        f"no model {name!r}: neither a folder nor a name under {MODELS}/ (there: {known}){hint}"
    )


def local_models() -> list[Path]:
    """The complete models under ``models/``, the newest last."""
    found = [path for path in MODELS.glob("*") if (path / META).is_file()]
    return sorted(found, key=lambda path: (path / META).stat().st_mtime)
