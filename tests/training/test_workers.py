"""Trainings in several processes: the same steps, stopped and resumed like those in one."""

from __future__ import annotations

import multiprocessing
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tagger.config import Config, config_to_toml
from tagger.errors import Interrupted, TrainingError, UsageError
from tagger.model.directory import read_model
from tagger.training.group import Group
from tagger.training.launching import processes
from tagger.training.loop import EpochDone, StepDone
from tagger.training.output import read_log
from tagger.training.train import follow, train
from tests.helpers.commands import assert_one_line
from tests.helpers.corpora import small_config
from tests.helpers.interrupts import Stop


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tagger.executors.processes.n_cores", lambda: 2)


def without_dropout(config: Config) -> Config:
    encoder = msgspec.structs.replace(config.encoder, input_dropout=0.0, output_dropout=0.0)
    embedder = msgspec.structs.replace(config.embedder, word_dropout=0.0)
    return msgspec.structs.replace(config, encoder=encoder, embedder=embedder)


def weights(path: Path) -> dict[str, np.ndarray]:
    stored = read_model(path).weights
    return {name: stored[name] for name in stored}


class KillWorker(Stop):
    """Kills the other process after some batches."""

    def event(self, event: StepDone | EpochDone) -> None:
        self.left -= 1
        if self.left == 0:
            (worker,) = multiprocessing.active_children()
            worker.kill()


def test_every_sentence_is_in_one_part() -> None:
    sentences = np.arange(5)
    parts = [Group(rank, 3).part(sentences) for rank in range(3)]
    assert sorted(np.concatenate([part.sentences for part in parts])) == [0, 1, 2, 3, 4]
    alone = [Group(rank, 2).part(sentences[:1]) for rank in range(2)]
    assert [(len(part.sentences), part.counts) for part in alone] == [(1, True), (1, False)]


def test_two_workers_take_the_steps_of_one(corpus: Path, tmp_path: Path) -> None:
    config = without_dropout(small_config(epochs=2))
    train(corpus, tmp_path / "one", config=config)
    trained = train(corpus, tmp_path / "two", config=config, workers=2)
    assert trained.test["tiny"].n_sentences == 1
    one, two = weights(tmp_path / "one"), weights(tmp_path / "two")
    for name in one:
        np.testing.assert_allclose(two[name], one[name], atol=0.01, err_msg=name)
    logs = [read_log(tmp_path / name / "log.csv") for name in ("one", "two")]
    for a, b in zip(*logs, strict=True):
        assert (a.epoch, a.scores) == (b.epoch, b.scores)
        assert a.loss == pytest.approx(b.loss, rel=1e-3)
    assert not multiprocessing.active_children()


@pytest.mark.slow
def test_stopped_or_killed_it_resumes_as_if_it_never_had_been(corpus: Path, tmp_path: Path) -> None:
    config = small_config(epochs=4)
    train(corpus, tmp_path / "whole", config=config, workers=2)
    expected = weights(tmp_path / "whole")
    with pytest.raises(Interrupted):
        train(corpus, tmp_path / "stopped", config=config, workers=2, reporter=Stop(3))
    with pytest.raises(TrainingError, match="SIGKILL") as error:
        train(corpus, tmp_path / "killed", config=config, workers=2, reporter=KillWorker(4))
    assert "{resume=True}" in str(error.value.hint)
    assert not multiprocessing.active_children()
    for name in ("stopped", "killed"):
        train([], tmp_path / name, resume=True, workers=2)
        for key, value in weights(tmp_path / name).items():
            np.testing.assert_array_equal(value, expected[key], err_msg=f"{name} {key}")


@pytest.mark.slow
def test_torchrun_starts_the_processes(corpus: Path, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "c.toml").write_text(config_to_toml(small_config(epochs=2)))
    command = [sys.executable, "-m", "tagger", "train", str(corpus), "--config", "../c.toml"]
    started = []
    for rank in range(2):
        folder = tmp_path / str(rank)
        folder.mkdir()
        place = {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2"}
        address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
        environment = {**os.environ, **place, **address}
        environment["PYTHONPATH"] = str(Path(__file__).parents[2])
        started.append(
            subprocess.Popen(
                [*command, "-o", "m"], cwd=folder, env=environment, stdout=subprocess.PIPE
            )
        )
    printed = [process.communicate(timeout=300)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0]
    assert b"tiny test" in printed[0]
    assert printed[1] == b""
    assert read_model(tmp_path / "0" / "m").meta.epochs == 2
    assert not any((tmp_path / "1").iterdir())


@pytest.mark.slow
def test_what_torchrun_stops_resumes_as_if_it_never_had_been(corpus: Path, tmp_path: Path) -> None:
    config = small_config(epochs=60)
    train(corpus, tmp_path / "whole", config=config, workers=2)
    (tmp_path / "c.toml").write_text(config_to_toml(config))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command += ["-m", "tagger", "train", "-o", "m"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    first = subprocess.Popen(
        [*command, str(corpus), "--config", "c.toml"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    log, deadline = tmp_path / "m" / "log.csv", time.monotonic() + 300
    while not log.exists() or len(log.read_bytes().splitlines()) < 3:
        assert first.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    first.terminate()
    _, printed = first.communicate(timeout=300)
    assert first.returncode
    assert b"stopped and saved; resume it with --resume" in printed
    again = subprocess.run([*command, "--resume"], cwd=tmp_path, env=environment, timeout=300)
    assert again.returncode == 0
    expected = weights(tmp_path / "whole")
    for key, value in weights(tmp_path / "m").items():
        np.testing.assert_array_equal(value, expected[key], err_msg=key)


def test_wrong_numbers_of_workers(
    corpus: Path, tmp_path: Path, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run("train", corpus, "-o", tmp_path / "m", "--workers", 5000)
    assert_one_line(result, 2, "cores", "--workers 2")
    result = run("train", corpus, "-o", tmp_path / "m", "--workers", 0)
    assert_one_line(result, 2, "at least 1")
    result = run("train", corpus, "-o", tmp_path / "m", "--workers", 2, "--device", "cuda:0")
    assert_one_line(result, 2, "cuda:0")
    result = run("train", corpus, "-o", tmp_path / "m", "--workers", 2, "--folds", 2)
    assert_one_line(result, 2, "folds", "--workers")
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "3")
    with pytest.raises(UsageError, match="3 were started"), processes(2, "cpu", follow):
        pass
    assert not (tmp_path / "m").exists()
