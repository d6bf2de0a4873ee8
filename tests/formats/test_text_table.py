"""Tables of texts with labels, as they are written and read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tagger.corpus.conversion import convert
from tagger.errors import FormatError


def stored(folder: Path, **row: str) -> Path:
    path = folder / "in.jsonl"
    path.write_text(json.dumps({"text": "x", "label": "y", **row}) + "\n")
    return path


@pytest.mark.parametrize("text", ["a\rb", "\r", 'a,"\n\rb', "\nx"])
def test_line_ends_survive(tmp_path: Path, text: str) -> None:
    text = f"Kim {text} left"
    convert(
        stored(tmp_path, text=text),
        tmp_path / "t.csv",
        source_format="prodigy",
        target_format="table",
    )
    convert(
        tmp_path / "t.csv", tmp_path / "b.jsonl", source_format="table", target_format="prodigy"
    )
    assert json.loads((tmp_path / "b.jsonl").read_text())["text"] == text


def test_pairs_of_line_ends_are_counted(tmp_path: Path) -> None:
    source = stored(tmp_path, text="a\r\nb")
    report = convert(source, tmp_path / "t.csv", source_format="prodigy", target_format="table")
    assert [found.count for found in report.findings if "line end" in found.kind] == [1]


@pytest.mark.parametrize("name", ["table", "fasttext", "conllu"])
@pytest.mark.parametrize("key", ["text", "label"])
def test_a_nul_is_refused_by_the_writer(tmp_path: Path, name: str, key: str) -> None:
    with pytest.raises(FormatError, match="contains"):
        convert(
            stored(tmp_path, **{key: "a\0b"}),
            tmp_path / "out",
            source_format="prodigy",
            target_format=name,
        )
    assert not (tmp_path / "out").exists()
