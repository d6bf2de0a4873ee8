from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

import tagger
from tagger.client import Client
from tagger.errors import TaggerError, UsageError

TEXTS = ["John works at Apple.", "", "Zoë 😀 met Łukasz in Zürich."]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    pytest.importorskip("fastapi", reason="needs the extra serve")
    pytest.importorskip("uvicorn", reason="needs the extra serve")
    from tagger.service import Settings, create_app
    from tests.helpers.services import serving

    with serving(create_app(settings=Settings(api_keys=("key",)))) as url:
        yield url


def test_documents_are_those_of_a_tagger(url: str) -> None:
    model = tagger.load("en", precision="fp32")
    with Client(url, api_key="key") as client:
        assert client.tag(TEXTS) == model.batch(TEXTS)
        assert client.tag(TEXTS, ["ner"], model="en") == model.batch(TEXTS, ["ner"])
        assert client.tag(TEXTS, confidence=True)[0].entities[0].confidence > 0.5
        low = {"LOC": 0.01}
        assert client.tag(TEXTS, threshold=low) == model.batch(TEXTS, threshold=low)
        assert client.tag([]) == []
        assert client.info()["models"][0]["name"] == "en"


def test_a_stream_reads_as_it_goes(url: str) -> None:
    read = itertools.count()
    texts = (f"Text {next(read)}" for _ in itertools.count())
    with Client(url, api_key="key") as client:
        documents = client.stream(texts)
        assert [next(documents).text for _ in range(100)] == [f"Text {i}" for i in range(100)]
    assert next(read) < 300


def test_threads_share_a_client(url: str) -> None:
    with Client(url, api_key="key") as client, ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda i: client.tag([f"Text {i}"])[0].text, range(100)))
    assert found == [f"Text {i}" for i in range(100)]


def test_what_is_wrong_is_an_error(url: str) -> None:
    with Client(url, api_key="key") as client:
        with pytest.raises(UsageError) as error:
            client.tag(["a"], ["nr"])
        with pytest.raises(UsageError, match="a string"):
            client.tag("John")
        with pytest.raises(UsageError, match=r"texts\[1\]"):
            client.tag(["a", 3])  # type: ignore[list-item]
        with pytest.raises(UsageError, match="characters"):
            client.tag(["a" * 200_000])
    assert error.value.expected == ("ner", "upos", "xpos")
    assert error.value.path == url
    with Client(url) as client, pytest.raises(UsageError, match="key"):
        client.tag(["a"])
    with pytest.raises(TaggerError, match="cannot be reached"):
        Client("http://127.0.0.1:9", timeout=0.5).tag(["a"])
    for address in ("127.0.0.1:8000", "ftp://a", "http://", "http://a:b"):
        with pytest.raises(UsageError):
            Client(address)


class Busy(BaseHTTPRequestHandler):
    """Refuses requests twice, hangs up once, then answers."""

    protocol_version = "HTTP/1.1"
    answers: ClassVar[Iterator[int]]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        status = next(self.answers)
        if status == 0:
            self.close_connection = True
            return
        content = b'[{"text": "a", "tokens": [], "entities": [], "sentences": []}]'
        self.send_response(status)
        if status == 429:
            self.send_header("retry-after", "0")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def busy() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Busy)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_busy_service_is_asked_again(busy: str) -> None:
    Busy.answers = iter([429, 429, 0, 503, 200])
    with Client(busy) as client:
        assert client.tag(["a"])[0].text == "a"
    assert next(Busy.answers, None) is None


def test_a_service_that_stays_busy_is_an_error(busy: str) -> None:
    Busy.answers = itertools.repeat(503)
    with Client(busy, timeout=0.3) as client, pytest.raises(TaggerError) as error:
        client.tag(["a"])
    assert error.value.path == busy
    Busy.answers = iter([500])
    with Client(busy) as client, pytest.raises(TaggerError, match="500"):
        client.tag(["a"])
