"""Checks the contracts of import-linter, and that heavy libraries are imported late."""

from __future__ import annotations

import os
import pkgutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import tagger

ROOT = Path(__file__).parent.parent

MISSING = tuple(
    module
    for module, library in (
        ("tagger.service", "fastapi"),
        ("tagger.integrations.presidio", "presidio_analyzer"),
    )
    if not find_spec(library)
)
"""Modules of extras that are not installed."""
HEAVY = ("torch", "spacy", "datasets", "pyarrow", "matplotlib", "onnx", "huggingface_hub")
MAY_BE_HEAVY = (
    "tagger.__main__",
    "tagger.insight.compare",
    "tagger.insight.explain.states",
    "tagger.integrations.presidio",  # which imports spaCy
    "tagger.integrations.spacy",
    "tagger.model.characters",
    "tagger.model.crf",
    "tagger.model.embedder",
    "tagger.model.encoder",
    "tagger.model.losses",
    "tagger.model.network",
    "tagger.model.pooling",
    "tagger.distillation",
    "tagger.pretraining",
    "tagger.runtime.engines.pytorch",
    "tagger.training",
)
"""Modules that learn, compute with PyTorch, or live in spaCy; all others import these late."""

IMPORT_ALL = """
import importlib, sys
heavy, modules = (argument.split() for argument in sys.argv[1:])
for module in modules:
    importlib.import_module(module)
    found = [name for name in heavy if name in sys.modules]
    if found:
        sys.exit(f"{module} imports {found} at once")
"""


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_contracts_of_import_linter_hold() -> None:
    pytest.importorskip("importlinter")
    done = python("-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache")
    assert done.returncode == 0, done.stdout + done.stderr


def test_heavy_libraries_are_imported_when_they_are_used() -> None:
    modules = [
        module.name
        for module in pkgutil.walk_packages(tagger.__path__, "tagger.")
        if not module.name.startswith((*MAY_BE_HEAVY, *MISSING))
    ]
    assert len(modules) > 80
    done = python("-c", IMPORT_ALL, " ".join(HEAVY), " ".join(modules))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("prefix", MAY_BE_HEAVY)
def test_modules_that_may_be_heavy_exist(prefix: str) -> None:
    assert any(
        module.name.startswith(prefix)
        for module in pkgutil.walk_packages(tagger.__path__, "tagger.")
    )
