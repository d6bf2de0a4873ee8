"""Parquet whose footer is damaged: refused, and the process goes on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.helpers.commands import assert_one_line

EACH_BYTE = """
import io, sys
from pathlib import Path
import pyarrow as pa
from tagger.errors import TaggerError
from tagger.formats.bounded_parquet import batches

content = Path(sys.argv[1]).read_bytes()
footer = int.from_bytes(content[-8:-4], "little")
refused = 0
for place in range(len(content) - 8 - footer, len(content) - 8):
    for change in (1, 16, 128):
        damaged = bytearray(content)
        damaged[place] = (damaged[place] + change) % 256
        try:
            for _ in batches(io.BytesIO(bytes(damaged)), "f", size=len(content), rows=100):
                pass
        except (TaggerError, OSError, pa.ArrowException):
            refused += 1
print(refused)
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.parquet"
    texts = ["John left.", "Mary works at Apple.", None]
    parquet.write_table(pa.table({"text": texts, "tags": [["a"], ["b", "c"], []]}), path)
    return path


def test_each_byte_of_the_footer(table: Path) -> None:
    # In a process of its own: pyarrow may end the process where statistics are damaged.
    command = [sys.executable, "-c", EACH_BYTE, str(table)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) > 100


@pytest.mark.parametrize("nth", [0, 1])
def test_a_name_that_is_not_utf_8(run, table: Path, model: Path, tmp_path: Path, nth: int) -> None:
    content = bytearray(table.read_bytes())
    place = 0
    for _ in range(nth + 1):
        place = content.index(b"text", place + 1)
    content[place] = 0x84
    table.write_bytes(content)
    for result in (
        run("convert", table, tmp_path / "out.conll"),
        run("lint", table),
        run("train", table, "-o", tmp_path / "model"),
        run("bulk", table, "-m", model, "-o", tmp_path / "bulk"),
    ):
        assert "Traceback" not in result.err
    assert_one_line(run("convert", table, tmp_path / "out.conll"), 1, str(table))
