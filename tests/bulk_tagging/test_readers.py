"""Other programs read what `tagger bulk` writes."""

from __future__ import annotations

from pathlib import Path

import pytest

import tagger
from tests.helpers.tables import write_parquet


@pytest.fixture(scope="module")
def out(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    write_parquet(folder / "in" / "day=1" / "a.parquet", 20)
    write_parquet(folder / "in" / "day=2" / "a.parquet", 20)
    tagger.bulk(folder / "in", folder / "out", model=model, workers=1, tokens=True, confidence=True)
    return folder / "out"


def counts(out: Path) -> dict[str, int]:
    import json

    stored = json.loads((out / "_summary.json").read_text())
    found: dict[str, int] = stored["total"]["n_entities"]
    return found


def test_duckdb(out: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    query = f"""
        SELECT e.label, count(*) FROM
        (SELECT unnest(entities) AS e FROM '{out}/**/*.parquet') GROUP BY 1
    """
    assert dict(duckdb.sql(query).fetchall()) == counts(out)
    days = f"SELECT day, count(*) FROM read_parquet('{out}/**/*.parquet') GROUP BY day ORDER BY day"
    assert [n for _, n in duckdb.sql(days).fetchall()] == [20, 20]


def test_polars(out: Path) -> None:
    polars = pytest.importorskip("polars")
    table = polars.scan_parquet(f"{out}/**/*.parquet").select("entities").collect()
    entities = table.explode("entities").drop_nulls().unnest("entities")
    found = dict(entities["label"].value_counts().iter_rows())
    assert found == counts(out)


def test_pandas(out: Path) -> None:
    import pandas

    frame = pandas.read_parquet(out)  # names that begin with _ are skipped
    assert len(frame) == 40
    assert sum(map(len, frame["entities"])) == sum(counts(out).values())
