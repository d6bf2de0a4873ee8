"""Models by name, folder or address: where they lie, and loading them."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

from tagger.arguments import as_name
from tagger.errors import ModelError
from tagger.model.meta import META
from tagger.paths import shipped, shipped_names

if TYPE_CHECKING:
    from tagger.runtime.engines.protocol import EngineName, Precision
    from tagger.runtime.tagger import Tagger
    from tagger.runtime.thresholds import Threshold
    from tagger.text.sentences import Newline

DEFAULT = "en"
MODELS = Path("models")
HUB = "hub:"
GROUP = "tagger_models"
"""The entry points by which installed packages register their models."""


def load(
    model: str | Path = DEFAULT,
    *,
    device: str = "cpu",
    engine: EngineName | None = None,
    precision: Precision | None = None,
    threads: int = 0,
    newline: Newline = "auto",
    threshold: Threshold | None = None,
) -> Tagger:
    """Find and load a trained model.

    Args:
        model: A model directory, the name of a model, or ``hub:owner/name[@revision]``; see
            `find_model`.
        device: Where it runs: ``cpu``, ``cuda``, ``cuda:1``, ...; ``auto`` picks a GPU.
        engine: ``onnx`` or ``torch``; None for ``onnx`` on a CPU where the model has a graph.
        precision: ``fp32`` or ``int8``; None for the smallest whose tags agreed with those of
            PyTorch when its graph was written.
        threads: CPU threads; 0 for one a core, with ``torch`` for those that PyTorch has.
        newline: Whether a line end in a text is the end of a ``sentence`` or a ``space``; ``auto``
            decides by the lines: those of a list are sentences, those of hard-wrapped prose not.
        threshold: Show every span whose probability reaches it, the best where spans overlap: a
            number above 0 and at most 1, or one by label, as in ``{"PER": 0.2, "*": 0.5}``; None
            for the spans of the best tag sequence.

    Raises:
        ModelError: It is missing, incomplete, damaged or of a newer format, or has no such graph.
        UsageError: There is no such device, engine, precision or label, a threshold is out of its
            range, or ``model`` is no name or path.

    >>> load()("John works at Apple").entities
    [[John](PER), [Apple](ORG)]
    """
    from tagger.runtime.loading import load as load_directory

    return load_directory(
        find_model(model),
        device=device,
        engine=engine,
        precision=precision,
        threads=threads,
        newline=newline,
        threshold=threshold,
    )


def find_model(model: str | Path) -> Path:
    """Find the directory of a model.

    Args:
        model: A folder, the name of one under ``models/``, of a shipped model or of an installed
            one, or ``hub:owner/name[@revision]``.

    Raises:
        ModelError: It is not found; the error names the places tried and the nearest name. Or it
            is on the hub and cannot be downloaded.
        UsageError: It is neither a string nor a path, or not a valid address of the hub.
    """
    name = as_name("model", model)
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
        # Last, since a folder of a corpus may have a model's name; reading it reports what lacks.
        if path.is_dir():
            return path
    here = [p.name for p in local_models()]
    valid = list(dict.fromkeys([*here, *shipped_names("models"), *installed]))
    near = difflib.get_close_matches(name, valid, n=1)
    packages = f", nor installed (there: {', '.join(sorted(installed))})" if installed else ""
    raise ModelError(
        f"no model {name!r}: neither a folder nor a name under {MODELS}/ (there: "
        f"{', '.join(here) or 'none'}){packages}",
        expected=valid,
        hint=f"did you mean {near[0]!r}?" if near else None,
    )


def local_models() -> list[Path]:
    """List the complete models under ``models/``, the newest last."""
    found = [path for path in MODELS.glob("*") if (path / META).is_file()]
    return sorted(found, key=lambda path: (path / META).stat().st_mtime)


def installed_models() -> dict[str, Path]:
    """List the models that are installed as packages (`tagger package` makes them), by name.

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
