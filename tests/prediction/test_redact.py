"""Names out of texts, and back in."""

from __future__ import annotations

import io
import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tagger
from tagger.errors import UsageError
from tagger.prediction.redacting import MASK, Redactor, map_line, read_map_line, restore
from tagger.runtime.engines.processor import n_cores
from tagger.runtime.tagger import Tagger
from tests.helpers.commands import assert_one_line

LINES = "Kim lives in Ohio.\n\nMary Jones works at Apple: m.jones@example.org\nKim left Kim.\n"


@pytest.fixture(scope="module")
def tiny(model: Path) -> Tagger:
    return tagger.load(model, precision="fp32")


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    path = tmp_path / "texts.txt"
    path.write_text(LINES)
    return path


def test_labels_masks_and_pseudonyms(tiny: Tagger) -> None:
    text = "Kim lives in Ohio. Mary Jones left Kim."

    def redacted(**options) -> str:
        return str(*tagger.redact([text], tiny, threshold=None, **options))

    assert redacted() == "[PER] lives in [LOC]. [PER] left [PER]."
    assert redacted(labels=["LOC"]) == "Kim lives in [LOC]. Mary Jones left Kim."
    masked = redacted(replace="mask")
    assert masked == f"{MASK * 3} lives in {MASK * 4}. {MASK * 4} {MASK * 5} left {MASK * 3}."
    assert redacted(replace="pseudonym") == "PER-1 lives in LOC-1. PER-2 left PER-1."


def test_pseudonyms_of_a_document_and_of_a_run(tiny: Tagger) -> None:
    two = ["Mary Jones left.", "Kim left."]
    found = [
        [str(one) for one in tagger.redact(two, tiny, replace="pseudonym", scope=scope)]
        for scope in ("document", "run")
    ]
    assert found == [["PER-1 left.", "PER-1 left."], ["PER-1 left.", "PER-2 left."]]


def test_what_overlaps_is_replaced_once(tiny: Tagger) -> None:
    (found,) = tagger.redact(["Kim left kim@ohio.org"], tiny, also=["mail"])
    assert str(found) == "[PER] left [MAIL]"
    (one,) = tagger.redact(["Write to John Smith@apple.org now"], "en", also=["mail"])
    assert "apple" not in str(one)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=3), st.sampled_from(["label", "mask", "pseudonym"]))
def test_every_text_comes_back(tiny: Tagger, texts: list[str], replace) -> None:
    redactor = Redactor(tiny, replace=replace, also=["mail", "phone", "url"])
    for text, found in zip(texts, redactor.redact(texts), strict=True):
        undo = read_map_line(map_line(found).decode())
        assert undo is not None
        assert restore(found.text, undo) == text
        assert restore(found.text + "x", undo) is None
        for one in found.replacements:
            assert found.text[one.start : one.end]


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"replace": "x"}, "label"),
        ({"scope": "x"}, "document"),
        ({"also": ["email"]}, "mail"),
        ({"labels": ["PRE"]}, "PER"),
        ({"threshold": 2}, "threshold"),
        ({"labels": "PER"}, "list"),
    ],
)
def test_wrong_options(tiny: Tagger, options: dict[str, object], word: str) -> None:
    with pytest.raises(UsageError, match=word):
        tagger.redact(["x"], tiny, **options)
    with pytest.raises(UsageError, match="texts"):
        tagger.redact("x", tiny)


def test_a_file_and_back(run, model: Path, texts: Path, tmp_path: Path) -> None:
    out, names = tmp_path / "out.txt", tmp_path / "names.jsonl"
    command = ["redact", "-m", model, "-f", texts, "--also", "mail", "-o", out, "--map", names]
    assert run(*command).code == 0
    assert "Kim" not in out.read_text()
    assert out.read_text().count("\n") == LINES.count("\n")
    assert stat.S_IMODE(names.stat().st_mode) == 0o600
    assert run("redact", "-f", out, "--undo", names).out == LINES
    assert run(*command).code == 2  # they exist
    assert run(*command, "--force").code == 0
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["names.jsonl", "out.txt", "texts.txt"]


