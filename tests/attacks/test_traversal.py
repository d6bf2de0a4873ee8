"""Names of strangers that lead out of the folder they belong in."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub.utils import filter_repo_objects

from tagger.sharing.contents import OWN_FILES
from tagger.sharing.finding import installed_models
from tests.helpers.commands import assert_one_line

OUT = ("../{}", "a/../../{}", "/{}", "..\\{}", "./{}", "a/{}", "{}/..", "{} ", "{}\n")


def test_only_a_models_own_files_are_fetched_from_the_hub() -> None:
    evil = [form.format(name) for name in OWN_FILES for form in OUT]
    names = [*evil, "__init__.py", ".git/config", "pytorch_model.bin", *OWN_FILES]
    assert list(filter_repo_objects(names, allow_patterns=[*OWN_FILES])) == [*OWN_FILES]


@pytest.mark.parametrize("address", ["../x", "a/../b", "a/b/c", "/etc/passwd", "a/b@../c", "a/.."])
def test_addresses_of_the_hub(run: Callable[..., Any], address: str) -> None:
    assert_one_line(run("predict", "-m", f"hub:{address}", "x"), 2, "not a name")


@pytest.mark.parametrize("value", ["../secret", "/secret", "a.b", "secret:main", "package/secret"])
def test_entry_points_name_a_folder_of_their_package(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    site = tmp_path / "site"
    info = site / "stranger-1.dist-info"
    info.mkdir(parents=True)
    for folder in (tmp_path / "secret", site / "package"):
        shutil.copytree(model, folder)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1\n")
    points = f"[tagger_models]\nevil = {value}\ngood = package\n"
    (info / "entry_points.txt").write_text(points)
    monkeypatch.setattr(sys, "path", [*sys.path, str(site)])
    found = installed_models()
    assert found["good"] == site / "package"
    assert "evil" not in found


@pytest.mark.parametrize("loop", ["train.tsv", "folder"])
def test_circular_links(tmp_path: Path, run: Callable[..., Any], loop: str) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "dev.tsv").write_text("John\tB-PER\n\n")
    target = corpus / "train.tsv" if loop == "train.tsv" else corpus
    (corpus / loop).symlink_to(target)
    result = run("lint", corpus)
    if result.code:
        assert_one_line(result, 1, str(corpus))
    if loop == "train.tsv":
        for command in (("lint", target), ("predict", "--file", target)):
            assert_one_line(run(*command), 1, "train.tsv")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no /dev/zero")
@pytest.mark.parametrize("name", ["config.json", "weights.safetensors", "README.md"])
def test_a_model_whose_file_is_a_device(
    model: Path, tmp_path: Path, run: Callable[..., Any], name: str
) -> None:
    copy = shutil.copytree(model, tmp_path / "copy")
    (copy / name).unlink()
    (copy / name).symlink_to("/dev/zero")
    assert_one_line(run("info", copy), 1, name)
