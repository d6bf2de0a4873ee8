"""Files as people have them, and what is read from each: ``expected.json`` beside them.

``expected.txt`` has the right answer in words.
"""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import pytest

from tagger.corpus import load_corpus
from tagger.errors import FormatError

CASES = Path(__file__).parent.parent / "cases"
EXPECTED = {
    f"{path.parent.name}/{name}": expected
    for path in sorted(CASES.glob("*/expected.json"))
    for name, expected in json.loads(path.read_text("utf-8")).items()
}


@pytest.mark.parametrize("name", EXPECTED)
def test_case(name):
    expected = EXPECTED[name]
    if "error" in expected:
        with pytest.raises(FormatError) as caught:
            load_corpus(str(CASES / name))
        assert expected["error"] in caught.value.message
        assert expected["hint"] in (caught.value.hint or "")
        return
    corpus = load_corpus(str(CASES / name))
    (data,) = corpus.splits.values()
    assert corpus.layout.describe() == expected["layout"]
    assert [finding.kind for finding in corpus.findings] == expected["findings"]
    assert len(data) == expected["n_sentences"]
    for row, sentence in zip(islice(data, 3), expected["sentences"], strict=True):
        assert row["document"] == sentence["document"]
        assert " ".join(row["tokens"][:12]) == sentence["tokens"]
        for head in corpus.heads:
            tags = " ".join(tag or "?" for tag in row[head.name][:12])
            assert tags == sentence[head.name], head.name
