"""Files of answers as teachers."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

import tagger
from tagger.distillation.teachers.answer_file import AnswerFile
from tagger.errors import CorpusError, FormatError
from tagger.runtime.cutting import cut_texts
from tagger.text import Tokenizer
from tests.helpers.corpora import small_config


def write(path: Path, *records: object) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "spans",
    [
        {"entities": [{"start": 0, "end": 4, "label": "PER", "score": 0.9}]},
        {"spans": [{"start": 0, "end": 4, "entity_group": "PER", "confidence": 0.9}]},
        {"label": [[0, 4, "PER", 0.9]]},
    ],
)
def test_spans_and_scores(spans: dict[str, object], tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", {"text": "Mary left"} | spans, {"text": "Kim left"})
    teacher = AnswerFile(path, [])
    cut = cut_texts(["Kim left", "Mary left", "unheard of"], Tokenizer())
    probs, known = teacher.answer(cut, ["ner"])["ner"]
    assert teacher.heads[0].tags == ("O", "B-PER", "I-PER")
    assert known.tolist() == [False, False, True, True, False, False]
    assert probs[2].tolist() == pytest.approx([0.1, 0.9, 0])


def test_lines_of_windows(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    line = '{"text": "Kim left", "spans": [[0, 3, "PER"]]}\r\n'
    path.write_bytes(
        b"\xef\xbb\xbf" + line.encode() + b"\r\n" + line.replace("Kim", "Ann").encode()
    )
    teacher = AnswerFile(path, [])
    cut = cut_texts(["Kim left", "Ann left"], Tokenizer())
    probs, known = teacher.answer(cut, ["ner"])["ner"]
    assert known.all()
    assert probs.argmax(axis=1).tolist() == [1, 0, 1, 0]


@pytest.mark.parametrize(
    ("span", "said"),
    [
        ([0, 9, "PER"], "text of 4 characters"),
        ([-1, 4, "PER"], "text of 4 characters"),
        ([0, 4, ""], "label"),
        ([0, 4, "PER", 98], "score"),
        ([0, 4, "B-PER"], "tag of a token"),
        ([0, 4, "O"], "tag of a token"),
        ({"start": 0, "end": 4}, "not a span"),
    ],
)
def test_what_is_wrong_with_a_span(span: object, said: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError) as caught:
        AnswerFile(write(tmp_path / "a.jsonl", {"text": "Mary", "spans": [span]}), [])
    assert said in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    "line",
    [
        "Mary",
        "[]",
        '{"entities": []}',
        '{"text": "Mary", "entities": [[0, 9, "PER"]]}',
        '{"text": "Mary", "entities": [[0, 4, "PER", 7]]}',
        '{"text": "Mary", "spans": ["PER"]}',
    ],
)
def test_a_wrong_line_is_an_error_with_its_number(line: str, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "Kim", "spans": [[0, 3, "PER"]]}\n\n' + line + "\n")
    with pytest.raises(FormatError) as caught:
        AnswerFile(path, [])
    assert caught.value.line == 3


def test_wrong_files(tmp_path: Path) -> None:
    with pytest.raises(CorpusError):
        AnswerFile(tmp_path / "missing.jsonl", [])
    with pytest.raises(CorpusError):
        AnswerFile(write(tmp_path / "none.jsonl", {"text": "Kim", "spans": []}), [])
    packed = tmp_path / "a.jsonl.gz"
    packed.write_bytes(gzip.compress(b'{"text": "Kim", "spans": [[0, 3, "PER"]]}\n'))
    with pytest.raises(FormatError) as caught:
        AnswerFile(packed, [])
    assert caught.value.hint


def test_a_student_of_a_file(tmp_path: Path) -> None:
    texts = [f"{name} left {i} times" for i, name in enumerate(["Kim", "Mary", "John"] * 10)]
    records = [{"text": text, "entities": [[0, text.index(" "), "PER", 0.95]]} for text in texts]
    path = write(tmp_path / "a.jsonl", *records)
    distilled = tagger.distill(
        output=tmp_path / "m", teachers=f"file:{path}", heads=["ner"], config=small_config(epochs=5)
    )
    assert [(e.text, e.label) for e in distilled.load()("Mary left").entities] == [("Mary", "PER")]
    measures = {measure.name: measure for measure in distilled.measures}
    assert measures["MB"].teacher is None
