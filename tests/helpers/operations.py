"""The number of operations of Python that work takes, which is the same in each run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def n_operations(work: Callable[[], object]) -> int:
    """Count the bytecode instructions of a call; those of built-in functions are not seen."""
    n = 0

    def count(frame: FrameType, event: str, _: Any) -> Callable[..., Any]:
        nonlocal n
        frame.f_trace_opcodes = True
        n += event == "opcode"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        work()
    finally:
        sys.settrace(before)
    return n


class Counted(str):
    """A text that counts the characters that are looked at by `find` and copied by slices."""

    n_read: int

    def __new__(cls, text: str) -> Counted:
        made = super().__new__(cls, text)
        made.n_read = 0
        return made

    def find(self, wanted: str, start: Any = 0, end: Any = None) -> int:  # type: ignore[override]
        found = super().find(wanted, start, end)
        self.n_read += (found if found >= 0 else len(self)) - start
        return found

    def __getitem__(self, key: Any) -> str:
        found = super().__getitem__(key)
        self.n_read += len(found)
        return found
