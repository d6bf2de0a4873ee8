"""`tagger benchmark`: every number is there and can be true."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tagger.insight.benchmark import STAGES
from tests.helpers.commands import assert_one_line


@pytest.mark.slow
def test_a_report(run, model: Path, tmp_path: Path) -> None:
    lines = tmp_path / "lines.txt"
    lines.write_text("John works at Apple in California .\n\nMary left .\n" * 20)
    result = run("benchmark", model, lines, "--rounds", 1, "--json")
    assert result.code == 0, result.err
    report = json.loads(result.out)
    assert (report["n_texts"], report["n_tokens"]) == (60, 20 * 10)
    assert sum(report["shares"].values()) == pytest.approx(1)
    assert tuple(report["shares"]) == STAGES
    assert all(share > 0 for share in report["shares"].values())
    assert 0.05 < report["cold"]["seconds"]["median"] < 60
    assert 20 < report["cold"]["peak_mb"] < 400
    assert report["latency_ms"]["low"] <= report["latency_ms"]["median"] <= report["latency_p99_ms"]
    ways = {(s["engine"], s["precision"]) for s in report["speeds"]}
    assert ways == {("onnx", "fp32"), ("onnx", "int8"), ("torch", "fp32")}
    assert all(s["from_text"]["median"] > 0 for s in report["speeds"])
    assert report["peak_gflops"] > report["network_gflops"] / 100 > 0

    shown = run("benchmark", model, lines, "--rounds", 1, "--max-texts", 3)
    for part in ("3 texts, 10 tokens", "cold start", "tokenization", "onnx    int8"):
        assert part in shown.out


def test_a_corpus_that_has_a_test_split_alone(tmp_path: Path) -> None:
    from tagger.evaluation.raw import texts_of

    (tmp_path / "test.txt").write_text("John\tB-PER\nleft\tO\n")
    assert texts_of(f"test={tmp_path / 'test.txt'}", None, 5) == ["John left"]


@pytest.mark.slow
def test_what_cannot_be_measured(run, model: Path, tmp_path: Path, monkeypatch) -> None:
    empty = tmp_path / "empty.txt"
    empty.write_text("\n \n")
    assert_one_line(run("benchmark", model, empty, "--rounds", 1), 2, "no token")
    assert_one_line(run("benchmark", model, tmp_path / "none"), 1, "none")
    lines = tmp_path / "lines.txt"
    lines.write_text("John left\n")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = run("benchmark", model, lines, "--rounds", 1, "--plot", tmp_path / "p.png")
    assert_one_line(result, 2, "pip install 'recurrent-tagger[plot]'")


@pytest.mark.slow
def test_a_plot(run, model: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs the extra plot")
    lines = tmp_path / "lines.txt"
    lines.write_text("John left\n")
    assert run("benchmark", model, lines, "--rounds", 1, "--plot", tmp_path / "p.png").code == 0
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
