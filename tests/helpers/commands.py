"""The result of a command line and what it must look like."""

from __future__ import annotations

from typing import NamedTuple


class Result(NamedTuple):
    code: int
    out: str
    err: str


def assert_one_line(result: Result, code: int, *parts: str) -> None:
    assert result.code == code, result
    assert result.err.startswith("error: "), result.err
    assert result.err.count("\n") == 1, result.err
    for part in parts:
        assert part in result.err
