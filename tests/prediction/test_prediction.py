"""Many lines to a file: any number of workers, interrupted and resumed, the same results."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tagger.errors import TaggerError, UsageError
from tagger.prediction import resuming, workers
from tagger.prediction.input import BLOCK
from tagger.prediction.predict import predict
from tagger.runtime.engines.processor import n_cores
from tests.helpers.commands import Result, assert_one_line

LINES = [
    "John works at Apple in California",
    "Mary Jones lives in Ohio .",
    "",
    "Kim left New York for Berlin . Siemens hired Mary .",
    "nothing happened here .",
]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bulk") / "lines.txt"
    lines = [f"{LINES[i % len(LINES)]} {i}" for i in range(3 * BLOCK + 77)]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def expected(file: Path, model: Path) -> bytes:
    command = [sys.executable, "-m", "tagger", "predict", "-m", str(model), "-f", str(file)]
    return subprocess.run([*command, "--format", "json"], capture_output=True, check=True).stdout


@pytest.mark.slow
@pytest.mark.skipif(n_cores() < 2, reason="one core")
def test_workers_change_nothing(run, file: Path, model: Path, expected: bytes, tmp_path: Path):
    output = tmp_path / "out.jsonl"
    options = ["-m", model, "-f", file, "--format", "json", "-o", output]
    assert run("predict", *options, "--workers", 2).code == 0
    assert output.read_bytes() == expected
    assert expected.count(b"\n") == 3 * BLOCK + 77


@pytest.fixture(scope="module")
def finished(file: Path, model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output with the record of its job."""
    output = tmp_path_factory.mktemp("finished") / "out.jsonl"
    predict(json_job(model), [], [file], output=output)
    return output


def json_job(model: Path) -> workers.Job:
    return workers.Job(str(model), "cpu", None, None, 1, None, False, "json")


def copied(finished: Path, folder: Path) -> Path:
    output = folder / finished.name
    shutil.copy(finished, output)
    shutil.copy(resuming.record_path(finished), resuming.record_path(output))
    return output


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
@pytest.mark.slow
def test_an_output_cut_at_any_byte_is_resumed_exactly(
    finished: Path, file: Path, model: Path, expected: bytes, tmp_path: Path, data: st.DataObject
) -> None:
    ends = [match.end() for match in re.finditer(rb"\n", expected)]
    near = st.sampled_from(ends).flatmap(lambda end: st.integers(max(end - 2, 0), end + 1))
    cut = data.draw(st.one_of(st.integers(0, len(expected)), near))
    output = copied(finished, tmp_path)
    os.truncate(output, min(cut, len(expected)))
    predict(json_job(model), [], [file], output=output, resume=True)
    assert output.read_bytes() == expected