def test_a_document_of_many_lines(run, model: Path, texts: Path) -> None:
    found = run("redact", "-m", model, "-f", texts, "--document", "--replace", "pseudonym").out
    assert found.splitlines()[3] == "PER-1 left PER-1."


def test_a_column_of_json_lines(run, model: Path, tmp_path: Path) -> None:
    path, out, names = (tmp_path / name for name in ("in.jsonl", "out.jsonl", "map.jsonl"))
    records = [{"id": 1, "body": "Kim left", "n": [1]}, {"body": "", "id": 2}]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    command = "redact", "-m", model, "-f", path, "--column"
    assert run(*command, "body", "-o", out, "--map", names).code == 0
    found = [json.loads(line) for line in out.read_text().splitlines()]
    assert found == [{"id": 1, "body": "[PER] left", "n": [1]}, {"body": "", "id": 2}]
    undone = run("redact", "-f", out, "--column", "body", "--undo", names).out
    assert list(map(json.loads, undone.splitlines())) == records
    wrong = run(*command, "text")
    assert (wrong.code, len(wrong.err.splitlines())) == (1, 1)
    assert "in.jsonl:1" in wrong.err


def test_the_keys_of_json_lines_stay(run, model: Path, tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"Kim":"Kim","text":"Kim left."}\n')
    assert json.loads(run("redact", "-m", model, "-f", path).out)["Kim"] == "Kim"


def test_an_output_that_cannot_be_written_is_named(run, model: Path, texts: Path) -> None:
    output = texts.with_name("x" * 255)  # with anything added to it, the name is too long
    assert_one_line(run("redact", "-m", model, "-f", texts, "-o", output), 1, f"{output}:")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("option", ["--output", "--map"])
def test_a_full_device_is_named(run, model: Path, option: str) -> None:
    assert_one_line(run("redact", "Kim left", "-m", model, option, "/dev/full"), 1, "/dev/full")


@pytest.mark.parametrize("options", [[], ["--document"], ["--column", "body"]])
def test_lines_end_as_they_did(run, model: Path, tmp_path: Path, options: list[str]) -> None:
    lines = LINES.splitlines()
    if "--column" in options:
        lines = [json.dumps({"body": line}, separators=(",", ":")) for line in lines]
    texts, out, names, back = (tmp_path / name for name in ("in", "out", "map.jsonl", "back"))
    texts.write_bytes("".join(f"{line}\r\n" for line in lines).encode())
    assert run("redact", "-m", model, "-f", texts, "-o", out, "--map", names, *options).code == 0
    assert out.read_bytes().count(b"\r\n") == out.read_bytes().count(b"\n") == len(lines)
    assert out.read_bytes() != texts.read_bytes()
    assert run("redact", "-f", out, "--undo", names, "-o", back, *options).code == 0
    assert back.read_bytes() == texts.read_bytes()


def test_another_text_is_not_undone(run, model: Path, texts: Path, tmp_path: Path) -> None:
    out, names, back = (tmp_path / name for name in ("out.txt", "map.jsonl", "back.txt"))
    assert run("redact", "-m", model, "-f", texts, "-o", out, "--map", names).code == 0
    content = out.read_text()
    for changed in (
        content.replace("left", "is"),
        content + "more\n",
        content[: content.index("\n")],
    ):
        out.write_text(changed)
        result = run("redact", "-f", out, "--undo", names, "-o", back)
        assert (result.code, len(result.err.splitlines())) == (2, 1)
        assert not back.exists()
    names.write_text("{}\n")
    assert run("redact", "-f", out, "--undo", names).code == 1
    assert run("redact", "x", "--undo", names).code == 2
    assert run("redact", "-f", texts, "-m", model, "-o", texts, "--force").code == 2


