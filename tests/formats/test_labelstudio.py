"""Label Studio's JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tagger.corpus import load_corpus
from tagger.errors import FormatError
from tests.helpers.formats import documents, label_studio, region


def test_label_studio(run_convert, write):
    tasks = [
        label_studio("John sang", [region(0, 4, "John"), {"type": "relation"}]),
        {"id": 8, "data": {"text": "new"}, "annotations": []},
        {
            "id": 9,
            "data": {"review": "Kim"},
            "annotations": [
                {"was_cancelled": True, "result": []},
                {"result": [region(0, 3, "Kim")]},
                {"result": []},
            ],
        },
    ]
    path = write("a.json", json.dumps(tasks, indent=1))
    result = run_convert(path, "out.conll")
    assert Path("out.conll").read_text() == "John\tB-PER\nsang\tO\n\nKim\tB-PER\n\n"
    for kind in (
        "task without annotations",
        "result of type 'relation'",
        "cancelled annotation",
        "further annotation of a task",
    ):
        assert kind in result.out


def test_white_space_at_the_end_of_a_span(write):
    path = write(
        "a.json", json.dumps([label_studio("Kim Berg left.", [region(0, 9, "Kim Berg ")])])
    )
    corpus = load_corpus(str(path))
    assert corpus.splits["train"][0]["ner"] == ["B-PER", "I-PER", "O", "O"]
    assert [finding.kind for finding in corpus.findings] == ["white space around a span"]


def test_hypertext_has_offsets_in_the_visible_text(write):
    value = {
        "start": "/p[1]/text()[1]",
        "globalOffsets": {"start": 0, "end": 8},
        "text": "Kim Berg",
        "hypertextlabels": ["PER"],
    }
    result = {"type": "hypertextlabels", "value": value}
    path = write("a.json", json.dumps([label_studio("<p>Kim Berg left &amp; sang</p>", [result])]))
    (document,) = documents(path, "labelstudio")
    assert document.text == "Kim Berg left & sang"
    assert document.chars[0][:3] == (0, 8, "PER")


def test_of_several_texts_the_one_that_fits_was_annotated(write):
    task = label_studio("", [region(0, 8, "Kim Berg")])
    task["data"] = {"title": "News", "body": "Kim Berg left Oslo.", "url": "http://x"}
    (document,) = documents(write("a.json", json.dumps([task])), "labelstudio")
    assert document.text == "Kim Berg left Oslo."


def test_predictions_alone_are_refused(write):
    task = {"data": {"text": "Kim"}, "predictions": [{"result": [region(0, 3, "Kim")]}]}
    path = write("a.json", json.dumps([{**task, "annotations": []}]))
    with pytest.raises(FormatError, match="predictions") as caught:
        documents(path, "labelstudio")
    assert (caught.value.path, caught.value.line) == (str(path), 1)