def test_a_finished_output_stays(
    finished: Path, file: Path, model: Path, expected: bytes, tmp_path: Path
) -> None:
    output = copied(finished, tmp_path)
    moved = tmp_path / "moved.txt"
    shutil.copy(file, moved)
    copy = shutil.copytree(model, tmp_path / "copy")
    for path, directory in ((file, model), (moved, model), (file, copy)):
        predict(json_job(directory), [], [path], output=output, resume=True)
        assert output.read_bytes() == expected


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"output_format": "text"}, "format json, now text"),
        ({"heads": ("ner",)}, "heads ner,upos, now ner"),
        ({"precision": "fp32"}, "precision int8, now fp32"),
        ({"engine": "torch"}, "engine onnx, now torch"),
        ({"tokenized": True}, "tokenized no, now yes"),
        ({"confidence": True}, "confidence no, now yes"),
        ({"model": "other"}, r"model .*tiny, now .*other"),
        ({"model": "changed"}, r"model .*changed"),
        ({"input": "other"}, r"input .*lines\.txt, now .*other\.txt"),
        ({"input": "two"}, "input of 1 file, now of 2"),
        ({"input": "middle"}, r"input .*lines\.txt, now .*other\.txt"),
    ],
)
def test_another_job_is_refused_by_what_differs(
    finished: Path, file: Path, model: Path, tmp_path: Path, change: dict[str, object], word: str
) -> None:
    output = copied(finished, tmp_path)
    os.truncate(output, 50_000)
    before = output.read_bytes()
    job, files = json_job(model), [file]
    if place := change.get("model"):
        copy = shutil.copytree(model, tmp_path / str(place))
        config = copy / "tokenizer.json"
        config.write_bytes(config.read_bytes() + b" ")
        meta = json.loads((copy / "meta.json").read_text())
        (copy / "meta.json").write_text(json.dumps({**meta, "checksums": {}}))
        job = job._replace(model=str(copy))
    elif kind := change.get("input"):
        other = tmp_path / "other.txt"
        content = bytearray(file.read_bytes())
        content[len(content) // 2 if kind == "middle" else 0] ^= 1
        other.write_bytes(content)
        files = [file, other] if kind == "two" else [other]
    else:
        job = job._replace(**change)
    with pytest.raises(UsageError, match=word) as raised:
        predict(job, [], files, output=output, resume=True)
    assert raised.value.path == str(output)
    assert "force" in raised.value.hint
    assert output.read_bytes() == before


def test_an_output_without_a_record_is_not_resumed(
    finished: Path, file: Path, model: Path, expected: bytes, tmp_path: Path
) -> None:
    output = copied(finished, tmp_path)
    record = resuming.record_path(output)
    record.write_bytes(record.read_bytes()[:-9])
    with pytest.raises(TaggerError, match="damaged"):
        predict(json_job(model), [], [file], output=output, resume=True)
    record.unlink()
    with pytest.raises(UsageError, match="no record") as raised:
        predict(json_job(model), [], [file], output=output, resume=True)
    assert raised.value.path == str(output)
    output.write_bytes(b"")
    predict(json_job(model), [], [file], output=output, resume=True)
    assert output.read_bytes() == expected
    predict(json_job(model), ["John left"], [], output=output, force=True)
    assert not record.exists()  # it is no longer the output of that job


def test_nothing_is_lost_or_overwritten(run, file: Path, model: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.txt"
    output.write_text("kept\n")
    options = ["-m", model, "-o", output]
    assert_one_line(run("predict", "-f", file, *options), 2, "exists", "--resume", "--force")
    assert output.read_text() == "kept\n"
    assert run("predict", "John left", *options, "--force").code == 0
    assert output.read_text() == "[John](PER) left\n"
    assert_one_line(run("predict", "-f", file, "--resume"), 2, "--output")
    conll = ["--resume", "--format", "conll"]
    assert_one_line(run("predict", "-f", file, *options, *conll), 2, "conll")
    short = tmp_path / "short.txt"
    short.write_text("John\n")
    output.write_text("x\n" * BLOCK)
    assert_one_line(run("predict", "-f", short, *options, "--resume"), 2, "no record", "--force")
    same = ["-m", model, "-f", output, "-o", output]
    for option in ("--force", "--resume"):
        assert_one_line(run("predict", *same, option), 2, "out.txt: ", "read")
        assert output.read_text() == "x\n" * BLOCK
    (tmp_path / "link.txt").hardlink_to(output)
    linked = ["-m", model, "-f", tmp_path / "link.txt", "-o", output, "--force"]
    assert_one_line(run("predict", *linked), 2, "out.txt: ", "read")
    missing = tmp_path / "no" / "out.txt"
    assert_one_line(run("predict", "x", "-m", model, "-o", missing), 1, "no such file")


@pytest.mark.parametrize("option", ["--force", "--resume"])
def test_what_goes_wrong_at_the_start_changes_nothing(
    run, file: Path, model: Path, tmp_path: Path, option: str
) -> None:
    output = tmp_path / "out.txt"
    output.write_text("x\n" * (BLOCK + 1))
    options = ["-o", output, option]
    for wrong in (["-m", "none"], ["-m", model, "--heads", "nre"]):
        assert run("predict", "-f", file, *wrong, *options).code != 0
        assert output.read_text() == "x\n" * (BLOCK + 1)
    missing = run("predict", "-f", tmp_path / "none.txt", "-m", model, *options)
    assert missing.code != 0
    assert output.read_text() == "x\n" * (BLOCK + 1)


@pytest.mark.slow
def test_what_is_no_file_is_written_into(model: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tagger", "predict", "-m", str(model), "John left", "-o"]
    for place, written in (("/dev/stdout", b"[John](PER) left\n"), ("/dev/null", b"")):
        result = subprocess.run([*command, place], capture_output=True)
        assert (result.returncode, result.stdout, result.stderr) == (0, written, b"")


def two_workers(model: Path) -> subprocess.Popen[bytes]:
    """Tag what comes through a pipe, in two processes."""
    command = [sys.executable, "-m", "tagger", "predict", "-m", str(model), "--workers", "2"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def ask(process: subprocess.Popen[bytes], line: bytes) -> bytes:
    """Send a line, and wait for its answer."""
    process.stdin.write(line)
    process.stdin.flush()
    return process.stdout.readline()


@pytest.mark.skipif(n_cores() < 2, reason="one core")
def test_several_workers_answer_a_line_while_the_next_is_waited_for(model: Path) -> None:
    with two_workers(model) as process:
        for _ in range(2):
            # This waits for ever where an answer needs further lines.
            assert ask(process, b"John left\n") == b"[John](PER) left\n"
        process.stdin.close()
        assert process.wait(timeout=60) == 0


def test_more_workers_than_cores(run, file: Path, model: Path) -> None:
    result: Result = run("predict", "-m", model, "-f", file, "--workers", 1000)
    assert_one_line(result, 2, "1000", "cores")


def _end(block: object) -> object:
    os._exit(1)


def test_a_worker_that_dies_is_named() -> None:
    with pytest.raises(TaggerError, match="a worker has died"):
        list(workers.in_workers(_end, [[1], [2]], workers=2))


@pytest.mark.slow
@pytest.mark.parametrize("workers", range(1, min(n_cores(), 2) + 1))
def test_ctrl_c_leaves_whole_lines(
    file: Path, model: Path, expected: bytes, tmp_path: Path, workers: int
) -> None:
    # As long as it takes: the file again and again.
    many = tmp_path / "many.txt"
    many.write_bytes(file.read_bytes() * 40)
    output = tmp_path / "out.jsonl"
    command = [sys.executable, "-m", "tagger", "predict", "-m", str(model), "-f", str(many)]
    command += ["--format", "json", "-o", str(output), "--workers", str(workers)]
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        # Where tests run in the background Ctrl-C is ignored, and what is ignored is inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while process.poll() is None and not (output.exists() and output.stat().st_size > 0):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    if workers > 1:  # an impatient one must not leave workers behind
        time.sleep(0.05)
        process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    # The second may come when the process has all but ended.
    assert process.returncode in ((130,) if workers == 1 else (130, -signal.SIGINT)), err
    assert "--resume" in err
    assert err.count("\n") == 1
    partial = output.read_bytes()
    assert partial.endswith(b"}\n")
    assert 0 < partial.count(b"\n") < many.read_bytes().count(b"\n")
    subprocess.run([*command, "--resume"], check=True)
    done = output.read_bytes()
    assert done.startswith(partial)
    assert done.count(b"\n") == many.read_bytes().count(b"\n")
    assert done.startswith(expected[: expected.rfind(b"\n", 0, 50_000)])


def test_a_full_disk_is_named(
    run,
    file: Path,
    model: Path,
) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full here")
    result = run("predict", "-m", model, "-f", file, "-o", full)
    assert_one_line(result, 1, "no space left")


def test_lines_from_a_pipe_are_read_in_single_precision(
    model: Path, monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    from tagger.prediction import predict as prediction

    seen = []

    def stop(job: workers.Job) -> None:
        seen.append(job.precision)
        raise KeyboardInterrupt

    monkeypatch.setattr(prediction, "load_tagger", stop)
    job = json_job(model)
    for live, asked in (
        (True, job),
        (True, job._replace(device="auto")),
        (True, job._replace(precision="int8")),
        (False, job),
    ):
        monkeypatch.setattr(prediction, "is_live", lambda *_, live=live: live)
        with pytest.raises(KeyboardInterrupt):
            prediction.predict(asked, [], [file])
    assert seen == ["fp32", "fp32", "int8", None]


@pytest.mark.slow
@pytest.mark.skipif(n_cores() < 2, reason="one core")
def test_workers_end_with_the_process_that_has_them(model: Path) -> None:
    with two_workers(model) as process:
        assert ask(process, b"John left\n") == b"[John](PER) left\n"
        process.kill()
        # They have the same standard output: it ends when the last of them has.
        assert process.stdout.read() == b""
