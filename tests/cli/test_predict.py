"""``tagger predict``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.commands import assert_one_line

ROOT = Path(__file__).parents[2]


Patch = pytest.MonkeyPatch


def test_results_come_in_order_one_a_line(run, model: Path, tmp_path: Path) -> None:
    path = tmp_path / "in.txt"
    path.write_bytes(
        b"\xef\xbb\xbfJohn works at Apple in California\r\n\r\nMary Jones lives in Ohio."
    )
    lines = run("predict", "-m", model, "--file", path).out.split("\n")
    assert lines == [
        "[John](PER) works at [Apple](ORG) in [California](LOC)",
        "",
        "[Mary Jones](PER) lives in [Ohio](LOC).",
        "",
    ]
    results = run("predict", "-m", model, "--file", path, "--format", "json").out.splitlines()
    assert [len(json.loads(line)["entities"]) for line in results] == [3, 0, 2]
    assert run("predict", "-m", model, "--tokenized", "--heads", "upos", "John works").out == (
        "John/PROPN works/VERB\n"
    )
    assert run("predict", "-m", model, "--format", "conll", "John works").out == (
        "John\tB-PER\tPROPN\nworks\tO\tVERB\n\n"
    )


def test_standard_input(model: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tagger", "predict", "-m", str(model), "--device", "cpu"],
        input="Kim lives in Berlin\n\n",
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert done.stdout == "[Kim](PER) lives in [Berlin](LOC)\n\n"


def test_bad_utf8_names_the_line(run, tmp_path: Path, monkeypatch: Patch, model: Path) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "latin.txt"
    path.write_bytes("a\tO\ncaf\xe9\tB-X\n".encode("latin1"))
    assert_one_line(run("train", path), 1, "latin.txt:2", "UTF-8")
    result = run("predict", "-m", model, "--file", path)
    assert_one_line(result, 1, "latin.txt:2", "UTF-8")


@pytest.mark.slow
def test_closed_streams_are_errors(model: Path) -> None:
    command = f"{sys.executable} -m tagger predict -m {model}"
    for line, stream in ((f"{command} <&-", "input"), (f"{command} John >&-", "output")):
        done = subprocess.run(
            line, shell=True, capture_output=True, text=True, timeout=60, cwd=ROOT
        )
        assert done.returncode == 2
        assert done.stderr.startswith(f"error: standard {stream} is closed")
        assert done.stderr.count("\n") == 1


def test_a_corpus_and_the_model_trained_on_it_may_share_a_name(
    run, model: Path, corpus: Path, tmp_path: Path, monkeypatch: Patch
) -> None:
    import shutil

    monkeypatch.chdir(tmp_path)
    shutil.copytree(corpus, "orders")
    shutil.copytree(model, "models/orders")
    text = "John works at Apple in California"
    assert run("predict", "-m", "orders", text).out.startswith("[John](PER)")
    shutil.copytree(model, "here")
    assert run("predict", "-m", "here", text).out.startswith("[John](PER)")


@pytest.mark.parametrize("command", ["predict", "redact"])
def test_the_name_of_a_file_is_a_text(run, command: str, model: Path, tmp_path: Path) -> None:
    path = tmp_path / "mails.txt"
    path.write_text("Kim left.\n")
    found = run(command, "-m", model, path, "x" * 5000)
    assert found.code == 0
    assert "--file" in found.err


def test_predict_confidence(run, model: Path) -> None:
    text = "John works at Apple"
    result = run("predict", text, "-m", model, "--confidence", "--format", "json")
    assert all(0 < e["confidence"] <= 1 for e in json.loads(result.out)["entities"]), result
    assert_one_line(run("predict", text, "-m", model, "--confidence"), 2, "--format json")
    result = run("predict", text, "-m", model, "--confidence", "--format", "conll")
    assert_one_line(result, 2, "--format json")
    result = run(
        "predict", text, "-m", model, "--confidence", "--format", "json", "--heads", "upos"
    )
    assert_one_line(result, 2, "upos", "--heads")
