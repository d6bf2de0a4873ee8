"""Results in a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tagger.errors import UsageError
from tagger.prediction.output import write_results
from tagger.prediction.workers import Result


def result(content: bytes) -> Result:
    return Result(content, 1, 1, 1)


def test_one_process_at_a_time_writes_a_file(tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"

    def results() -> Iterator[Result]:
        yield result(b"one\n")
        with pytest.raises(UsageError) as raised:
            write_results(iter([result(b"other\n")]), output=output)
        assert raised.value.path == str(output)
        yield result(b"two\n")

    write_results(results(), output=output)
    assert output.read_bytes() == b"one\ntwo\n"
