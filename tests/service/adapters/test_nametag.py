"""Requests as NameTag's client sends them: forms of parts, by ``urllib``."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import pytest

from tests.helpers.services import ask

TEXT = "Mary Smith lives in Cardiff. Tom & Ann left."


def recognize(url: str, **fields: str) -> Any:
    boundary = "d41d8cd98f00b204"
    lines = []
    for name, value in fields.items():
        lines += [
            f"--{boundary}",
            f'Content-Disposition: form-data; name="{name}"',
            "Content-Transfer-Encoding: 8bit",
            "Content-Type: text/plain; charset=utf-8",
            "",
            value,
        ]
    request = urllib.request.Request(
        f"{url}/recognize",
        "\r\n".join([*lines, f"--{boundary}--", ""]).encode(),
        {"Content-Type": f'multipart/form-data; boundary="{boundary}"'},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def test_each_output(service: str) -> None:
    answer = recognize(service, data=TEXT, output="conll")
    assert answer["model"] == "en"
    first, second, rest = answer["result"].split("\n\n")
    assert first.splitlines()[:3] == ["Mary\tB-PER", "Smith\tI-PER", "lives\tO"]
    assert second.splitlines()[0] == "Tom\tB-PER"
    assert rest == ""
    lines = recognize(service, data=TEXT, output="vertical")["result"].splitlines()
    assert lines[:2] == ["1,2\tPER\tMary Smith", "5\tLOC\tCardiff"]
    assert lines[2].startswith("8")  # the end of a sentence has a number, too
    xml = recognize(service, data=TEXT, output="xml")["result"]
    assert xml.startswith(
        '<sentence><ne type="PER"><token>Mary</token> <token>Smith</token></ne> <token>lives<'
    )
    assert "<token>&amp;</token>" in xml
    assert recognize(service, data=TEXT)["result"] == xml


def test_given_tokens(service: str) -> None:
    data = "Mary\nSmith\n\nCardiff\r\n"
    for output, expected in (
        ("conll", "Mary\tB-PER\nSmith\tI-PER\n\nCardiff\tB-LOC\n\n"),
        ("vertical", "1,2\tPER\tMary Smith\n4\tLOC\tCardiff\n"),
    ):
        assert recognize(service, data=data, input="vertical", output=output)["result"] == expected
    xml = recognize(service, data=data, input="vertical", output="xml")["result"]
    assert xml.count("<sentence>") == 2


def test_a_query_and_a_plain_form(service: str) -> None:
    query = urllib.parse.urlencode({"data": TEXT, "output": "vertical", "model": "en"})
    result = recognize(service, data=TEXT, output="vertical")["result"]
    assert ask(service, f"/recognize?{query}").json["result"] == result
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = ask(service, "/recognize", query.encode(), headers=headers)
    assert answer.json["result"] == result
    assert ask(service, "/models").json == {"models": {"en": ["recognize"]}, "default_model": "en"}


def test_nothing_and_what_is_wrong(service: str) -> None:
    for kind in ("untokenized", "vertical"):
        for output in ("xml", "conll", "vertical"):
            assert recognize(service, data="", input=kind, output=output)["result"] == ""
    for fields, pointer in (
        ({"output": "xml"}, "/data"),
        ({"data": "a", "output": "conllu"}, "/output"),
        ({"data": "a", "model": "de"}, "/model"),
    ):
        with pytest.raises(urllib.error.HTTPError) as error:
            recognize(service, **fields)
        with error.value as answer:
            assert json.load(answer)["errors"][0]["pointer"] == pointer
    headers = {"content-type": "multipart/form-data; boundary=x"}
    file = b'--x\r\nContent-Disposition: form-data; name="data"; filename="f"\r\n\r\na\r\n--x--'
    for body in (b"", b"--x", file):
        assert ask(service, "/recognize", body, headers=headers).status == 422
    assert ask(service, "/recognize", b"a").status == 422
