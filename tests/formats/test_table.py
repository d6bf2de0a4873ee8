"""All formats: what each writes and reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tagger.formats.table import FORMATS
from tests.helpers.commands import assert_one_line
from tests.helpers.formats import COLUMNS, PRODIGY

WITHOUT_SPANS = ("table", "fasttext")
WRITTEN = [name for name, form in FORMATS.items() if form.is_written]


@pytest.mark.parametrize(
    ("scheme", "tags"),
    [
        ("BIO", "B-LOC I-LOC"),
        ("IOB1", "I-LOC I-LOC"),
        ("BIOES", "B-LOC E-LOC"),
        ("BILOU", "B-LOC L-LOC"),
    ],
)
@pytest.mark.parametrize("name", ["conll", "conllu", "jsonl"])
def test_schemes(run_convert, write, scheme, tags, name):
    path = write("my.jsonl", PRODIGY)
    assert run_convert(path, "out.x", "--to", name, "--scheme", scheme).code == 0
    found = Path("out.x").read_text()
    assert all(tag in found for tag in tags.split())
    back = run_convert("out.x", "back.jsonl", "--from", name, "--to", "jsonl", "--json")
    assert json.loads(back.out)["spans"] == 4


@pytest.mark.parametrize("name", [name for name in WRITTEN if name not in WITHOUT_SPANS])
def test_every_format_goes_to_every_other_and_back(run_convert, write, tmp_path, name):
    source = write("my.jsonl", PRODIGY)
    there, back = tmp_path / "there", tmp_path / "back.conll"
    assert run_convert(source, there, "--to", name).code == 0
    result = run_convert(there, back, "--from", name, "--json")
    assert result.code == 0, result.err
    report = json.loads(result.out)
    assert (report["tokens"], report["spans"], report["findings"]) == (12, 4, [])
    assert report["sentences"] == 2
    assert back.read_text().removeprefix("-DOCSTART-\tO\n\n") == COLUMNS


def test_the_help_names_all_formats(run_convert):
    text = run_convert("--help").out
    assert all(name in text for name in FORMATS)


@pytest.mark.parametrize(
    ("text", "label", "name"),
    [
        ("a\0b", "X", "conll"),
        ("a\0b", "X", "text"),
        ("abc", "a\tb", "conll"),
        ("abc", "a|b", "conllu"),
        ("abc", "a\nb", "text"),
    ],
)
def test_what_a_format_cannot_hold(run_convert, write, text, label, name):
    end = len(text)
    path = write("a.jsonl", json.dumps({"text": text, "label": [[0, end, label]]}))
    result = run_convert(path, "o.x", "--to", name, "--misaligned", "expand")
    assert_one_line(result, 1, "a.jsonl:1: document 1:", "cannot hold", "--to")
