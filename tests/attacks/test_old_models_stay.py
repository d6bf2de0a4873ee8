"""A model is not lost while another one is trained in its place, nor links in one published."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tagger
from tagger.errors import Interrupted, ModelError
from tagger.sharing.contents import published_files
from tagger.training.loop import EpochDone, StepDone
from tagger.training.reporting import Reporter
from tagger.training.run import train
from tests.helpers.commands import assert_one_line
from tests.helpers.corpora import small_config


class Stop(Reporter):
    """Stops a training at its first step."""

    def event(self, event: StepDone | EpochDone) -> None:
        raise KeyboardInterrupt


def test_the_old_model_stays_until_the_new_one_is_there(model: Path, corpus: Path, tmp_path: Path):
    folder = shutil.copytree(model, tmp_path / "model")
    before = (folder / "weights.safetensors").read_bytes()
    with pytest.raises(Interrupted):
        train([str(corpus)], folder, small_config(), force=True, reporter=Stop())
    assert (folder / "weights.safetensors").read_bytes() == before
    assert tagger.load(folder).tag([["John"]])
    train([str(corpus)], folder, small_config(), resume=True)
    assert not (folder / "last").exists()
    assert tagger.load(folder).tag([["John"]])


def test_a_damaged_checkpoint_says_what_is_left(
    run: Callable[..., Any], model: Path, corpus: Path, tmp_path: Path
):
    with pytest.raises(Interrupted):
        train([str(corpus)], tmp_path / "model", small_config(), reporter=Stop())
    state = tmp_path / "model" / "last" / "state.safetensors"
    state.write_bytes(state.read_bytes()[:-20])
    shutil.copytree(model, tmp_path / "model" / "best")
    result = run("train", "--resume", "-o", tmp_path / "model")
    assert_one_line(result, 1, "state.safetensors", "--force", str(tmp_path / "model" / "best"))


def test_links_out_of_a_model_are_not_published(model: Path, tmp_path: Path):
    folder = shutil.copytree(model, tmp_path / "model")
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (folder / "README.md").unlink()
    (folder / "README.md").symlink_to(secret)
    with pytest.raises(ModelError, match="link") as raised:
        published_files(folder)
    assert raised.value.path == str(folder / "README.md")
    (folder / "README.md").unlink()
    (folder / "README.md").symlink_to(folder / "config.json")
    assert "README.md" in published_files(folder)


def test_models_in_the_cache_of_the_hub_are_links(model: Path, tmp_path: Path):
    snapshot = tmp_path / "models--a--b" / "snapshots" / "1"
    shutil.copytree(model, snapshot)
    (tmp_path / "models--a--b" / "blobs").mkdir()
    (snapshot / "README.md").rename(tmp_path / "models--a--b" / "blobs" / "0")
    (snapshot / "README.md").symlink_to("../../blobs/0")
    assert "README.md" in published_files(snapshot)
