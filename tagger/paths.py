"""Where the shipped corpus and models are, in a checkout, an editable install or a wheel."""

from __future__ import annotations

from pathlib import Path
from typing import Literal


def shipped(kind: Literal["data", "models"], name: str) -> Path | None:
    """Find a corpus or model that comes with `tagger`.

    In a wheel it lies inside the package, in a checkout (installed editable or not at all)
    beside it, in ``data/`` and ``models/`` at the top of the repository.
    """
    package = Path(__file__).resolve().parent
    in_wheel = package / "_shipped" / kind / name
    in_checkout = package.parent / kind / name
    if in_wheel.is_dir():
        return in_wheel
    # Beside an installed package lie other packages: only a checkout has a pyproject.toml there.
    if in_checkout.is_dir() and (package.parent / "pyproject.toml").is_file():
        return in_checkout
    return None