def test_an_empty_list_names_the_option(run) -> None:
    assert_one_line(run("redact", "Kim", "--also", ""), 2, "pattern", "--also mail")
    assert_one_line(run("redact", "Kim", "--labels", ","), 2, "label", "--labels PER")


@pytest.mark.skipif(n_cores() < 2, reason="needs two cores")
def test_the_number_of_workers_changes_nothing(run, model: Path, tmp_path: Path) -> None:
    path = tmp_path / "many.txt"
    path.write_text(LINES * 300)
    command = "redact", "-m", model, "-f", path, "--replace", "pseudonym", "--scope", "run"
    one, two = (run(*command, "--map", tmp_path / f"{n}.jsonl", "--workers", n).out for n in "12")
    assert one == two != LINES * 300
    assert (tmp_path / "1.jsonl").read_bytes() == (tmp_path / "2.jsonl").read_bytes()


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("undo", [False, True])
def test_an_interrupt_leaves_the_old_files(
    run, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: int, undo: bool
) -> None:
    path, out, names = (tmp_path / name for name in ("in.txt", "out.txt", "names.jsonl"))
    path.write_text(LINES * 300)
    command = ["redact", "-m", model, "-f", path, "-o", out, "--map", names]
    if undo:
        assert run(*command).code == 0
        command = ["redact", "-f", out, "--undo", names, "-o", tmp_path / "back.txt"]
    old = {path: path.read_bytes() for path in tmp_path.iterdir()}
    monkeypatch.setattr("tagger.prediction.redact_files._rendered", _stopping(stop, after=700))
    result = run(*command)
    assert (result.code, result.err) == (130, "interrupted\n")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == old


def _stopping(stop: int, after: int):
    from tagger.prediction.redact_files import _rendered as rendered

    left = [after]

    def stopping(*arguments) -> bytes:
        left[0] -= 1
        if left[0] == 0 and stop == signal.SIGINT:  # a test in the background ignores the signal
            raise KeyboardInterrupt
        if left[0] == 0:
            signal.raise_signal(stop)
        return rendered(*arguments)

    return stopping


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL")
def test_a_kill_leaves_no_half_file(run, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    out.write_text("old\n")
    options = "-m", str(model), "-f", "-", "-o", str(out), "--force"
    with subprocess.Popen(
        [sys.executable, "-m", "tagger", "redact", *options],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    ) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(LINES.encode())
        process.stdin.flush()
        until = time.monotonic() + 60
        while not any(path.stat().st_size for path in tmp_path.glob(".*.part")):
            assert time.monotonic() < until
            assert process.poll() is None
            time.sleep(0.02)
        process.kill()
        assert process.stderr.read() == b""
    assert out.read_text() == "old\n"
    assert run("redact", "Kim", "-m", model, "-o", out, "--force").code == 0
    assert list(tmp_path.iterdir()) == [out]


def test_standard_input(run, model: Path, monkeypatch: pytest.MonkeyPatch, texts: Path) -> None:
    with texts.open("rb") as file:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(file))
        assert run("redact", "-m", model, "--labels", "LOC").out.startswith("Kim lives in [LOC].")


def test_coverage(run, model: Path, corpus: Path) -> None:
    scores = tagger.evaluate(model, corpus, "train", coverage=True)
    rows = scores.coverage["ner"]
    assert rows[0].threshold is None
    assert rows[0].n_names == scores.spans["ner"].micro.n_gold
    at_half = next(row for row in rows if row.threshold == 0.5)
    tags = tagger.evaluate(model, corpus, "train", threshold=0.5).spans["ner"]
    assert at_half.n_names - at_half.n_left >= tags.micro.recall * tags.micro.n_gold
    left = [row.left for row in rows[1:]]
    assert left == sorted(left)
    assert "names left" in run("evaluate", model, corpus, "--split", "train", "--coverage").out
    with pytest.raises(UsageError, match="raw"):
        tagger.evaluate(model, corpus, "train", raw=True, coverage=True)
