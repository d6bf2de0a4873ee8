"""The HTTP service: `create_app` makes it, ``tagger serve`` runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tagger.service.app import create_app
    from tagger.service.settings import Settings

__all__ = ["Settings", "create_app"]


def __getattr__(name: str) -> Any:
    # Late, so that an error about a missing extra is worded before FastAPI is needed.
    if name == "create_app":
        from tagger.service.app import create_app

        return create_app
    if name == "Settings":
        from tagger.service.settings import Settings

        return Settings
    raise AttributeError(f"module 'tagger.service' has no attribute {name!r}")
