from __future__ import annotations

from tests.helpers.fixtures import own_cache, run_convert, write

__all__ = ["own_cache", "run_convert", "write"]
