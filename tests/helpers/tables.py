"""Tables of texts, and what `tagger bulk` makes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

SENTENCES = [
    "John works at Apple in California.",
    "Mary Jones lives in Ohio.",
    "nothing happened here.",
    "Kim left New York for Berlin. Siemens hired Mary.",
]


def texts(n: int) -> list[str]:
    return [f"{i} {SENTENCES[i % len(SENTENCES)]}" for i in range(n)]


def write_parquet(path: Path, n: int = 40, group: int = 10, **columns: list[Any]) -> Path:
    """Write texts with ids, and other columns."""
    import pyarrow as pa
    from pyarrow import parquet

    path.parent.mkdir(parents=True, exist_ok=True)
    table = {"id": list(range(n)), "text": texts(n), **columns}
    parquet.write_table(pa.table(table), path, row_group_size=group)
    return path


def read_rows(folder: Path) -> list[dict[str, Any]]:
    """Read all results, in the order of their files."""
    from pyarrow import parquet

    files = sorted(p for p in folder.rglob("*.parquet") if "_tmp" not in p.parts)
    return [row for path in files for row in parquet.read_table(path).to_pylist()]
