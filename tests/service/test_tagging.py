from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs the extra serve")

from tagger.service import Settings, create_app
from tagger.service.settings import Limits
from tests.helpers.commands import Result
from tests.helpers.services import ask, serving

TEXTS = ["John works at Apple in California.", "", "Nothing here", "Zoë 😀 met Łukasz\nin Zürich."]
UNSURE = "Dear Ms Okafor, your appointment with Dr Lindqvist is at the clinic in Leeds."
NDJSON = {"content-type": "application/x-ndjson"}


def test_documents_are_those_of_predict(service: str, run: Callable[..., Result]) -> None:
    arguments = ("--precision", "fp32", "--format", "json", "--confidence")
    printed = run("predict", *arguments, *TEXTS).out.splitlines()
    answer = ask(service, body={"texts": TEXTS, "confidence": True})
    assert answer.status == 200
    assert without_confidence(answer.json) == without_confidence(list(map(json.loads, printed)))
    assert ask(service, body={"text": TEXTS[0]}).json == ask(service, body={"texts": TEXTS}).json[0]


def without_confidence(documents: list[Any]) -> list[Any]:
    for entity in (entity for document in documents for entity in document["entities"]):
        assert 0.3 < entity.pop("confidence") <= 1
    return documents


def test_nothing_in_nothing_out(service: str) -> None:
    empty = {"text": "", "tokens": [], "entities": [], "sentences": []}
    assert ask(service, body={"texts": []}).json == []
    assert ask(service, body={"text": ""}).json == empty
    assert ask(service, body={"texts": [" \n", ""]}).json == [{**empty, "text": " \n"}, empty]
    assert ask(service, body=b"", headers=NDJSON).content == b""


def test_thresholds(service: str) -> None:
    def entities(threshold: Any) -> list[tuple[str, str]]:
        body = {"texts": [*TEXTS, UNSURE], "threshold": threshold, "confidence": True}
        found = [entity for one in ask(service, body=body).json for entity in one["entities"]]
        assert all(entity["confidence"] >= 0.01 for entity in found)
        return [(entity["text"], entity["label"]) for entity in found]

    few, many = entities(0.9), entities(0.01)
    assert set(few) < set(many)
    only_places = entities({"LOC": 0.01, "*": 1})
    assert only_places
    assert {label for _, label in only_places} == {"LOC"}
    line = json.dumps(TEXTS[0]).encode()
    lines = ask(service, "/v1/tag?threshold=1&threshold=LOC=0.01", line, headers=NDJSON)
    assert {entity["label"] for entity in lines.json["entities"]} == {"LOC"}


def test_readings_are_those_of_predict(service: str, run: Callable[..., Result]) -> None:
    arguments = ("--precision", "fp32", "--format", "json", "--heads", "ner", "--nbest", "3")
    printed = run("predict", *arguments, UNSURE).out
    answer = ask(service, body={"text": UNSURE, "heads": ["ner"], "nbest": 3})
    assert answer.content.decode() == printed.strip()
    text = f"😀 {UNSURE}"
    shifted = ask(service, body={"text": text, "nbest": 3, "offsets": "utf16"}).json
    spans = [one for entity in shifted["entities"] for one in entity["alternatives"]]
    spans += [one for reading in shifted["readings"][0] for one in reading["entities"]]
    assert spans
    encoded = text.encode("utf-16-le")
    for span in spans:
        assert encoded[2 * span["start"] : 2 * span["end"]].decode("utf-16-le") == span["text"]


def test_heads_are_chosen(service: str) -> None:
    document = ask(service, body={"text": "John left", "heads": ["upos"]}).json
    assert document["tokens"][0] == {"text": "John", "start": 0, "end": 4, "upos": "PROPN"}
    assert document["entities"] == []


@pytest.mark.parametrize(
    ("unit", "encoding", "size"), [("codepoint", "utf-32-le", 4), ("utf16", "utf-16-le", 2),
                                   ("byte", "utf-8", 1)]
)  # fmt: skip
def test_offsets_in_each_unit(service: str, unit: str, encoding: str, size: int) -> None:
    for document in ask(service, body={"texts": TEXTS, "offsets": unit}).json:
        encoded = document["text"].encode(encoding)
        for item in document["tokens"] + document["entities"]:
            found = encoded[size * item["start"] : size * item["end"]].decode(encoding)
            assert found == item["text"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"text": 3}, "/text"),
        ({"texts": ["a", None]}, "/texts/1"),
        ({"texts": "a"}, "/texts"),
        ({"text": "a", "texts": ["a"]}, "/text"),
        ({}, "/text"),
        ({"text": "a", "modle": "en"}, "/modle"),
        ({"text": "a", "model": "de"}, "/model"),
        ({"text": "a", "heads": ["nr"]}, "/heads"),
        ({"text": "a", "heads": []}, "/heads"),
        ({"text": "a", "confidence": "yes"}, "/confidence"),
        ({"text": "a", "offsets": "char"}, "/offsets"),
        ({"text": "a", "threshold": 0}, "/threshold"),
        ({"text": "a", "nbest": 101}, "/nbest"),
        ({"text": "a", "nbest": 1, "heads": ["upos"]}, "/nbest"),
        ({"text": "a", "threshold": {"PRE": 0.5}}, "/threshold"),
        ({"text": "a", "threshold": "0.5"}, "/threshold"),
        ([], ""),
        (b"{", ""),
        (b"", ""),
        (b"\xff", ""),
        (b"[" * 100_000, ""),
        (b'{"text": "\\ud800"}', ""),
        (b'{"text": NaN}', "/text"),
    ],
)
def test_what_is_wrong_is_named(service: str, body: Any, pointer: str) -> None:
    answer = ask(service, body=body)
    assert answer.status == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json
    assert problem["type"] == "urn:tagger:invalid-request"
    assert problem["status"] == 422
    assert problem["detail"]
    assert problem["errors"][0]["pointer"] == pointer


