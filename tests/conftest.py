"""A small corpus and a small trained model for the tests that need one."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import pytest

from tagger.cli import main

pytest.register_assert_rewrite("tests.helpers")

from tagger.config import HeadsConfig  # noqa: E402
from tests.helpers.commands import Result  # noqa: E402
from tests.helpers.corpora import small_config, write_corpus, write_utterances  # noqa: E402


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with five training sentences."""
    return write_corpus(tmp_path_factory.mktemp("corpora") / "tiny")


@pytest.fixture(scope="session")
def model(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model directory trained on `corpus` until it knows it by heart."""
    from tagger.training.run import train

    output = tmp_path_factory.mktemp("models") / "tiny"
    train([str(corpus)], output, small_config())
    return output


@pytest.fixture(scope="session")
def utterances(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with utterances, their slots and their intents."""
    return write_utterances(tmp_path_factory.mktemp("corpora") / "utterances")


@pytest.fixture(scope="session")
def intent_model(utterances: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model directory trained on `utterances`: slots, and intents of whole texts."""
    from tagger.training.run import train

    output = tmp_path_factory.mktemp("models") / "intents"
    config = msgspec.structs.replace(
        small_config(epochs=40), heads=("slots", "intent"), head=HeadsConfig(pooling="final")
    )
    train([str(utterances)], output, config)
    return output


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """Run a command line in this process."""

    def run(*arguments: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["tagger", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit_info:
            main()
        out, err = capfd.readouterr()
        return Result(int(exit_info.value.code or 0), out, err)

    return run
