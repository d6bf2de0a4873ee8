"""The examples of formats in the documentation are read, each as its format."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tagger.corpus.conversion import convert
from tagger.formats.table import FORMATS

PAGE = Path(__file__).parents[2] / "docs/formats.md"
if not PAGE.is_file():
    pytest.skip("a source distribution has no documentation", allow_module_level=True)

SECTION = PAGE.read_text().partition("## An example of each")[2].partition("\n## ")[0]
EXAMPLES = dict(re.findall(r'```\w+ title="(kim[^"]*)"\n(.*?)```', SECTION, re.DOTALL))
BINARY = {"spacy", "parquet"}
WITHOUT_SPANS = {"table", "fasttext"}


def test_examples_are_read(tmp_path):
    for name, content in EXAMPLES.items():
        (tmp_path / name).write_text(content)
    found = set()
    for name in EXAMPLES.keys() - {"kim.txt"}:
        report = convert(tmp_path / name, tmp_path / "out", target_format="text", force=True)
        assert report.spans == 2, name
        first = (tmp_path / "out").read_text().splitlines()[0].strip()
        assert first == "[Kim Berg](PER) left [Oslo](LOC)"
        found.add(report.source_format)
    assert found == FORMATS.keys() - BINARY - WITHOUT_SPANS


def test_the_table_lists_all_formats():
    table = PAGE.read_text().partition("\n## ")[0]
    assert all(f"| `{name}`" in table for name in FORMATS)