def test_the_right_names_are_listed(service: str) -> None:
    (wrong,) = ask(service, body={"text": "a", "heads": ["nr"]}).json["errors"]
    assert wrong["expected"] == ["ner", "upos", "xpos"]


def test_a_stream_answers_line_by_line(service: str) -> None:
    lines = [
        b'"John left"',
        b"",
        b'{"text": "Mary", "id": "m", "more": 1}',
        b'{"id": 3}',
        b"{",
        b'"\xff"',
        b'{"text": ""}\r',
    ]
    answer = ask(service, "/v1/tag?heads=ner", b"\n".join(lines), headers=NDJSON)
    assert answer.headers["content-type"] == "application/x-ndjson"
    john, mary, missing, broken, not_utf8, empty = map(json.loads, answer.content.splitlines())
    assert john == ask(service, body={"text": "John left", "heads": ["ner"]}).json
    assert next(iter(mary)) == "id"
    assert mary["id"] == "m"
    assert missing["line"] == 4
    assert missing["error"]["errors"][0]["pointer"] == "/text"
    assert (broken["line"], broken["error"]["status"]) == (5, 422)
    assert (not_utf8["line"], not_utf8["error"]["status"]) == (6, 422)
    assert empty["tokens"] == []


def test_a_stream_of_many_lines_stays_in_order(service: str) -> None:
    texts = [f"Text {i} is about Paris" for i in range(2000)]
    body = "".join(json.dumps({"text": text, "id": i}) + "\n" for i, text in enumerate(texts))
    answer = ask(service, "/v1/tag?heads=ner", body.encode(), headers=NDJSON)
    found = [json.loads(line) for line in answer.content.splitlines()]
    assert [one["id"] for one in found] == list(range(2000))
    assert [one["text"] for one in found] == texts


def test_wrong_options_of_a_stream(service: str) -> None:
    for query in ("heads=nr", "model=de", "offsets=char", "confidence=perhaps", "nonsense=1"):
        answer = ask(service, f"/v1/tag?{query}", b'"a"', headers=NDJSON)
        assert answer.status == 422, query
        pointer = answer.json["errors"][0]["pointer"]
        assert pointer.strip("?/") == query.partition("=")[0]
    assert ask(service, "/v1/tag?heads=ner", {"text": "a"}).json["errors"][0]["pointer"] == "?heads"


def test_limits() -> None:
    limits = Limits(max_chars=20, max_texts=3)
    with serving(create_app(settings=Settings(limits=limits))) as url:
        assert ask(url, body={"texts": ["a" * 7, "b" * 7, "c" * 6]}).status == 200
        for body, kind in (
            ({"text": "a" * 21}, "too-large"),
            ({"texts": ["a" * 11] * 2}, "too-large"),
            ({"texts": ["", "", "", ""]}, "too-many-texts"),
            (b'"' + b"a" * 1_000_000, "too-large"),
        ):
            answer = ask(url, body=body)
            assert answer.status == 413
            assert answer.json["type"] == f"urn:tagger:{kind}"
        long = json.dumps("a" * 21).encode()
        lines = ask(url, "/v1/tag", b'"a"\n' + long + b'\n"b"', headers=NDJSON).content.splitlines()
        assert [json.loads(line).get("error", {}).get("status") for line in lines] == [
            None, 413, None
        ]  # fmt: skip
        endless = ask(url, "/v1/tag", b'"a"\n"' + b"a" * 200_000, headers=NDJSON).content
        assert json.loads(endless.splitlines()[-1])["error"]["status"] == 413


def test_several_models(model: Any) -> None:
    with serving(create_app(["en", f"tiny={model}"])) as url:
        tiny = ask(url, body={"text": "John", "model": "tiny"}).json["tokens"][0]
        assert "xpos" not in tiny
        assert ask(url, body={"text": "John"}).json["tokens"][0]["xpos"] == "NNP"
        assert [one["name"] for one in ask(url, "/info").json["models"]] == ["en", "tiny"]
