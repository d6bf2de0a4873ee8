"""The wheel and its requirements, from an empty folder."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import tarfile
import tomllib
import venv
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tagger.extras import DISTRIBUTION
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
    """Return where the environment's `tagger` finds the sample, from an empty folder."""
    code = "import tagger.paths as p; print(p.shipped('data', 'sample'))"
    done = subprocess.run(
        [str(isolated / "bin" / "python"), "-c", code],
        cwd=folder, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": ""},
    )  # fmt: skip
    return Path(done.stdout.strip())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", str(folder)]
    subprocess.run([*build, str(ROOT)], check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.mark.slow
def test_a_wheel_trains_on_its_sample_in_an_empty_folder(
    isolated: Path, wheel: Path, tmp_path: Path
) -> None:
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
def test_a_release_is_the_same_bytes_again(wheel: Path, tmp_path: Path) -> None:
    """From a checkout, and from its source distribution with other dates and permissions."""

    def built(source: Path, name: str) -> list[Path]:
        command = [sys.executable, "-m", "hatchling", "build", "-d", str(tmp_path / name)]
        subprocess.run(command, cwd=source, check=True, capture_output=True)
        return sorted((tmp_path / name).iterdir())

    first = built(ROOT, "first")
    assert first[0].read_bytes() == wheel.read_bytes()
    with tarfile.open(first[1]) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    for path in source.rglob("*"):
        os.utime(path, (10**9, 10**9))
        path.chmod(path.stat().st_mode & 0o700)
    for one, again in zip(first, built(source, "again"), strict=True):
        assert (one.name, one.read_bytes()) == (again.name, again.read_bytes())


@pytest.mark.slow
def test_an_editable_install_finds_the_checkout(isolated: Path, tmp_path: Path) -> None:
    pip(isolated, "--force-reinstall", "-e", str(ROOT))
    assert shipped_sample(isolated, tmp_path) == ROOT / "data" / "sample"


# -- What the make commands install


def locked(name: str) -> dict[str, str]:
    """The version of each package in a lock; each must have hashes."""
    text = (ROOT / "locks" / f"{name}.txt").read_text("utf-8")
    entries = [entry for entry in re.split(r"\n(?=\S)", text.strip()) if entry[0] != "#"]
    assert all("--hash=sha256:" in entry for entry in entries)
    pins = (entry.split()[0].partition("==") for entry in entries)
    return {canonical(name): version for name, _, version in pins}


def test_locks_have_every_pin() -> None:
    """After a change of constraints.txt or of requirements: `make lock`."""
    locks = [locked(name) for name in ("build", "torch", "base", "dev", "docs")]
    found = {pin for lock in locks for pin in lock.items()}
    assert found == set(pinned(ROOT / "constraints.txt").items())


def test_locks_have_every_requirement() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    needed = [*project["dependencies"], *(one for extra in extras.values() for one in extra)]
    names = {canonical(Requirement(one).name) for one in needed} - {canonical(DISTRIBUTION)}
    assert names <= pinned(ROOT / "constraints.txt").keys()
    base = {**locked("torch"), **locked("base")}
    assert {canonical(Requirement(one).name) for one in project["dependencies"]} <= base.keys()


# -- A deployment that only predicts

LEFT_OUT = {"torch", "spacy", "datasets", "pyarrow", "seqeval", "scikit-learn", "scipy", "onnx"}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(path: Path) -> dict[str, str]:
    """The version of each package in a file of requirements."""
    lines = [line for line in path.read_text("utf-8").splitlines() if line and line[0] != "#"]
    return {canonical(name): version for name, _, version in (x.partition("==") for x in lines)}


PREDICT, SERVE = ROOT / "requirements-predict.txt", ROOT / "requirements-serve.txt"


def test_what_predicts_is_pinned_as_everything_is() -> None:
    found = pinned(PREDICT) | pinned(SERVE)
    assert found.items() <= pinned(ROOT / "constraints.txt").items()
    assert LEFT_OUT.isdisjoint(found)


@pytest.mark.parametrize("files", [(PREDICT,), (PREDICT, SERVE)])
def test_what_predicts_and_serves_is_complete(files: tuple[Path, ...]) -> None:
    """Each requirement of the packages in the lists is in the lists."""
    names = {name for file in files for name in pinned(file)}
    try:
        list(map(metadata.distribution, names))
    except metadata.PackageNotFoundError as error:
        pytest.skip(f"needs the extra serve ({error.name} is not installed)")
    for name in names:
        requirements = map(Requirement, metadata.requires(name) or [])
        needed = [x for x in requirements if x.marker is None or x.marker.evaluate({"extra": ""})]
        assert {canonical(x.name) for x in needed} <= names, name


@pytest.fixture(scope="module")
def deployment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the packages of requirements-predict.txt and a wheel."""
    return deployed(tmp_path_factory.mktemp("deployment"), wheel, PREDICT)


def deployed(folder: Path, wheel: Path, *files: Path) -> Path:
    """Make an environment with a wheel and the packages of files of requirements, offline.

    The packages are linked to those installed here.
    """
    venv.create(folder, with_pip=False, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    for name in (name for file in files for name in pinned(file)):
        distribution = metadata.distribution(name)
        tops = {Path(file).parts[0] for file in distribution.files or []}
        for top in tops - {"..", "__pycache__"}:
            (site / top).symlink_to(Path(str(distribution.locate_file(top))).resolve())
    pip(folder, str(wheel))
    return folder


@pytest.mark.slow
def test_a_deployment_that_only_predicts(deployment: Path, tmp_path: Path) -> None:
    def tagger(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(deployment / "bin" / "tagger"), *arguments],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "TAGGER_CACHE": str(tmp_path / "cache")},
            capture_output=True,
            text=True,
            check=False,
        )

    (tmp_path / "mails.jsonl").write_text('{"text": "John left.", "label": [[0, 4, "PER"]]}\n')
    sentence = "John works at Apple in California"
    for arguments, printed in (
        (["predict", sentence], "[John](PER)"),
        (["predict", sentence, "--confidence", "--format", "json"], '"confidence"'),
        (["explain", sentence, "--token", "Apple"], "left"),
        (["explain", sentence, "--token", "Apple", "--html", "page.html"], ""),
        (["convert", "mails.jsonl", "mails.conll"], "spans 1"),
        (["evaluate", "en", "mails.conll"], "micro"),
        (["evaluate", "en", "mails.jsonl", "--raw"], "tokens"),
        (["evaluate", "en", "sample", "--predictions", "out.txt"], "upos"),
        (["score", "out.txt"], ""),
        (["info", "en"], "conll2003"),
    ):
        done = tagger(*arguments)
        assert done.returncode == 0, (arguments, done.stderr)
        assert printed in done.stdout, (arguments, done.stdout)
    done = tagger("train", "sample")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "torch" in done.stderr
    assert "pip install" in done.stderr


# -- A container


def instructions() -> list[list[str]]:
    """The words of each instruction of the Dockerfile."""
    lines = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ").splitlines()
    return [line.split() for line in lines if line and not line.startswith("#")]


def test_the_container_runs_without_rights_and_is_checked() -> None:
    words = instructions()
    last_stage = words[max(i for i, line in enumerate(words) if line[0] == "FROM") :]
    assert [line[1] for line in last_stage if line[0] == "USER"] == ["10001"]
    assert [line[0] for line in last_stage].count("HEALTHCHECK") == 1
    text = " ".join(word for line in last_stage for word in line)
    for file in (PREDICT, SERVE):
        assert f"source={file.name},target=/{file.name}" in text
        assert f"-r /{file.name}" in text


def test_the_example_of_compose_reads_the_metrics() -> None:
    import yaml

    compose = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    assert compose["services"]["tagger"]["read_only"]
    scraped = yaml.safe_load(compose["configs"]["prometheus"]["content"])
    (job,) = scraped["scrape_configs"]
    assert job["static_configs"] == [{"targets": ["tagger:8000"]}]


@pytest.mark.slow
def test_what_the_container_runs(wheel: Path, tmp_path: Path) -> None:
    """The entry point and the health check of the Dockerfile, with the packages it installs."""
    pytest.importorskip("fastapi", reason="needs the extra serve")
    folder = deployed(tmp_path / "venv", wheel, PREDICT, SERVE)
    text = (ROOT / "Dockerfile").read_text("utf-8")
    entry, check = (json.loads(text.split(word)[1].splitlines()[0]) for word in
                    ("ENTRYPOINT ", "CMD "))  # fmt: skip
    environment = {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "TAGGER_CACHE": str(tmp_path)}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    check = [word.replace("8000", port) for word in check]
    server = subprocess.Popen(
        [*entry, "--port", port], cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True
    )
    assert server.stderr is not None
    try:
        assert port in server.stderr.readline()
        assert subprocess.run(check, cwd=tmp_path, env=environment, check=False).returncode == 0
        server.terminate()
        server.stderr.read()
        assert server.wait(60) == 0
    finally:
        server.kill()
        server.stderr.close()
        server.wait()


# -- Extras


def test_the_extra_all_holds_every_extra_of_users() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    (everything,) = map(Requirement, extras["all"])
    assert everything.name == project["name"]
    assert everything.extras == set(extras) - {"all", "dev", "docs"}


def test_the_name_of_the_distribution() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["name"] == DISTRIBUTION
