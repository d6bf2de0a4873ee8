"""Detection of formats, and the errors for files that have none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tagger.corpus import load_corpus
from tests.helpers.commands import assert_one_line
from tests.helpers.formats import PRODIGY, label_studio, region


@pytest.mark.parametrize(
    ("name", "content", "parts"),
    [
        ("a.jsonl", PRODIGY + PRODIGY[:50], ["a.jsonl:2: not a JSON object a line", "cut off"]),
        ("a.json", "[\n" + PRODIGY + ",\n" + PRODIGY[:50], ["a.json:4: the JSON is cut off"]),
        ("a.json", "[\n" + PRODIGY + ",", ["a.json:3: the JSON is cut off"]),
        ("a.json", "[\n" + PRODIGY + "x", ["a.json:3: 'x' where"]),
        ("a.json", "[\n" + PRODIGY + "] x", ["a.json:3: more after the end"]),
        ("a.json", "[1]", ["a.json:1: 1 where the JSON object"]),
        ("a.jsonl", PRODIGY + "[" * 9000, ["a.jsonl:2: "]),
        ("a.json", "[" + "[" * 90000, ["a.json:1: "]),
        ("a.jsonl", PRODIGY + '{"text": 1}', ["a.jsonl:2: no string under 'text'"]),
        ("a.jsonl", PRODIGY + '"x"', ["a.jsonl:2: 'x' where"]),
        ("a.json", '[{"text": "a\\ud800b", "spans": []}]', [":1: half a surrogate"]),
        ("a.jsonl", '{"text": "ab", "tokens": [{"start": 1, "end": 3}]}', [":1:", "the token"]),
        ("a.jsonl", '{"body": "ab"}', [":1: JSON with 'body'", "'entities'"]),
        ("a.jsonl", "", ["no documents"]),
        ("a.jsonl", "\n\n", ["no documents"]),
        ("a.json", "[]", ["no documents"]),
        ("a.jsonl", '{"text": " ", "spans": []}', ["nothing to convert"]),
        ("a.json", json.dumps([label_studio("ab", [region(0, 1, "b")])]), ["but 'b' in the"]),
        ("a.json", '[{"data": {}, "annotations": [{}]}]', [":1: task 1: no string under"]),
        ("a.json", '[{"data": {"text": "a"}, "annotations": [{"result": [1]}]}]', ["an object"]),
        ("a.conll", "", ["a.conll: the file has no sentences"]),
        ("a.conll", "a\tO\nb\n", ["a.conll:2: 1 column where 2"]),
        ("a.conllu", "1\ta\n", ["a.conllu:1: 2 columns where CoNLL-U has 10"]),
        ("a.txt", "", ["its format cannot be detected", "--from", "prodigy"]),
        ("a.txt", "some plain text\nof no format at all\n", ["its format cannot be detected"]),
        ("a.jsonl", b"\xff\xfe\x00", ["UTF-16"]),
        ("a.jsonl", "{\"text\": \"caf\xe9\"}".encode("latin1"), ["a.jsonl:1", "UTF-8"]),
        ("a.conll", b"\xfd7zXZ", ["unxz"]),
    ],
)  # fmt: skip
def test_bad_input_is_an_error_in_one_line(run_convert, write, name, content, parts):
    path = write(name, content)
    before = sorted(Path.cwd().iterdir())
    result = run_convert(path, "out.jsonl", "--to", "prodigy")
    assert_one_line(result, 2 if "detected" in parts[0] else 1, str(path), *parts)
    assert sorted(Path.cwd().iterdir()) == before


@pytest.mark.parametrize("suffix", [".ndjson", ".JSONL"])
@pytest.mark.parametrize("content", [PRODIGY, '{"tokens": ["a", "b"], "ner": ["B-X", "O"]}\n'])
def test_json_lines_by_any_suffix(write, suffix, content):
    folder = write(f"c/train{suffix}", content).parent
    rows = list(load_corpus(str(folder)).splits["train"])
    assert rows == list(load_corpus(str(folder / f"train{suffix}")).splits["train"])
    assert rows[0]["ner"][0].startswith("B-")
