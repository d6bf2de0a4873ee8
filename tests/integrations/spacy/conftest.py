from __future__ import annotations

from pathlib import Path

import pytest
from spacy.language import Language

from tests.helpers.pipelines import pipeline


@pytest.fixture(scope="session")
def nlp(model: Path) -> Language:
    """A pipeline with the tiny model."""
    return pipeline(model)
