"""Problems in data: one record, whoever finds them and wherever they are shown."""

from __future__ import annotations

import msgspec


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of problem in one or more places of a file.

    Attributes:
        kind: What is wrong, in a few words that are the same for all problems of the kind.
        path: The file.
        line: The line of the first place, from 1; None where the file has no lines.
        head: The head whose annotation it concerns; None where it concerns tokens or text.
        example: The first place in words.
        count: The number of places.
        action: What was done about it: ``repaired``, ``expanded``, ``dropped``, ...; empty where
            nothing was done.
    """

    kind: str
    path: str = ""
    line: int | None = None
    head: str | None = None
    example: str = ""
    count: int = 1
    action: str = ""

    def where(self) -> str:
        """Return ``path:line``, as editors and terminals link it.

        >>> Finding(kind="misaligned span", path="a.jsonl", line=3).where()
        'a.jsonl:3'
        """
        return self.path if self.line is None else f"{self.path}:{self.line}"
