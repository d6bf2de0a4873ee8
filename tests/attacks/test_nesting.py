"""JSON and TOML nested more deeply than Python's recursion limit."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.commands import assert_one_line

DEPTHS = (500, 1100, 100_000)


@pytest.fixture(scope="module", autouse=True)
def without_garbage() -> Iterator[None]:
    """Keep finalizers of what other tests have left from running at the recursion limit."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def nested(depth: int, *, closed: bool) -> str:
    return "[" * depth + ("]" * depth if closed else "")


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize(
    "content",
    [
        '{{"text": "a", "meta": {}}}\n',
        '{{"text": "a", "meta": {}}}\n{{"text": "b"}}\n',
        '{{"tokens": ["a"], "ner": {}}}\n',
        '[{{"data": {{"text": "a"}}, "annotations": {}}}]\n',
        "{}\n",
        '{{\n"text": "a",\n"spans": {}\n}}\n',
        '{{"a": {}}}',
    ],
)
def test_json(tmp_path: Path, run: Callable[..., Any], content: str, depth: int, closed: bool):
    for name in ("a.jsonl", "a.json"):
        (tmp_path / name).write_text(content.format(nested(depth, closed=closed)))
        result = run("convert", tmp_path / name, tmp_path / "out", "--to", "prodigy", "--force")
        if result.code:
            assert_one_line(result, result.code, name)


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("name", ["id2label.json", "config.json"])
def test_names_of_numbers(tmp_path: Path, run: Callable[..., Any], name: str, depth: int):
    (tmp_path / "train.jsonl").write_text('{"tokens": ["a"], "ner_tags": [0]}\n')
    (tmp_path / name).write_text(nested(depth, closed=True))
    result = run("convert", tmp_path / "train.jsonl", tmp_path / "out.conll")
    assert_one_line(result, 1)


@pytest.mark.parametrize(
    "content",
    [
        "x = " + "[" * 3000,
        "x = " + "[" * 500 + "]" * 500,
        "a." * 3000 + "b = 1",
        "[" + "a." * 3000 + "b]",
        "x = " + "{a = " * 3000,
        "[corpora." + "a." * 900 + "b]\nx = 1",
    ],
)
def test_toml(tmp_path: Path, run: Callable[..., Any], corpus: Path, content: str):
    config = tmp_path / "config.toml"
    config.write_text(content)
    result = run("train", corpus, "-o", tmp_path / "model", "--config", config)
    assert_one_line(result, 2, "config.toml")
    result = run("train", corpus, "-o", tmp_path / "model", "--set", "heads=" + "[" * 5000)
    assert_one_line(result, 2)


@pytest.mark.parametrize("depth", DEPTHS)
def test_records_of_predict(tmp_path: Path, run: Callable[..., Any], model: Path, depth: int):
    texts = tmp_path / "texts.jsonl"
    texts.write_text('{"text": "John", "more": ' + nested(depth, closed=True) + "}\n")
    result = run("predict", "-m", model, "--file", texts)
    if result.code:
        assert_one_line(result, 1)


def test_a_record_of_a_job(tmp_path: Path, run: Callable[..., Any], model: Path):
    out = tmp_path / "out.jsonl"
    (tmp_path / "in.txt").write_text("John works\n")
    arguments = ["predict", "-m", model, "--file", tmp_path / "in.txt", "-o", out, "--resume"]
    assert run(*arguments).code == 0
    out.write_text('{"text": "J"')
    (tmp_path / ".out.jsonl.job").write_text(json.dumps({})[:-1] + nested(5000, closed=False))
    assert_one_line(run(*arguments), 1)
