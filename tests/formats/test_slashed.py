"""Words with tags after a mark."""

from __future__ import annotations

import json
from pathlib import Path

from tagger.corpus.conversion import convert


def test_entities_are_the_last_column_of_spans(tmp_path: Path) -> None:
    row = {"tokens": ["Kim", "left"], "chunk": ["B-NP", "B-VP"], "ner": ["B-PER", "O"]}
    (tmp_path / "in.jsonl").write_text(json.dumps(row) + "\n")
    convert(tmp_path / "in.jsonl", tmp_path / "out", target_format="wikiner")
    convert(tmp_path / "out", tmp_path / "b.jsonl", target_format="jsonl")
    assert json.loads((tmp_path / "b.jsonl").read_text())["ner"] == row["ner"]
