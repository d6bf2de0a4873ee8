"""Files of a model directory as bytes and JSON, with errors that name the file."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

from tagger.errors import ModelError
from tagger.lines import NOT_JSON

T = TypeVar("T")


def read_bytes(path: Path) -> bytes:
    """Read a file.

    Raises:
        ModelError: It cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"cannot be read ({error.strerror})", path=path) from None


def read_json(path: Path, kind: type[T]) -> T:
    """Read a JSON file as a type.

    Raises:
        ModelError: It cannot be read, or it is not JSON of this type.
    """
    return parse_json(read_bytes(path), path, kind)


def parse_json(content: bytes, path: Path, kind: type[T]) -> T:
    """Parse the content of a JSON file as a type.

    Raises:
        ModelError: It is not JSON of this type.
    """
    try:
        return msgspec.json.decode(content, type=kind)
    except NOT_JSON as error:
        raise damaged(path, str(error)) from None


def damaged(path: Path, detail: str) -> ModelError:
    """Return the error for a damaged file of a model."""
    return ModelError(
        f"damaged ({detail})", path=path, hint="train the model again or copy it again"
    )
