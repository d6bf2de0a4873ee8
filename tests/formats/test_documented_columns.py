"""The examples of columns in docs/formats.md are read as the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tagger.corpus import load_corpus

PAGE = Path(__file__).parent.parent.parent / "docs" / "formats.md"
if not PAGE.is_file():
    pytest.skip("a source distribution has no documentation", allow_module_level=True)

EXAMPLE = re.compile(
    r"^#### .*?\n\n`(.*?)`\n.*?```text title=\"(.*?)\"\n(.*?)```", re.MULTILINE | re.DOTALL
)
EXAMPLES = EXAMPLE.findall(PAGE.read_text("utf-8"))


def test_there_are_examples():
    assert len(EXAMPLES) >= 13


@pytest.mark.parametrize(("layout", "name", "content"), EXAMPLES, ids=[one[1] for one in EXAMPLES])
def test_example(write, layout, name, content):
    assert content.count("\n") == 4
    corpus = load_corpus(str(write(name, content)))
    assert corpus.layout.describe() == layout
    (data,) = corpus.splits.values()
    tags = {tag for row in data for tag in row["ner"]}
    assert any(tag and tag.startswith("B-") for tag in tags)
