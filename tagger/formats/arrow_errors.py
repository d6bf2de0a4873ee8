"""Damage that pyarrow does not raise as an error of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["damaged_names"]


@contextmanager
def damaged_names() -> Iterator[None]:
    """Raise `pyarrow.ArrowInvalid` for names of columns that are not UTF-8."""
    import pyarrow as pa

    try:
        yield
    except UnicodeDecodeError as error:
        shown = error.object.decode(errors="backslashreplace")
        raise pa.ArrowInvalid(f"the name of a column is not UTF-8: {shown:.80}") from None
