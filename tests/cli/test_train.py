"""``tagger train``."""

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


def test_dump_config_is_complete_and_options_override(run, tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('heads = ["ner"]\n[encoder]\ncell = "rnn"\n')
    options = ("--cell", "gru", "--columns", "token,ner", "--set", "training.epochs=3")
    out = run("train", "sample", "--config", path, *options, "--dump-config").out
    data = tomllib.loads(out)
    assert data["encoder"]["cell"] == "gru"
    assert data["heads"] == ["ner"]
    assert data["corpora"]["sample"]["columns"] == "token,ner"
    assert data["training"]["epochs"] == 3
    result = run("train", "sample", "--set", "encoder.cel=gru", "--dump-config")
    assert_one_line(result, 2, "did you mean 'encoder.cell'?")


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


def test_no_permission_and_no_space(run, corpus: Path, tmp_path: Path, monkeypatch: Patch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied", str(tmp_path / "models"))

    monkeypatch.setattr("tagger.training.run.write_file", refuse)
    result = run("train", corpus, "-o", tmp_path / "m")
    assert_one_line(result, 1, "models: permission denied")


def test_an_unfinished_training_is_not_a_model(run, corpus: Path, tmp_path: Path) -> None:
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
def test_ctrl_c_saves_and_reports_how_to_resume(corpus: Path, tmp_path: Path) -> None:
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
    assert f"{tmp_path / 'm'}: stopped and saved; resume it with --resume" in err


@pytest.mark.slow
def test_tensorboard_log(corpus: Path, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    command = [sys.executable, "-m", "tagger", "train", str(corpus), "-o", str(tmp_path / "m")]
    subprocess.run([*command, "--epochs", "1", "--tensorboard"], check=True, cwd=ROOT)
    assert list((tmp_path / "m" / "tensorboard").glob("events.*"))


def test_a_base_keeps_its_network(run, corpus: Path, model: Path, tmp_path: Path) -> None:
    result = run("train", corpus, "--from", model, "--cell", "gru", "-o", tmp_path / "m")
    assert_one_line(result, 2, "[encoder] cell is 'lstm' in the model", "'gru' was requested")
    result = run("train", corpus, "--from", model, "--epochs", 1, "-o", tmp_path / "m")
    assert result.code == 0, result.err
    assert "from the base: embedder, encoder, heads ner; 0 new words" in result.out


def test_strict_stops_at_the_tag(run, tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.chdir(tmp_path)
    text = "a\tB-X\nb\tI-X\nc\tO\n\nd\tO\ne\tI-X\nf\tB-X\n\n" * 3
    (tmp_path / "train.txt").write_text(text)
    result = run("train", "train.txt", "--strict", "--epochs", 1)
    assert_one_line(result, 1, "train.txt:6", "I-X after O")
    result = run("train", "train.txt", "--epochs", 1, "--threads", 1)
    assert result.code == 0, result.err
    assert (
        "train.txt:6: ner tag outside its scheme: I-X after O (3 times, begins a span)"
        in result.out
    )


@pytest.mark.slow
def test_one_sentence_and_no_entities_train(run, tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.txt").write_text("John B-PER")
    result = run("train", "one.txt", "--columns", "token,ner", "--epochs", 1)
    assert result.code == 0, result.err
    assert "one training sentence, which is dev too" in result.out
    (tmp_path / "empty.txt").write_text("a O\n\nb O\n\nc O\n")
    arguments = ("train", "empty.txt", "--columns", "token,ner", "--epochs", 1)
    assert_one_line(run(*arguments), 1, "no entity", "--allow-empty")
    result = run(*arguments, "--allow-empty")
    assert result.code == 0, result.err
    assert run("predict", "-m", "empty", "a b").out == "a b\n"
    for option in (("--threshold", "0.1"), ("--confidence",), ("--nbest", "3")):
        result = run("predict", "-m", "empty", "a b", *option, "--format", "json")
        assert '"entities":[]' in result.out, result


def test_two_trainings_in_one_folder(run, corpus: Path, tmp_path: Path) -> None:
    from tagger.training.output import locked

    with locked(tmp_path / "m"):
        result = run("train", corpus, "-o", tmp_path / "m", "--force", "--epochs", 1)
    assert_one_line(result, 2, "another training is running there")


def test_a_base_is_not_trained_over(run, corpus: Path, model: Path) -> None:
    result = run("train", corpus, "--from", model, "-o", model, "--force")
    assert_one_line(result, 2, "the model to start from")


def test_a_table_of_an_unknown_corpus_is_an_error(run, corpus: Path, tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('[corpora.tniy.labels]\nPER = "X"\n')
    result = run("train", corpus, "--config", path, "-o", tmp_path / "m")
    assert_one_line(result, 2, "unknown corpus 'tniy'")


@pytest.mark.slow
def test_corpora_of_one_name_are_numbered(run, tmp_path: Path) -> None:
    folders = [write_corpus(tmp_path / parent / "data") for parent in "ab"]
    result = run("train", *folders, "-o", tmp_path / "m", "--epochs", 1, "--threads", 1)
    assert result.code == 0, result.err
    assert "data-2 test" in result.out
    scores = json.loads((tmp_path / "m" / "meta.json").read_text())["test_scores"]
    assert set(scores) == {"data", "data-2"}


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
