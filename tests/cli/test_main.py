"""The command line as a user meets it: output, exit codes, one-line errors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.commands import assert_one_line

ROOT = Path(__file__).parents[2]


Patch = pytest.MonkeyPatch


@pytest.mark.parametrize(
    "command", [["-m", "tagger"], [str(ROOT / "cli.py")]], ids=["python -m tagger", "cli.py"]
)
def test_doors(command: list[str]) -> None:
    for option, expected in (("--version", "tagger 0."), ("--help", "train")):
        done = subprocess.run(
            [sys.executable, *command, option], capture_output=True, text=True, cwd=ROOT, check=True
        )
        assert expected in done.stdout


@pytest.mark.slow
def test_threads_do_not_spin(run, monkeypatch: Patch) -> None:
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    run("--version")
    assert os.environ["OMP_WAIT_POLICY"] == "passive"
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")  # as the user wants it
    run("--version")
    assert os.environ["OMP_WAIT_POLICY"] == "active"


def test_from_nothing_to_entities(run, corpus: Path, tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.chdir(tmp_path)
    config = tmp_path / "small.toml"
    config.write_text(
        "[encoder]\nhidden_dim = 32\n[training]\nlearning_rate = 0.01\nbatch_tokens = 20\n"
        "patience = 0\nema_decay = 0.9\nauxiliary_weight = 1.0\nepoch_steps = 0\n"
    )
    result = run(
        "train", corpus, "--config", config, "--epochs", 80, "--heads", "all", "--threads", 1
    )
    assert result.code == 0, result.err
    last = result.out.strip().splitlines()[-1]
    assert last == "tagger predict -m models/tiny 'Mary works at Siemens.'"
    assert "tab-separated: column 1 token, 2 upos, 3 ner (BIO)" in result.out

    result = run("predict", "-m", "tiny", "John works at Apple in California")
    assert result.out == "[John](PER) works at [Apple](ORG) in [California](LOC)\n"

    result = run("evaluate", "tiny", corpus, "--split", "train", "--json")
    assert json.loads(result.out)["spans"]["ner"]["micro"]["f1"] == 1.0
    result = run("evaluate", "tiny", corpus, "--predictions", tmp_path / "out.txt")
    assert "precision" in result.out
    assert "tokens/s" in result.out
    assert "accuracy" in run("score", tmp_path / "out.txt").out
    assert "F1" in run("evaluate", "tiny", corpus, "--raw").out

    info = run("info", "tiny")
    assert "head ner" in info.out
    assert json.loads(run("info", "tiny", "--json").out)["heads"]["ner"] == ["LOC", "ORG", "PER"]
    assert_one_line(run("train", corpus), 2, "models/tiny", "--force")
    assert_one_line(run("predict", "-m", "tniy", "x"), 1, "did you mean 'tiny'")


@pytest.mark.parametrize(
    ("arguments", "code", "parts"),
    [
        (["train"], 2, ["tagger train sample"]),
        (["train", "conll203"], 2, ["did you mean 'conll2003'"]),
        (["train", "sample", "--cell", "ltsm"], 2, ["unknown cell 'ltsm'", "'lstm'"]),
        (["train", "sample", "--direction", "both"], 2, ["unknown direction", "forward, backward"]),
        (["train", "sample", "--merge", "add"], 2, ["unknown merge", "concat"]),
        (["train", "sample", "--heads", "nre"], 2, ["unknown head 'nre'", "'ner'"]),
        (["train", "sample", "--epochs", "0"], 2, ["epochs"]),
        (["train", "sample", "--config", "none.toml"], 2, ["none.toml"]),
        (["train", "sample", "--from", "none"], 1, ["no model 'none'"]),
        (["train", "sample", "--resume"], 2, ["nothing to resume"]),
        (["pretrain", "a.txt", "-o", "b", "--resume"], 2, ["nothing to resume", "--from"]),
        (["train", "sample", "--device", "gpu"], 2, ["no device 'gpu'"]),
        (["train", "sample", "--vectors", "none.txt"], 1, ["none.txt: no such file"]),
        (["predict", "-m", "none", "x"], 1, ["no model 'none'"]),
        (["predict", "--format", "jsn", "x"], 2, ["unknown format 'jsn'", "'json'"]),
        (["train", ""], 2, ["the name of a corpus is empty"]),
        (["train", "sample", "sample"], 2, ["the same corpus twice"]),
        (["train", "sample", "--heads", ""], 2, ["no head is named", "--heads ner"]),
        (["train", "sample", "--bogus"], 2, ["--bogus", "--help"]),
        (["trian"], 2, ["trian"]),
        (["train", "sample", "--columns", "token,start"], 2, ["'start' cannot name a head"]),
        (["score", "none.txt"], 1, ["none.txt: no such file"]),
        (["evaluate", "none", "sample"], 1, ["no model"]),
        (["info", "none"], 1, ["no model"]),
    ],
)
def test_mistakes_are_one_line(
    run, tmp_path: Path, monkeypatch: Patch, arguments: list[str], code: int, parts: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert_one_line(run(*arguments), code, *parts)
    assert not list(tmp_path.glob("models/*/*")), "something half-written was left"


def test_damaged_models_name_the_file(run, model: Path, tmp_path: Path) -> None:
    import shutil

    def broken(name: str) -> Path:
        shutil.copytree(model, tmp_path / name)
        return tmp_path / name

    no_weights = broken("a")
    (no_weights / "weights.safetensors").unlink()
    assert_one_line(run("predict", "-m", no_weights, "x"), 1, "weights.safetensors missing")

    truncated = broken("b")
    weights = truncated / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    assert_one_line(run("predict", "-m", truncated, "x"), 1, "weights.safetensors: damaged")

    newer = broken("c")
    meta = json.loads((newer / "meta.json").read_text())
    (newer / "meta.json").write_text(json.dumps({**meta, "format_version": 99}))
    assert_one_line(run("info", newer), 1, "format version 99 is newer", "upgrade")

    not_json = broken("d")
    (not_json / "vocab.json").write_text("{")
    assert_one_line(run("predict", "-m", not_json, "x"), 1, "vocab.json: damaged")

    misfit = broken("e")
    config = json.loads((misfit / "config.json").read_text())
    config["encoder"]["hidden_dim"] = 99
    (misfit / "config.json").write_text(json.dumps(config))
    assert_one_line(run("predict", "-m", misfit, "x"), 1, "does not match")

    fewer_tags = broken("f")
    heads = json.loads((fewer_tags / "heads.json").read_text())
    heads[0]["tags"] = heads[0]["tags"][:-1]
    (fewer_tags / "heads.json").write_text(json.dumps(heads))
    assert_one_line(run("predict", "-m", fewer_tags, "x"), 1, "heads.json: damaged")


def test_corpora_are_listed(run) -> None:
    names = {entry["name"] for entry in json.loads(run("corpora", "--json").out)}
    assert {"sample", "conll2003", "conll2000", "conll2002-es", "conll2002-nl", "wnut17"} <= names
    assert {"bc5cdr", "ncbi_disease", "btc"} <= names
    assert "conll2003" in run("corpora").out
