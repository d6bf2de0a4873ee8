"""A small corpus and a small trained model for the tests that need one."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tagger.cli import main
from tagger.config import Config, config_from_dict

TOKENS = {
    "train": [
        "John/PROPN/B-PER works/VERB/O at/ADP/O Apple/PROPN/B-ORG in/ADP/O California/PROPN/B-LOC",
        "Mary/PROPN/B-PER Jones/PROPN/I-PER lives/VERB/O in/ADP/O Ohio/PROPN/B-LOC ./PUNCT/O",
        "Siemens/PROPN/B-ORG hired/VERB/O Kim/PROPN/B-PER ./PUNCT/O",
        "He/PRON/O left/VERB/O New/PROPN/B-LOC York/PROPN/I-LOC for/ADP/O Berlin/PROPN/B-LOC",
        "nothing/PRON/O happened/VERB/O here/ADV/O ./PUNCT/O",
    ],
    "dev": ["Mary/PROPN/B-PER works/VERB/O at/ADP/O Siemens/PROPN/B-ORG ./PUNCT/O"],
    "test": ["Kim/PROPN/B-PER lives/VERB/O in/ADP/O Berlin/PROPN/B-LOC"],
}


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep what corpora leave in the cache out of the user's own."""
    os.environ["TAGGER_CACHE"] = str(tmp_path_factory.mktemp("cache"))


def write_corpus(folder: Path, sentences: dict[str, list[str]] = TOKENS) -> Path:
    """Write column files: token, upos, ner."""
    folder.mkdir(parents=True, exist_ok=True)
    for split, lines in sentences.items():
        text = "\n\n".join(line.replace(" ", "\n").replace("/", "\t") for line in lines)
        (folder / f"{split}.txt").write_text(text + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with five training sentences."""
    return write_corpus(tmp_path_factory.mktemp("corpora") / "tiny")


def small_config(**training: object) -> Config:
    """A network that learns five sentences in a second or two."""
    return config_from_dict(
        {
            "heads": ["ner", "upos"],
            "embedder": {"word_dim": 16, "char_out_dim": 16, "affix_dim": 8, "n_affix_buckets": 64},
            "encoder": {"hidden_dim": 16, "input_dropout": 0.1, "output_dropout": 0.1},
            "training": {
                "epochs": 60,
                "patience": 0,
                "learning_rate": 0.02,
                "batch_tokens": 20,
                "epoch_steps": 0,
                "ema_decay": 0.9,
                "auxiliary_weight": 1.0,
                "threads": 1,
                **training,
            },
        }
    )


@pytest.fixture(scope="session")
def model(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model directory trained on `corpus` until it knows it by heart."""
    from tagger.training.run import train

    output = tmp_path_factory.mktemp("models") / "tiny"
    train([str(corpus)], output, small_config())
    return output


class Result(NamedTuple):
    code: int
    out: str
    err: str


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


def assert_one_line(result: Result, code: int, *parts: str) -> None:
    assert result.code == code, result
    assert result.err.startswith("error: "), result.err
    assert result.err.count("\n") == 1, result.err
    for part in parts:
        assert part in result.err
