"""The wheel: what it ships is found, from an empty folder."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tagger.paths import shipped

ROOT = Path(__file__).parent.parent


def test_the_sample_is_found_in_a_checkout() -> None:
    assert shipped("data", "sample") == ROOT / "data" / "sample"
    assert shipped("data", "conll2003") is None


@pytest.fixture(scope="module")
def isolated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that sees this one's libraries, but no `tagger` of its own yet."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=False, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    libraries = [path for path in sys.path if path.endswith("site-packages")]
    (site / "libraries.pth").write_text("\n".join(libraries) + "\n")
    return folder


def pip(isolated: Path, *arguments: str) -> None:
    python = isolated / "bin" / "python"
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-deps"]
    subprocess.run([*command, "--no-build-isolation", *arguments], check=True)


def shipped_sample(isolated: Path, folder: Path) -> Path:
    """Where the environment's `tagger` finds the sample, asked in an empty folder."""
    code = "import tagger.paths as p; print(p.shipped('data', 'sample'))"
    done = subprocess.run(
        [str(isolated / "bin" / "python"), "-c", code],
        cwd=folder, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": ""},
    )  # fmt: skip
    return Path(done.stdout.strip())


@pytest.mark.slow
def test_a_wheel_trains_on_its_sample_in_an_empty_folder(isolated: Path, tmp_path: Path) -> None:
    subprocess.run(
        [
            sys.executable,
            "-m",
            "build",
            "--wheel",
            "--no-isolation",
            "-o",
            str(tmp_path),
            str(ROOT),
        ],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    pip(isolated, "--force-reinstall", str(wheel))
    empty = tmp_path / "empty"
    empty.mkdir()
    (site,) = isolated.glob("lib/python*/site-packages")
    assert shipped_sample(isolated, empty) == site / "tagger" / "_shipped" / "data" / "sample"
    done = subprocess.run(
        [str(isolated / "bin" / "tagger"), "train", "sample", "--epochs", "1", "--threads", "1"],
        cwd=empty,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (empty / "models" / "sample" / "meta.json").is_file()


@pytest.mark.slow
def test_an_editable_install_finds_the_checkout(isolated: Path, tmp_path: Path) -> None:
    pip(isolated, "--force-reinstall", "-e", str(ROOT))
    assert shipped_sample(isolated, tmp_path) == ROOT / "data" / "sample"
