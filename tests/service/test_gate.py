from __future__ import annotations

import logging
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs the extra serve")

from tagger.service import Settings, create_app
from tests.helpers.services import ask, serving


def test_metrics_have_bounded_labels(service: str) -> None:
    ask(service, body={"text": "John works at Apple"})
    ask(service, "/v1/tag/some/made-up/path?with=query", body={"text": "a"})
    ask(service, "/nothing", method="BREW")
    text = ask(service, "/metrics").content.decode()
    assert "made-up" not in text
    assert "BREW" not in text
    assert 'tagger_requests_total{route="none",status="404"}' in text
    assert 'tagger_requests_total{route="/v1/tag",status="200"}' in text
    assert 'tagger_entities_total{label="PER",model="en"}' in text
    for name in ("queue_wait_seconds", "batch_texts", "batch_tokens", "request_seconds"):
        assert f"tagger_{name}_bucket" in text


def test_health_and_information(service: str) -> None:
    assert ask(service, "/livez").json == {"status": "alive"}
    assert ask(service, "/readyz").json == {"status": "ready"}
    info = ask(service, "/info").json
    (model,) = info["models"]
    assert model["name"] == "en"
    assert model["precision"] == "fp32"
    assert model["heads"][0] == {
        "name": "ner", "kind": "span", "labels": ["LOC", "MISC", "ORG", "PER"]
    }  # fmt: skip
    assert info["limits"]["max_chars"] > 0


def test_other_paths_and_methods_are_problems(service: str) -> None:
    for path, method, status in (("/no", "GET", 404), ("/v1/tag", "GET", 405)):
        answer = ask(service, path, method=method)
        assert (answer.status, answer.json["status"]) == (status, status)
        assert answer.headers["content-type"] == "application/problem+json"


def test_the_description_has_examples(service: str) -> None:
    paths = ask(service, "/openapi.json").json["paths"]
    tag = paths["/v1/tag"]["post"]
    assert tag["requestBody"]["content"]["application/json"]["schema"]["examples"]
    assert {"200", "413", "422", "429"} <= set(tag["responses"])
    example = tag["responses"]["422"]["content"]["application/problem+json"]["example"]
    assert example["status"] == 422


def test_keys() -> None:
    with serving(create_app(settings=Settings(api_keys=("one", "two")))) as url:
        for headers in ({}, {"authorization": "Bearer three"}, {"x-api-key": ""}):
            answer = ask(url, body={"text": "a"}, headers=headers)
            assert (answer.status, answer.json["type"]) == (401, "urn:tagger:unauthorized")
            assert answer.headers["www-authenticate"] == "Bearer"
        for headers in ({"authorization": "Bearer two"}, {"x-api-key": "one"}):
            assert ask(url, body={"text": "a"}, headers=headers).status == 200
        assert ask(url, "/metrics").status == 401
        for path in ("/livez", "/readyz", "/"):
            assert ask(url, path).status == 200


def test_pages_of_other_origins() -> None:
    settings = Settings(cors=("https://a.example",), api_keys=("one",))
    with serving(create_app(settings=settings)) as url:
        answer = ask(url, body={"text": "a"}, headers={"origin": "https://a.example"})
        assert answer.status == 401
        assert answer.headers["access-control-allow-origin"] == "https://a.example"
        preflight = {
            "origin": "https://a.example",
            "access-control-request-method": "POST",
            "access-control-request-headers": "content-type,authorization",
        }
        assert ask(url, method="OPTIONS", headers=preflight).status == 200
        answer = ask(url, body={"text": "a"}, headers={"origin": "https://b.example"})
        assert answer.headers["access-control-allow-origin"] is None


@pytest.mark.parametrize("with_texts", [False, True])
def test_the_log_holds_no_texts_unless_asked(with_texts: bool, caplog: Any) -> None:
    caplog.set_level(logging.INFO, "tagger.service")
    with serving(create_app(settings=Settings(log_texts=with_texts))) as url:
        ask(url, body={"text": "Top secret"})
        ask(url, "/v1/tag?heads=secret", body={"text": 3, "secret": 1})
        ask(url, "/v1/tag", b'"Top secret"', headers={"content-type": "application/x-ndjson"})
        ask(url, "/recognize?data=secret&input=untokenized")
        ask(url, "/secret")
    entries = [r.entry for r in caplog.records if hasattr(r, "entry")]
    assert [entry["status"] for entry in entries][:3] == [200, 422, 200]
    assert entries[0]["n_chars"] == 10
    assert ("secret" in str(entries)) is with_texts
