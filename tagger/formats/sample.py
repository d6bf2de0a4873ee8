"""The beginning of a file, from which formats recognise their own."""

from __future__ import annotations

from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from tagger.errors import FormatError
from tagger.formats.json_records import read_values
from tagger.lines import JSON_SUFFIXES, open_bytes, plain_suffix, read_lines

__all__ = ["Sample"]

_N_LINES = 1000
_N_BYTES = 16


class Sample:
    """The beginning of a file, read as far as it is asked for.

    Attributes:
        path: The file, or a folder.
        suffix: Its suffix in lower case, without that of a compression.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.suffix = plain_suffix(path)

    @cached_property
    def start(self) -> bytes:
        """The first bytes, decompressed.

        Raises:
            CorpusError: The file cannot be read.
        """
        with open_bytes(self.path) as file:
            return file.read(_N_BYTES)

    @cached_property
    def lines(self) -> list[str]:
        """The first lines that are not blank.

        Raises:
            CorpusError: The file cannot be read.
        """
        lines = islice(read_lines(self.path), _N_LINES)
        return [line for _, line in lines if line.strip()]

    @property
    def data(self) -> list[str]:
        """The first lines that are neither blank nor comments."""
        return [line for line in self.lines if not line.startswith("# ")]

    @cached_property
    def value(self) -> tuple[int, object] | None:
        """The first value of a file of JSON, with its line; None where it has none.

        Raises:
            FormatError: The suffix is that of JSON, and the content is not JSON.
            CorpusError: The file cannot be read.
        """
        is_json = self.suffix in JSON_SUFFIXES
        if not is_json and not "".join(self.lines[:1]).lstrip().startswith(("{", "[")):
            return None
        try:
            return next(read_values(self.path), None)
        except FormatError:
            if is_json:
                raise
            return None  # text, or columns

    @property
    def keys(self) -> dict[str, Any]:
        """The first value of a file of JSON where it is an object; else empty."""
        value = None if self.value is None else self.value[1]
        return value if isinstance(value, dict) else {}
