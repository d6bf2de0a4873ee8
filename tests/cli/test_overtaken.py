"""Commands whose output is written by another process after they have checked that it is new."""

from __future__ import annotations

import pydoc
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.commands import assert_one_line

Overtake = Callable[[str, Callable[[], object]], None]


@pytest.fixture
def overtake(monkeypatch: pytest.MonkeyPatch) -> Overtake:
    """Let another process act before a function is called that a command calls after its check."""

    def overtake(name: str, act: Callable[[], object]) -> None:
        function = pydoc.locate(name)
        assert callable(function)

        def overtaken(*arguments: object, **named: object) -> object:
            act()
            return function(*arguments, **named)

        monkeypatch.setattr(name, overtaken)

    return overtake


@pytest.mark.parametrize(
    ("command", "function"),
    [
        ("predict -m MODEL --file TEXTS --output OUT", "prediction.predict.load_tagger"),
        ("predict -m MODEL --file TEXTS --output OUT.spacy", "prediction.predict.load_tagger"),
        ("redact -m MODEL --file TEXTS --output OUT", "prediction.redact_files.load_tagger"),
        ("convert CORPUS/train.txt OUT.conllu", "corpus.conversion.read_documents"),
        ("evaluate MODEL CORPUS --predictions OUT", "evaluation.evaluate.select_split"),
        ("evaluate MODEL CORPUS --report OUT", "insight.report.report.select_split"),
        ("explain Kim -m MODEL --html OUT", "insight.explain.explanation.read_model"),
        ("select TEXTS -m MODEL -o OUT.jsonl --to prodigy", "insight.select.select.find_texts"),
        (
            "lint CORPUS -m MODEL --export OUT.jsonl --export-format prodigy",
            "linting.lint.read_gold",
        ),
    ],
)
def test_what_another_process_has_written_since_is_kept(
    run, overtake: Overtake, model: Path, corpus: Path, tmp_path: Path, command: str, function: str
) -> None:
    texts = tmp_path / "texts"
    texts.write_text("Kim lives in Ohio .\nMary Jones met Lee .\n" * 3)
    arguments = (
        command.replace("MODEL", str(model))
        .replace("TEXTS", str(texts))
        .replace("CORPUS", str(corpus))
        .replace("OUT", str(tmp_path / "out"))
        .split()
    )
    (out,) = (Path(one) for one in arguments if one.startswith(str(tmp_path / "out")))
    if out.suffix == ".spacy":
        pytest.importorskip("spacy")
    overtake(f"tagger.{function}", lambda: out.write_text("theirs"))
    assert_one_line(run(*arguments), 2, "exists", out.name, "--force")
    assert out.read_text() == "theirs"
    assert {path.name for path in tmp_path.iterdir()} == {"texts", out.name}
    assert run(*arguments, "--force").code in (0, 1)
    assert out.read_text(errors="replace") != "theirs"


def test_a_wheel(run, overtake: Overtake, model: Path, tmp_path: Path) -> None:
    command = ("package", model, "-o", tmp_path, "--name", "tiny", "--version", "1.0")
    wheel = tmp_path / "tagger_model_tiny-1.0-py3-none-any.whl"
    overtake("tagger.sharing.wheel.licence_of", lambda: wheel.write_text("theirs"))
    assert_one_line(run(*command), 2, "exists", "--force")
    assert wheel.read_text() == "theirs"


def test_a_trained_model(
    run, overtake: Overtake, model: Path, corpus: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    overtake("tagger.training.run.prepare", lambda: shutil.copytree(model, out))
    before = (model / "meta.json").read_bytes()
    assert_one_line(run("train", corpus, "-o", out), 2, "model already", "--force")
    assert (out / "meta.json").read_bytes() == before
    assert not (out / "last").exists()


def test_repairs(run, overtake: Overtake, tmp_path: Path) -> None:
    path = tmp_path / "train.txt"
    path.write_text("Kim\tB-PER\nleft\tO\n\nThen\tO\nMary\tI-PER\nleft\tO\n")
    overtake("tagger.linting.fixing.new_file", lambda: path.write_text("theirs"))
    result = run("lint", path, "--fix")
    assert_one_line(result, 1, "train.txt", "changed")
    assert path.read_text() == "theirs"
    assert list(tmp_path.iterdir()) == [path]
