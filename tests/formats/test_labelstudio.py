"""Label Studio's JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import tagger
from tagger.config import corpus_settings
from tagger.corpus import load_corpus
from tagger.corpus.renaming import load_configured
from tagger.errors import FormatError, UsageError
from tagger.training.settings import settings
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


PREDICTED = {"id": 1, "data": {"text": "Kim"}, "predictions": [{"result": [region(0, 3, "Kim")]}]}


def test_predictions_alone_are_refused(write):
    path = write("a.json", json.dumps([{**PREDICTED, "annotations": []}]))
    with pytest.raises(FormatError, match="predictions") as caught:
        documents(path, "labelstudio")
    assert (caught.value.path, caught.value.line) == (str(path), 1)
    assert "{read_predictions=True}" in (caught.value.hint or "")


def test_predictions_are_read_where_a_task_is_not_annotated(write, tmp_path: Path):
    annotated = label_studio("Lee", [region(0, 3, "Lee")], predictions=[{"result": []}])
    path = write("a.json", json.dumps([PREDICTED, annotated]))
    (first, second) = tagger.read(path, read_predictions=True)
    assert [first.heads["ner"], second.heads["ner"]] == [["B-PER"], ["B-PER"]]
    assert [sentence.tokens for sentence in tagger.read(path)] == [["Lee"]]
    report = tagger.convert(path, tmp_path / "out.conll", read_predictions=True)
    assert report.spans == 2
    assert ["prediction" in finding.kind for finding in report.findings] == [True]


def test_predictions_are_asked_for_in_each_command(run, write, model: Path):
    path = write("a.json", json.dumps([PREDICTED]))
    for option in ("--predictions", "--read-predictions"):
        assert not run("convert", path, "out.conll", option, "--force").code
    assert "--read-predictions" in run("convert", path, "o.conll").err
    result = run("evaluate", model, path, "--read-predictions", "--json")
    assert json.loads(result.out)["spans"]["ner"]["micro"]["n_gold"] == 1
    config = settings([str(path)], read_predictions=True).config
    assert load_configured(
        str(path), corpus_settings(config, str(path)), data_dir=None, strict=False
    ).splits["train"][0]["ner"] == ["B-PER"]


def test_only_formats_with_predictions_can_be_asked_for_them(write):
    path = write("a.conll", "Kim\tB-PER\n")
    with pytest.raises(UsageError) as caught:
        tagger.read(path, read_predictions=True)
    assert caught.value.path == str(path)
