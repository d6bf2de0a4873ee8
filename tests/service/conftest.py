from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.helpers.services import hold, serving

__all__ = ["hold"]


@pytest.fixture(scope="session")
def service() -> Iterator[str]:
    """The address of a service with the model ``en``."""
    pytest.importorskip("fastapi", reason="needs the extra serve")
    from tagger.service import create_app

    with serving(create_app()) as url:
        yield url
