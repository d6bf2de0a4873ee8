"""Spans that do not fit tokens, or one another."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tagger.corpus.conversion import convert
from tagger.errors import FormatError
from tests.helpers.commands import assert_one_line
from tests.helpers.formats import OFF_BOUNDS, OVERLAP, char_spans


def test_a_span_joins_the_sentences_that_it_crosses(run_convert, write):
    text = "It is by Ann. Lee wrote it. Good."
    path = write("a.jsonl", json.dumps({"text": text, "label": [[9, 17, "PER"]]}))
    result = run_convert(path, "out.conll", "--json")
    report = json.loads(result.out)
    assert report["sentences"] == 2
    (finding,) = report["findings"]
    assert (finding["kind"], finding["count"]) == ("sentence end within a span", 1)
    assert "Ann\tB-PER\n.\tI-PER\nLee\tI-PER\nwrote\tO" in Path("out.conll").read_text()


def test_misaligned_is_an_error_unless_a_policy_is_stated(run_convert, write):
    path = write("my.jsonl", OFF_BOUNDS)
    with pytest.raises(FormatError, match="'John' 0–4 PER in document 2") as caught:
        convert(path, "out.conll")
    assert (caught.value.path, caught.value.line) == (str(path), 2)
    assert_one_line(run_convert(path, "out.conll"), 1, "--misaligned expand or drop")
    assert not Path("out.conll").exists()
    result = run_convert(path, "out.conll", "--misaligned", "drop")
    assert f"{path}:2: span off token bounds: 'John' 0–4 PER" in result.out
    assert "(dropped)" in result.out
    assert "Johnny\tO\n" in Path("out.conll").read_text()
    result = run_convert(path, "out.conll", "--misaligned", "expand", "--force", "--json")
    assert "Johnny\tB-PER\n" in Path("out.conll").read_text()
    assert json.loads(result.out)["findings"] == [
        {
            "kind": "span off token bounds",
            "path": str(path),
            "line": 2,
            "head": None,
            "example": "'John' 0–4 PER in document 2",
            "count": 1,
            "action": "expanded",
        }
    ]


def test_all_misaligned_spans_are_counted_and_some_named(run_convert, write):
    line = '{"text": "Johnny", "label": [[0,4,"PER"]]}\n'
    result = run_convert(write("a.jsonl", line * 30), "out.conll")
    assert_one_line(result, 1, "a.jsonl:1:", "document 5 (30 in all)")
    result = run_convert(write("a.jsonl", line * 30), "out.conll", "--misaligned", "drop")
    assert "a.jsonl:20: span" in result.out
    assert "and 10 more of this kind\n" in result.out


def test_between_formats_of_characters_spans_stay_unless_asked(run_convert, write):
    path = write("my.jsonl", OFF_BOUNDS)
    result = run_convert(path, "out.jsonl", "--to", "doccano")
    assert "(kept)" in result.out
    assert char_spans(Path("out.jsonl"), "doccano")[1] == [(0, 4, "PER")]
    run_convert(path, "out.jsonl", "--to", "doccano", "--misaligned", "expand", "--force")
    assert char_spans(Path("out.jsonl"), "doccano")[1] == [(0, 6, "PER")]
    result = run_convert(path, "out.jsonl", "--to", "doccano", "--misaligned", "error", "--force")
    assert_one_line(result, 1, "my.jsonl:2")


def test_a_span_of_white_space_has_no_token_to_expand_to(run_convert, write):
    path = write("a.jsonl", '{"text": "a  b", "label": [[1,3,"X"]]}')
    result = run_convert(path, "out.conll", "--misaligned", "expand")
    assert "(dropped)" in result.out


def test_overlapping_spans(run_convert, write):
    path = write("a.jsonl", OVERLAP)
    result = run_convert(path, "out.conll")
    assert_one_line(result, 1, "a.jsonl:1: overlapping span", "'New York' 0–8 LOC", "drop")
    result = run_convert(path, "out.conll", "--overlapping", "drop")
    assert result.out.count("(dropped)") == 2
    assert Path("out.conll").read_text() == "New\tB-ORG\nYork\tI-ORG\nTimes\tI-ORG\n\n"
    assert_one_line(run_convert(path, "out.txt", "--to", "text"), 1, "a.jsonl:1", "overlap")
    assert run_convert(path, "out.json").code == 0
    assert char_spans(Path("out.json"), "labelstudio") == char_spans(path, "doccano")


def test_a_span_that_is_there_twice_is_taken_once(run_convert, write):
    path = write("a.jsonl", '{"text": "a b", "label": [[0,1,"X"],[0,1,"X"]]}')
    assert "a.jsonl:1: repeated span (dropped)" in run_convert(path, "out.conll").out
