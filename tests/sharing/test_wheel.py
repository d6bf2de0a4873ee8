"""A model as a wheel: installed by pip, found by its name, without running anything of it."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

from tagger.errors import ModelError, UsageError
from tagger.model.meta import FILES, GRAPHS
from tagger.sharing.finding import find_model, installed_models
from tagger.sharing.wheel import SHIPPED, package
from tests.helpers.commands import assert_one_line

ROOT = Path(__file__).parents[2]
SENTENCE = "John works at Apple in California"
ANSWER = "[John](PER) works at [Apple](ORG) in [California](LOC)\n"


def test_names_of_models_that_ship_are_taken() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    shipped = [path for path in build["targets"]["wheel"]["force-include"] if "models/" in path]
    assert shipped == [f"models/{name}" for name in SHIPPED]


@pytest.fixture(scope="module")
def wheel(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("licensed") / "tiny"
    shutil.copytree(model, directory)
    (directory / "LICENSE").write_text("MIT License\n\nCopyright\n")
    (directory / "mails.txt").write_text("my own mails")
    (directory / "last").mkdir()
    output = tmp_path_factory.mktemp("wheels") / "dist"
    return package(directory, output, name="my.News-en", version="1.2")


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages with the wheel installed."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--quiet"]
    subprocess.run([*command, "--target", str(folder), str(wheel)], check=True)
    return folder


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_what_is_in_it(wheel: Path, model: Path) -> None:
    assert wheel.name == "tagger_model_my_news_en-1.2-py3-none-any.whl"
    there = contents(wheel)
    info = "tagger_model_my_news_en-1.2.dist-info"
    names = [*FILES, *(name for name in GRAPHS.values() if (model / name).is_file()), "LICENSE"]
    assert set(there) == {
        "tagger_model_my_news_en/__init__.py",
        *(f"tagger_model_my_news_en/{name}" for name in names),
        *(f"{info}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt")),
        f"{info}/licenses/LICENSE",
    }
    assert there["tagger_model_my_news_en/__init__.py"] == b""
    assert there[f"{info}/entry_points.txt"] == (
        b"[tagger_models]\nmy.News-en = tagger_model_my_news_en\n"
    )
    metadata = message_from_bytes(there[f"{info}/METADATA"])
    assert metadata["Name"] == "tagger-model-my-news-en"
    assert metadata["Version"] == "1.2"
    assert metadata["License-Expression"] == "MIT"
    assert metadata["License-File"] == "LICENSE"
    assert metadata["Requires-Dist"] is None
    assert metadata["Summary"] == "A model for tagger: ner, upos; learned from tiny"
    assert "tagger predict -m my.News-en " in str(metadata.get_payload())
    rows = list(csv.reader(io.StringIO(there[f"{info}/RECORD"].decode())))
    assert {row[0] for row in rows} == set(there)
    for name, digest, size in rows[:-1]:
        hashed = base64.urlsafe_b64encode(hashlib.sha256(there[name]).digest()).rstrip(b"=")
        assert (digest, size) == (f"sha256={hashed.decode()}", str(len(there[name])))


def test_the_same_model_gives_the_same_bytes(model: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(model, tmp_path / "elsewhere", copy_function=shutil.copy)
    one = package(model, tmp_path / "a", name="tiny")
    other = package(copy, tmp_path / "b", name="tiny")
    assert one.name == other.name
    assert one.read_bytes() == other.read_bytes()


def test_without_a_licence_none_is_stated(model: Path, tmp_path: Path) -> None:
    there = contents(package(model, tmp_path, name="tiny", version="2.0a1"))
    metadata = message_from_bytes(there["tagger_model_tiny-2.0a1.dist-info/METADATA"])
    assert metadata["License-Expression"] is None
    assert metadata["License"] == "not stated"
    assert not [name for name in there if name.endswith("LICENSE")]


@pytest.mark.slow
def test_it_is_found_once_installed(site: Path, tmp_path: Path) -> None:
    # As its user would: in another process, in a folder that has nothing to do with it.
    environment = {**os.environ, "PYTHONPATH": f"{site}{os.pathsep}{ROOT}"}

    def tagger(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tagger", *arguments],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    done = tagger("predict", "-m", "my.News-en", SENTENCE)
    assert (done.stdout, done.stderr) == (ANSWER, "")
    done = tagger("predict", "-m", "my.news-en", SENTENCE)
    assert done.returncode == 1
    assert "installed (there: my.News-en); did you mean 'my.News-en'?" in done.stderr


def test_finding_it_runs_nothing_of_it(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(site))
    (site / "tagger_model_my_news_en" / "__init__.py").write_text("raise SystemExit('executed')")
    assert installed_models()["my.News-en"] == site / "tagger_model_my_news_en"
    assert find_model("my.News-en") == site / "tagger_model_my_news_en"
    assert "tagger_model_my_news_en" not in sys.modules


def test_a_package_without_a_model_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "odd-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[tagger_models]\nodd = odd\nup = ..\nout = a.b:c\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert not {"odd", "up", "out"} & set(installed_models())
    with pytest.raises(ModelError, match="no model 'odd'"):
        find_model("odd")


def test_the_command(run, model: Path, tmp_path: Path) -> None:
    result = run("package", model, "-o", tmp_path / "my dist", "--name", "news")
    assert result.code == 0, result.err
    (path,) = (tmp_path / "my dist").iterdir()
    assert path.name.startswith("tagger_model_news-20")
    assert result.out == f"{path}\n\npip install '{path}'\n"
    again = ("package", model, "-o", tmp_path / "my dist", "--name", "news")
    assert_one_line(run(*again), 2, str(path), "--force")
    assert run(*again, "--force").code == 0
    assert run("package", model, "-o", tmp_path / "named").code == 0
    assert "tagger_model_tiny-" in next((tmp_path / "named").iterdir()).name


@pytest.mark.parametrize("name", ["", "a b", "-a", "a/b", "ä", "../a", "a\n", "en", "en-base"])
def test_a_name_that_cannot_be(run, model: Path, tmp_path: Path, name: str) -> None:
    result = run("package", model, "-o", tmp_path / "dist", "--name", name)
    assert_one_line(result, 2, "--name")
    assert not (tmp_path / "dist").exists()


@pytest.mark.parametrize("version", ["x", "1.0-beta", "v1", "01", "1.0+local", "1!2", "1.0 "])
def test_a_version_that_cannot_be(model: Path, tmp_path: Path, version: str) -> None:
    with pytest.raises(UsageError, match="PEP 440") as raised:
        package(model, tmp_path / "dist", name="tiny", version=version)
    assert "{version}" in raised.value.hint
    assert not (tmp_path / "dist").exists()


def test_what_cannot_be_packaged(run, model: Path, tmp_path: Path) -> None:
    assert_one_line(run("package", "none"), 1, "no model 'none'")
    copy = shutil.copytree(model, tmp_path / "copy")
    (copy / "weights.safetensors").unlink()
    assert_one_line(run("package", copy), 1, "weights.safetensors missing")
    (copy / "last").mkdir()
    assert_one_line(run("package", copy), 1, "its training has not ended")
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    assert_one_line(run("package", model, "-o", in_the_way), 1, str(in_the_way), "exists")
    assert_one_line(run("package", model, "-o", "/proc/none"), 1, "/proc/none")


def test_a_folder_of_data_does_not_hide_a_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "en").mkdir()
    assert find_model("en") != Path("en")
    assert find_model("./en") == Path("en")
    (tmp_path / "fr").mkdir()
    assert find_model("fr") == Path("fr")  # what it lacks is said by whoever reads it
