from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs the extra serve")

from tests.helpers.commands import Result, assert_one_line
from tests.helpers.services import ask

ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def command(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run ``tagger serve`` and yield the process and its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tagger", "serve", "--port", "0", *arguments],
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stderr is not None
    try:
        (url,) = re.findall(r"http://127\.0\.0\.1:\d+", process.stderr.readline())
        yield process, url
    finally:
        process.kill()
        process.stderr.close()
        process.wait()


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_requests_end(workers: str, number: signal.Signals) -> None:
    with command("--workers", workers, "--threads", "1") as (process, url):
        assert ask(url, body={"text": "John"}).status == 200
        texts = ["John works at Apple in California"] * 1000
        with ThreadPoolExecutor() as pool:
            answers = [pool.submit(ask, url, body={"texts": texts}) for _ in range(2)]
            while 'route="/metrics"' not in ask(url, "/metrics").content.decode():
                pass
            process.send_signal(number)
            assert process.stderr is not None
            log = [json.loads(line) for line in process.stderr.read().splitlines()]
            assert process.wait(60) == 0
            # Either may be the first, and the other one too many for the queue.
            found = [answer.result().status for answer in answers]
            assert 200 in found
            assert set(found) <= {200, 429}
    assert log[-1]["event"] == "stopped"
    assert not [line for line in log if line["level"] == "error"]


@pytest.mark.slow
def test_metrics_of_several_processes_add_up() -> None:
    with command("--workers", "2", "--threads", "1") as (_, url):
        for _ in range(20):
            ask(url, body={"text": "John"})
        for _ in range(5):
            text = ask(url, "/metrics").content.decode()
            assert 'tagger_texts_total{model="en"} 20.0' in text


@pytest.mark.slow
def test_processes_end_with_the_one_that_started_them() -> None:
    with command("--workers", "2", "--threads", "1") as (process, url):
        ask(url, body={"text": "John"})
        process.kill()
        deadline = time.monotonic() + 10
        with contextlib.suppress(OSError):  # nobody listens any more
            while ask(url, "/metrics").status == 200:
                assert time.monotonic() < deadline
                time.sleep(0.1)


@pytest.mark.parametrize(
    ("arguments", "code", "parts"),
    [
        (["-m", "missing"], 1, ["missing"]),
        (["-m", "en", "-m", "en"], 2, ["en", "--model"]),
        (["--host", "192.0.2.1"], 2, ["192.0.2.1", "--port"]),
        (["--host", "no such host"], 2, ["no such host"]),
        (["--timeout", "0"], 2, ["timeout"]),
        (["--timeout", "nan"], 2, ["timeout"]),
        (["--cors", "example.org"], 2, ["example.org", "--cors"]),
        (["--precision", "fp16"], 2, ["fp16"]),
        (["--api-key-file", "/dev/null"], 2, ["/dev/null", "key"]),
        (["--api-key-file", "/no/such/file"], 1, ["/no/such/file"]),
    ],
)
def test_what_is_wrong_is_told_at_the_start(
    run: Callable[..., Result], arguments: list[str], code: int, parts: list[str]
) -> None:
    assert_one_line(run("serve", "--port", "0", *arguments), code, *parts)


def test_a_taken_port(run: Callable[..., Result], service: str) -> None:
    port = service.rpartition(":")[2]
    assert_one_line(run("serve", "--port", port), 2, port, "in use")


def test_a_missing_extra(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert_one_line(run("serve"), 2, "uvicorn", "pip install 'recurrent-tagger[serve]'")
