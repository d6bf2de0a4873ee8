"""Texts from lines, JSON lines, whole and compressed files, and outputs by their names."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow
import pytest

from tagger.errors import FormatError, UsageError
from tagger.prediction.input import Text, read_texts
from tagger.prediction.output_formats import format_of
from tagger.prediction.predict import predict
from tagger.prediction.workers import Job
from tests.helpers.formats import documents

CASE = Path(__file__).parents[1] / "cases/31-predict-cli/docs.jsonl"
RECORDS = '{"id": 17, "text": "Kim left.\\nRain."}\n\n{"meta": {"id": "b"}, "text": "Rain."}\n'
TEXTS = [Text("Kim left.\nRain.", 17), Text("Rain.", "b")]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", RECORDS),
        ("a.txt", RECORDS),
        ("a.json", "[" + RECORDS.strip().replace("\n\n", ",\n") + "]"),
        ("a.jsonl.gz", gzip.compress(RECORDS.encode(), mtime=0)),
        ("a.jsonl.bz2", bz2.compress(RECORDS.encode())),
        ("a.jsonl.zst", pyarrow.compress(RECORDS.encode(), "zstd", asbytes=True)),
    ],
)
def test_json_lines(tmp_path: Path, name: str, content: str | bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert list(read_texts([], [path])) == TEXTS


def test_lines_and_whole_files(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Kim left.\n{not JSON}\n")
    assert list(read_texts(["x"], [path])) == [Text("x"), Text("Kim left."), Text("{not JSON}")]
    assert list(read_texts([], [path], whole=True)) == [Text("Kim left.\n{not JSON}", str(path))]


@pytest.mark.parametrize(
    ("name", "content", "line", "words"),
    [
        ("a.jsonl", b'{"text": "a"}\n{"body": "b"}', 2, "'body'"),
        ("a.jsonl", b'{"text": "a"}\n{"text": ', 2, "not a JSON object"),
        ("a.txt", b'{"text": "a"}\nb\n', 2, "not JSON"),
        ("a.txt", b"%PDF-1.4 \xff", None, "PDF"),
        ("a.txt", b"PAR1\x15\x00", None, "Parquet"),
        ("a.docx", b"PK\x03\x04\xff\x00", None, "zip"),
        ("a.txt", b"\x89PNG\r\n", None, "image"),
    ],
)
def test_what_is_no_text(tmp_path: Path, name: str, content: bytes, line: int, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FormatError) as caught:
        list(read_texts([], [path]))
    assert (caught.value.path, caught.value.line) == (str(path), line)
    assert words in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.jsonl", "json"),
        ("a.JSON", "json"),
        ("a.conll", "conll"),
        ("a.tsv", "conll"),
        ("a.spacy", "spacy"),
        ("a.txt", "text"),
        ("a", "text"),
    ],
)
def test_the_name_of_the_output_is_that_of_its_format(name: str, expected: str) -> None:
    assert format_of(Path(name)) == expected


def job(model: Path, **more: object) -> Job:
    return Job(str(model), "cpu", None, None, 1, None, False, "")._replace(**more)  # type: ignore[arg-type]


def test_ids_are_carried_through(model: Path, tmp_path: Path) -> None:
    predict(job(model), [], [CASE], output=tmp_path / "a.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert [(line["id"], line["text"]) for line in lines] == [
        (17, "Kim Novak left Oslo.\nJane stayed."),
        (18, "Rain."),
    ]
    predict(job(model), [], [CASE], output=tmp_path / "a.conll")
    assert (tmp_path / "a.conll").read_text().startswith("# newdoc id = 17\nKim\t")
    predict(job(model), [], [CASE], output=tmp_path / "a.spacy")
    found = documents(tmp_path / "a.spacy", "spacy")
    assert [document.text for document in found] == [line["text"] for line in lines]
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix != ".job") == [
        "a.conll",
        "a.jsonl",
        "a.spacy",
    ]


def test_ids_from_standard_input(
    run: Callable, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with CASE.open("rb") as file:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(file))
        result = run("predict", "-m", model, "--format", "json")
    assert [json.loads(line)["id"] for line in result.out.splitlines()] == [17, 18]


def test_a_docbin_is_a_file_and_not_resumed(model: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="DocBin"):
        predict(job(model, output_format="spacy"), ["Kim"], [])
    with pytest.raises(UsageError, match="DocBin"):
        predict(job(model), [], [CASE], output=tmp_path / "a.spacy", resume=True)
