"""The command line as a user meets it: output, exit codes, one-line errors."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.helpers.commands import assert_one_line
from tests.helpers.corpora import write_corpus

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


def test_dump_config_is_complete_and_flags_override(run, tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('heads = ["ner"]\n[encoder]\ncell = "rnn"\n')
    flags = ("--cell", "gru", "--columns", "token,ner", "--dump-config")
    out = run("train", "sample", "--config", path, *flags).out
    data = tomllib.loads(out)
    assert data["encoder"]["cell"] == "gru"
    assert data["heads"] == ["ner"]
    assert data["corpora"]["sample"]["columns"] == "token,ner"
    assert data["training"]["epochs"] > 0


def test_answers_come_in_order_one_a_line(run, model: Path, tmp_path: Path) -> None:
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
    answers = run("predict", "-m", model, "--file", path, "--format", "json").out.splitlines()
    assert [len(json.loads(line)["entities"]) for line in answers] == [3, 0, 2]
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


def test_corpora_are_listed(run) -> None:
    names = {entry["name"] for entry in json.loads(run("corpora", "--json").out)}
    assert {"sample", "conll2003", "conll2000", "conll2002-es", "conll2002-nl", "wnut17"} <= names
    assert {"bc5cdr", "ncbi_disease", "btc"} <= names
    assert "conll2003" in run("corpora").out


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
        (["pretrain", "a.txt", "-o", "b", "--resume"], 2, ["resume; `tagger train --from` goes"]),
        (["train", "sample", "--device", "gpu"], 2, ["no device 'gpu'"]),
        (["train", "sample", "--vectors", "none.txt"], 1, ["none.txt: no such file"]),
        (["predict", "-m", "none", "x"], 1, ["no model 'none'"]),
        (["predict", "--format", "jsn", "x"], 2, ["unknown format 'jsn'", "'json'"]),
        (["train", ""], 2, ["the name of a corpus is empty"]),
        (["train", "sample", "sample"], 2, ["the same corpus twice"]),
        (["train", "sample", "--heads", ""], 2, ["no head is named", "--heads ner"]),
        (["train", "sample", "--bogus"], 2, ["--bogus", "--help"]),
        (["trian"], 2, ["trian"]),
        (["train", "sample", "--columns", "token,text"], 2, ["'text' cannot name a head"]),
        (["score", "none.txt"], 1, ["none.txt: no such file"]),
        (["evaluate", "none", "sample"], 1, ["no model"]),
        (["info", "none"], 1, ["no model"]),
    ],
)
def test_mistakes_are_answered_in_one_line(
    run, tmp_path: Path, monkeypatch: Patch, arguments: list[str], code: int, parts: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert_one_line(run(*arguments), code, *parts)
    assert not list(tmp_path.glob("models/*/*")), "something half-written was left"


@pytest.mark.parametrize(
    ("name", "content", "parts"),
    [
        ("three.txt", "a\tB-X\nb\tO\tO\n", ["three.txt:2", "3 columns where 2"]),
        ("tag.txt", "a\tB-X\nb\tO\nc\tB_X\nd\tO\n" + "e\tO\n" * 40, ["tag.txt:3", "B_X"]),
        ("empty.txt", "", ["empty.txt", "empty"]),
        ("binary.txt", "a\tO\n\0\0\n", ["binary.txt", "binary"]),
    ],
)
def test_bad_corpus_files_name_the_line(
    run, tmp_path: Path, monkeypatch: Patch, name: str, content: str, parts: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(content)
    assert_one_line(run("train", tmp_path / name), 1, *parts)
    assert not (tmp_path / "models").exists()


def test_bad_utf8_names_the_line(run, tmp_path: Path, monkeypatch: Patch, model: Path) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "latin.txt"
    path.write_bytes("a\tO\ncaf\xe9\tB-X\n".encode("latin1"))
    assert_one_line(run("train", path), 1, "latin.txt:2", "UTF-8")
    result = run("predict", "-m", model, "--file", path)
    assert_one_line(result, 1, "latin.txt:2", "UTF-8")


def test_damaged_models_say_what_and_what_to_do(run, model: Path, tmp_path: Path) -> None:
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


def test_no_permission_and_no_space(run, corpus: Path, tmp_path: Path, monkeypatch: Patch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied", str(tmp_path / "models"))

    monkeypatch.setattr("tagger.training.run.write_file", refuse)
    result = run("train", corpus, "-o", tmp_path / "m")
    assert_one_line(result, 1, "models: permission denied")


def test_an_unfinished_training_is_no_model(run, corpus: Path, tmp_path: Path) -> None:
    from tagger.errors import Interrupted
    from tagger.training.run import train
    from tests.helpers.corpora import small_config
    from tests.helpers.interrupts import Stop

    with pytest.raises(Interrupted):
        train([str(corpus)], tmp_path / "m", small_config(epochs=4), reporter=Stop(5))
    assert_one_line(run("predict", "-m", tmp_path / "m", "x"), 1, "--resume", "best")
    assert run("predict", "-m", tmp_path / "m" / "best", "John").code == 0
    result = run("train", corpus, "-o", tmp_path / "m", "--resume")
    assert result.code == 0, result.err
    assert "resuming after epoch" in result.out
    assert run("predict", "-m", tmp_path / "m", "John").code == 0


@pytest.mark.slow
def test_ctrl_c_saves_and_says_how_to_go_on(corpus: Path, tmp_path: Path) -> None:
    import signal

    command = [
        sys.executable,
        "-u",
        "-m",
        "tagger",
        "train",
        str(corpus),
        "-o",
        str(tmp_path / "m"),
    ]
    options = ["--epochs", "100000", "--threads", "1"]
    config = tmp_path / "c.toml"
    config.write_text("[encoder]\nhidden_dim = 8\n[training]\npatience = 0\n")
    process = subprocess.Popen(
        [*command, *options, "--config", str(config)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip().startswith("*1"):
            break
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.count("\n") == 1
    assert f"tagger train {corpus} -o {tmp_path / 'm'} --resume" in err


@pytest.mark.slow
def test_tensorboard_log(corpus: Path, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    command = [sys.executable, "-m", "tagger", "train", str(corpus), "-o", str(tmp_path / "m")]
    subprocess.run([*command, "--epochs", "1", "--tensorboard"], check=True, cwd=ROOT)
    assert list((tmp_path / "m" / "tensorboard").glob("events.*"))


def test_a_base_keeps_its_network(run, corpus: Path, model: Path, tmp_path: Path) -> None:
    result = run("train", corpus, "--from", model, "--cell", "gru", "-o", tmp_path / "m")
    assert_one_line(result, 2, "[encoder] cell is 'lstm' in the model", "'gru' was asked for")
    result = run("train", corpus, "--from", model, "--epochs", 1, "-o", tmp_path / "m")
    assert result.code == 0, result.err
    assert "from the base: embedder, encoder, heads ner; 0 new words" in result.out


def test_strict_stops_where_the_tag_is(run, tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.chdir(tmp_path)
    text = "a\tB-X\nb\tI-X\nc\tO\n\nd\tO\ne\tI-X\nf\tB-X\n\n" * 3
    (tmp_path / "train.txt").write_text(text)
    result = run("train", "train.txt", "--strict", "--epochs", 1)
    assert_one_line(result, 1, "train.txt:6", "I-X after O")
    result = run("train", "train.txt", "--epochs", 1, "--threads", 1)
    assert result.code == 0, result.err
    assert "3 ner tags outside their scheme begin a span, the first at train.txt:6" in result.out


@pytest.mark.slow
def test_one_sentence_and_no_entities_train(run, tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.txt").write_text("John B-PER")
    result = run("train", "one.txt", "--columns", "token,ner", "--epochs", 1)
    assert result.code == 0, result.err
    assert "one training sentence, which is dev too" in result.out
    (tmp_path / "empty.txt").write_text("a O\n\nb O\n\nc O\n")
    result = run("train", "empty.txt", "--columns", "token,ner", "--epochs", 1)
    assert result.code == 0, result.err
    assert run("predict", "-m", "empty", "a b").out == "a b\n"


@pytest.mark.slow
def test_closed_streams_are_said(model: Path) -> None:
    command = f"{sys.executable} -m tagger predict -m {model}"
    for line, stream in ((f"{command} <&-", "input"), (f"{command} John >&-", "output")):
        done = subprocess.run(
            line, shell=True, capture_output=True, text=True, timeout=60, cwd=ROOT
        )
        assert done.returncode == 2
        assert done.stderr.startswith(f"error: standard {stream} is closed")
        assert done.stderr.count("\n") == 1


def test_two_trainings_in_one_folder(run, corpus: Path, tmp_path: Path) -> None:
    from tagger.training.output import locked

    with locked(tmp_path / "m"):
        result = run("train", corpus, "-o", tmp_path / "m", "--force", "--epochs", 1)
    assert_one_line(result, 2, "another training is at work there")


def test_a_base_is_not_trained_over(run, corpus: Path, model: Path) -> None:
    result = run("train", corpus, "--from", model, "-o", model, "--force")
    assert_one_line(result, 2, "the model to start from")


def test_markup_in_labels_is_shown_as_it_is(run, tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out[b].txt").write_text("a\tB-[/b]\tB-[/b]\nb\tO\tO\n")
    assert "[/b]" in run("score", "out[b].txt").out


def test_nothing_that_a_corpus_config_says_goes_unheard(run, corpus: Path, tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('[corpora.tniy.labels]\nPER = "X"\n')
    result = run("train", corpus, "--config", path, "-o", tmp_path / "m")
    assert_one_line(result, 2, "unknown corpus 'tniy'")


@pytest.mark.slow
def test_corpora_of_one_name_are_told_apart(run, tmp_path: Path) -> None:
    folders = [write_corpus(tmp_path / parent / "data") for parent in "ab"]
    result = run("train", *folders, "-o", tmp_path / "m", "--epochs", 1, "--threads", 1)
    assert result.code == 0, result.err
    assert "data-2 test" in result.out
    scores = json.loads((tmp_path / "m" / "meta.json").read_text())["test_scores"]
    assert set(scores) == {"data", "data-2"}


def test_a_mixed_column_is_not_scored_by_another_measure(run, tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("a B-PER B-PER\n" * 30 + "b O o\n")
    assert_one_line(run("score", path), 1, "'o' is neither O nor a tag of a span")


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


def test_the_weights_of_a_base_s_losses_stay_with_it(model: Path, tmp_path: Path) -> None:
    import shutil

    from tagger.training.settings import settings

    base = shutil.copytree(model, tmp_path / "m")
    config = json.loads((base / "config.json").read_text())
    config["training"] |= {"loss_weights": {"upos": 0.2}, "epochs": 7}
    (base / "config.json").write_text(json.dumps(config))
    chosen = settings(["sample"], base=str(base))
    assert chosen.config.training.loss_weights == {}
    assert chosen.config.training.epochs == 7


def test_evaluate_says_what_it_mends(run, model: Path, tmp_path: Path) -> None:
    path = tmp_path / "my.jsonl"
    path.write_text('{"text": "Johnny sang.", "spans": [{"start":0,"end":4,"label":"PER"}]}\n')
    result = run("evaluate", model, path)
    assert result.code == 0, result
    assert "1 span off token bounds" in result.err, result
    assert f"{path}:1" in result.err
    odd = ["Kim/PROPN/B-PER left/VERB/O Apple/PROPN/I-ORG", "Mary/PROPN/B-PER Jones/PROPN/I-PER"]
    folder = write_corpus(tmp_path / "odd", {"test": odd})
    result = run("evaluate", model, folder, "--columns", "token,upos,ner")
    assert "1 ner tags outside their scheme begin a span" in result.err, result


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
    assert_one_line(result, 2, "upos finds none")
