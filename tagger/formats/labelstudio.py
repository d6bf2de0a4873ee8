"""Label Studio's JSON export: a list of tasks with ``data.text`` and ``annotations``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec

from tagger.errors import FormatError
from tagger.findings import Findings
from tagger.formats.documents import Document, check_text
from tagger.formats.json_records import read_records
from tagger.formats.offsets import Raw, counted, raw_spans
from tagger.formats.records import TextLabel
from tagger.formats.sample import Sample
from tagger.formats.text_labels import LABEL, as_list, head_of, label_of
from tagger.formats.units import same
from tagger.schemes import Scheme

__all__ = ["read", "sniff", "write"]

_HYPERTEXT = "hypertextlabels"
_CHOICES = "choices"


def sniff(sample: Sample) -> bool:
    """Return whether the first object has ``data``."""
    return isinstance(sample.keys.get("data"), dict)


def read(path: Path, findings: Findings, *, predictions: bool = False) -> Iterator[Document]:
    """Yield the tasks of a file, each with its first annotation.

    Args:
        path: The file.
        findings: Collects problems.
        predictions: Read the first prediction of a task that is not annotated.

    Raises:
        FormatError: An element is not a task, or a span cannot be one.
        CorpusError: The file cannot be read.
    """
    return counted(partial(_read, path, predictions), findings)


def _read(path: Path, predictions: bool, findings: Findings) -> Iterator[Raw]:
    n_documents = 0
    predicted: int | None = None  # the line of a task that has only predictions
    for number, (line, task) in enumerate(read_records(path), start=1):
        data = task.get("data")
        data = data if isinstance(data, dict) else {}
        name = str(data.get("id") or task.get("id") or number)
        annotations = _objects(path, line, name, task, "annotations", "completions")
        predicted_here = _objects(path, line, name, task, "predictions")
        if predictions and predicted_here and not annotations:
            findings.count("prediction instead of an annotation", path, line, action="read")
            annotations = predicted_here[:1]
        valid = [one for one in annotations if not one.get("was_cancelled")]
        if len(valid) < len(annotations):
            cancelled = len(annotations) - len(valid)
            findings.count("cancelled annotation", path, line, count=cancelled, action="ignored")
        if not annotations:
            findings.count("task without annotations", path, line, action="ignored")
            if predicted is None and predicted_here:
                predicted = line
        if not valid:
            continue
        if len(valid) > 1:
            further = len(valid) - 1
            findings.count(
                "further annotation of a task", path, line, count=further, action="ignored"
            )
        results = valid[0].get("result", [])
        if not isinstance(results, list):
            raise FormatError(path, line, f"task {name}: 'result' is not a list")
        labels = list(_labels(path, line, name, results, findings))
        choices = _choices(results)
        text = _text(data, labels)
        if text is None:
            strings = ", ".join(key for key, value in data.items() if isinstance(value, str))
            raise FormatError(
                path, line, f"task {name}: no string under data.text (strings: {strings or 'none'})"
            )
        check_text(path, line, text, name)
        document = Document(" ".join(name.split()), path, line, text=text, labels=choices)
        n_documents += 1
        yield Raw(document, raw_spans(document, labels))
    if predicted is not None and not n_documents:
        raise FormatError(
            path,
            predicted,
            "no task is annotated, there are only predictions",
            hint="accept them in Label Studio first, or read them with {read_predictions=True}",
        )


def _objects(path: Path, line: int, name: str, task: dict[str, Any], *keys: str) -> list[Any]:
    """Return the list of objects under the first of the keys that a task has."""
    key = next((key for key in keys if key in task), keys[0])
    found = task.get(key, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise FormatError(path, line, f"task {name}: {key!r} is not a list of objects")
    return found


def _text(data: dict[str, Any], labels: list[dict[str, Any]]) -> str | None:
    """Return the text that was annotated: of several the one that the labels fit."""
    texts = {key: value for key, value in data.items() if isinstance(value, str)}
    if any(_HYPERTEXT in value for value in labels):
        texts = {key: _visible(value) for key, value in texts.items()}
    if "text" in texts or len(texts) < 2:
        return texts.get("text", next(iter(texts.values()), None))
    fitting = [
        text
        for text in texts.values()
        if all(
            isinstance(value.get("text"), str)
            and same(text[value.get("start", 0) : value.get("end", 0)], value["text"])
            for value in labels
        )
    ]
    return fitting[0] if labels and fitting else None


class _Visible(HTMLParser):
    """Collects the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def _visible(page: str) -> str:
    parser = _Visible()
    parser.feed(page)
    parser.close()
    return "".join(parser.parts)


def _labels(
    path: Path, line: int, name: str, results: list[Any], findings: Findings
) -> Iterator[dict[str, Any]]:
    for result in results:
        if not isinstance(result, dict):
            raise FormatError(path, line, f"task {name}: a result that is not an object")
        kind = result.get("type")
        if kind == _CHOICES:
            continue
        if kind not in ("labels", _HYPERTEXT):
            kind = f"result of type {kind!r} instead of 'labels'"
            findings.count(kind, path, line, action="ignored")
            continue
        value = result.get("value")
        labels = value.get(kind) if isinstance(value, dict) else None
        if not isinstance(value, dict) or not isinstance(labels, list) or not labels:
            raise FormatError(path, line, f"task {name}: a result without value.{kind}")
        if kind == _HYPERTEXT:
            offsets = value.get("globalOffsets")
            if not isinstance(offsets, dict):
                raise FormatError(path, line, f"task {name}: a result without globalOffsets")
            value = {**value, "start": offsets.get("start"), "end": offsets.get("end")}
        yield {**value, "labels": labels}


def _choices(results: list[Any]) -> dict[str, list[TextLabel]]:
    """Return the labels that were chosen for a task, by the name of their question."""
    found: dict[str, list[TextLabel]] = {}
    for result in results:
        value = result.get("value") if isinstance(result, dict) else None
        if not isinstance(value, dict) or "start" in value:  # a choice for a span
            continue
        if result.get("type") == _CHOICES:
            name = head_of(str(result.get("from_name") or LABEL)).replace(".", "_")
            found[name] = [label_of(value.get(_CHOICES))]
    return found


def write(documents: Sequence[Document], scheme: Scheme, findings: Findings) -> bytes:
    """Lay out documents of text as tasks that Label Studio imports, a line each."""
    tasks = []
    for document in documents:
        text = document.text or ""
        results: list[dict[str, Any]] = [
            {
                "id": str(number),
                "from_name": "label",
                "to_name": "text",
                "type": "labels",
                "value": {
                    "start": span.start,
                    "end": span.end,
                    "text": text[span.start : span.end],
                    "labels": [span.label],
                },
            }
            for number, span in enumerate(document.chars)
        ]
        results += [
            {
                "id": str(number),
                "from_name": head,
                "to_name": "text",
                "type": _CHOICES,
                "value": {_CHOICES: as_list(labels[0])},
            }
            for number, (head, labels) in enumerate(document.labels.items(), len(results))
            if labels[0] is not None
        ]
        task = {
            "data": {"text": text, "id": document.name},
            "annotations": [{"result": results}],
        }
        tasks.append(msgspec.json.encode(task))
    return b"[\n" + b",\n".join(tasks) + b"\n]\n"
