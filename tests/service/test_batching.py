from __future__ import annotations

import socket
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest

pytest.importorskip("fastapi", reason="needs the extra serve")

from tagger.runtime.tagger import Tagger
from tagger.service import Settings, create_app
from tagger.service.settings import Limits
from tests.helpers.services import Answer, Hold, ask, serving


def app(**limits: Any) -> Any:
    return create_app(settings=Settings(limits=Limits(**limits)))


def wait_for(condition: Any) -> None:
    for _ in range(500):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come to that")


def waiting_tokens(application: Any) -> int:
    return int(application.state.service.batcher._n_tokens)


def in_threads(pool: ThreadPoolExecutor, url: str, *bodies: Any) -> list[Future[Answer]]:
    return [pool.submit(ask, url, body=body) for body in bodies]


def test_requests_that_wait_are_tagged_together(hold: Hold) -> None:
    hold.open.set()
    application = app()
    hold.batches.clear()
    hold.open.clear()
    hold.began.clear()
    with serving(application) as url, ThreadPoolExecutor(8) as pool:
        (first,) = in_threads(pool, url, {"text": "first"})
        assert hold.began.wait(10)
        bodies = [{"text": f"text {i}"} for i in range(4)]
        others = in_threads(pool, url, *bodies, {"text": "another way", "heads": ["ner"]})
        wait_for(lambda: waiting_tokens(application) >= 6 * 12)
        hold.open.set()
        assert [answer.result().json["text"] for answer in others] == [
            *(body["text"] for body in bodies),
            "another way",
        ]
        assert first.result().status == 200
    assert hold.batches[0] == ["first"]
    assert sorted(map(sorted, hold.batches[1:])) == [
        ["another way"],
        ["text 0", "text 1", "text 2", "text 3"],
    ]
    assert waiting_tokens(application) == 0


def test_a_window_gathers_requests(hold: Hold) -> None:
    hold.open.set()
    application = app(window=0.5)
    hold.batches.clear()
    with serving(application) as url, ThreadPoolExecutor(4) as pool:
        for answer in in_threads(pool, url, *[{"text": f"text {i}"} for i in range(4)]):
            assert answer.result().status == 200
    assert len(hold.batches) < 4


def test_long_lists_are_tagged_in_parts(hold: Hold) -> None:
    hold.open.set()
    application = app(batch_tokens=10, queue_tokens=10)
    hold.batches.clear()
    texts = [f"text number {i}" for i in range(20)]
    with serving(application) as url:
        answer = ask(url, body={"texts": texts})
    assert [one["text"] for one in answer.json] == texts
    assert len(hold.batches) > 3


def test_a_full_queue_refuses_with_the_time_to_wait(hold: Hold) -> None:
    hold.open.set()
    application = app(queue_tokens=80)
    hold.open.clear()
    hold.began.clear()
    with serving(application) as url, ThreadPoolExecutor(4) as pool:
        (first,) = in_threads(pool, url, {"text": "first"})
        assert hold.began.wait(10)
        (second,) = in_threads(pool, url, {"text": "a text of ten tokens, by its length of chars"})
        wait_for(lambda: waiting_tokens(application) > 12)
        refused = ask(url, body={"text": "another text of several tokens"})
        assert refused.status == 429
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.json["type"] == "urn:tagger:queue-full"
        assert ask(url, "/livez").status == 200
        hold.open.set()
        assert first.result().status == second.result().status == 200
        assert ask(url, body={"text": "another text"}).status == 200
        metrics = ask(url, "/metrics").content.decode()
    assert 'tagger_rejections_total{kind="queue-full"} 1.0' in metrics


def test_the_queue_is_short_while_requests_are_refused(
    hold: Hold, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold.open.set()
    application = app(queue_tokens=160)
    hold.open.clear()
    hold.began.clear()
    text = {"text": "a text of some tokens, by its characters, which is " + "a bit longer " * 5}
    with serving(application) as url, ThreadPoolExecutor(4) as pool:
        (first,) = in_threads(pool, url, text)
        assert hold.began.wait(10)
        (second,) = in_threads(pool, url, text)
        wait_for(lambda: waiting_tokens(application) > 60)
        monkeypatch.setattr("tagger.service.batching.OVERLOADED", 60.0)
        assert waiting_tokens(application) < 100
        assert ask(url, body={"text": "long " * 100}).status == 429
        assert ask(url, body=text).status == 429  # for which there is space
        monkeypatch.setattr("tagger.service.batching.OVERLOADED", 0.0)
        (third,) = in_threads(pool, url, text)
        wait_for(lambda: waiting_tokens(application) > 100)
        hold.open.set()
        assert {one.result().status for one in (first, second, third)} == {200}


def test_what_takes_too_long_is_given_up(hold: Hold) -> None:
    hold.open.set()
    application = app(timeout=0.3)
    hold.open.clear()
    with serving(application) as url:
        answer = ask(url, body={"text": "John"})
        assert answer.status == 503
        assert answer.json["type"] == "urn:tagger:timeout"
        hold.open.set()
        wait_for(lambda: waiting_tokens(application) == 0)
        assert ask(url, body={"text": "John"}).status == 200


def test_the_work_of_clients_that_left_is_dropped(hold: Hold) -> None:
    hold.open.set()
    application = app()
    hold.batches.clear()
    hold.open.clear()
    hold.began.clear()
    with serving(application) as url, ThreadPoolExecutor(4) as pool:
        (first,) = in_threads(pool, url, {"text": "first"})
        assert hold.began.wait(10)
        address = urlsplit(url)
        at_hand = waiting_tokens(application)
        with socket.create_connection((address.hostname, address.port)) as left:
            body = b'{"text": "left alone"}'
            head = b"POST /v1/tag HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body)
            left.sendall(head + body)
            wait_for(lambda: waiting_tokens(application) > at_hand)
            time.sleep(0.2)
        jobs = application.state.service.batcher._jobs
        wait_for(lambda: all(job.future.done() for job in jobs))
        hold.open.set()
        assert first.result().status == 200
        assert ask(url, body={"text": "next"}).status == 200
        wait_for(lambda: 'status="499"' in ask(url, "/metrics").content.decode())
    assert ["left alone"] not in hold.batches
    assert waiting_tokens(application) == 0


def test_an_error_of_our_own_is_a_problem_without_details(monkeypatch: Any, caplog: Any) -> None:
    application = app()

    def fail(*arguments: Any, **options: Any) -> Any:
        raise RuntimeError("John's secret")

    with serving(application) as url:
        monkeypatch.setattr(Tagger, "batch", fail)
        answer = ask(url, body={"text": "John's secret"})
        assert (answer.status, answer.json["type"]) == (500, "urn:tagger:internal-error")
        monkeypatch.undo()
        assert ask(url, body={"text": "John"}).status == 200
    assert b"secret" not in answer.content
    assert "secret" not in caplog.text
    (entry,) = [r.entry for r in caplog.records if r.levelname == "ERROR"]
    assert "RuntimeError" in entry["error"]
