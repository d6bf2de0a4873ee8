"""Where the shipped corpus and models are, in a checkout, an editable install or a wheel."""

from __future__ import annotations

from pathlib import Path
from typing import Literal


def shipped(kind: Literal["data", "models"], name: str) -> Path | None:
    """Find a corpus or model that comes with `tagger`.

    In a wheel it is inside the package, in a checkout (installed editable or not at all)
    beside it, in ``data/`` and ``models/`` at the top of the repository.
    """
    return next((path for path in _all_shipped(kind) if path.name == name), None)


def shipped_names(kind: Literal["data", "models"]) -> list[str]:
    """List the names of the corpora or models that come with `tagger`."""
    return sorted(path.name for path in _all_shipped(kind))


def _all_shipped(kind: str) -> list[Path]:
    package = Path(__file__).resolve().parent
    folder = package / "_shipped" / kind
    # Beside an installed package are other packages: only a checkout has a pyproject.toml there.
    if not folder.is_dir() and (package.parent / "pyproject.toml").is_file():
        folder = package.parent / kind
    return [path for path in folder.glob("*") if path.is_dir()]
