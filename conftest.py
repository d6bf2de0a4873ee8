"""Settings of all tests, doctests of the package among them."""

from __future__ import annotations

import os
from importlib.util import find_spec

import pytest

# A training chooses its threads by their speed, and their number changes the last digits.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Doctests import every module; some need an extra.
collect_ignore_glob = [] if find_spec("fastapi") else ["tagger/service/*"]
if not find_spec("presidio_analyzer"):
    collect_ignore_glob.append("tagger/integrations/presidio.py")


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep what corpora leave in the cache out of the user's own."""
    os.environ["TAGGER_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(autouse=True)
def _folder_of_examples(request: pytest.FixtureRequest) -> None:
    """Run the examples of docstrings in an empty folder."""
    if isinstance(request.node, pytest.DoctestItem):
        request.getfixturevalue("monkeypatch").chdir(request.getfixturevalue("tmp_path"))
