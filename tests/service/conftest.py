from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("fastapi", reason="needs the extra serve")
pytest.importorskip("prometheus_client", reason="needs the extra serve")
pytest.importorskip("uvicorn", reason="needs the extra serve")

from tests.helpers.services import hold, serving

__all__ = ["hold"]


@pytest.fixture(scope="session")
def service() -> Iterator[str]:
    """The address of a service with the model ``en``."""
    from tagger.service import create_app

    with serving(create_app()) as url:
        yield url
