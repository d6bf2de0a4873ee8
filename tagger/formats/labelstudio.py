"""Label Studio's JSON export: a list of tasks with ``data.text`` and ``annotations``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from tagger.errors import FormatError
from tagger.findings import Findings
from tagger.formats.documents import Document, check_text
from tagger.formats.json_records import read_records
from tagger.formats.offsets import read_spans
from tagger.formats.sample import Sample
from tagger.schemes import Scheme

__all__ = ["read", "sniff", "write"]


def sniff(sample: Sample) -> bool:
    """Return whether the first object has ``data``."""
    return isinstance(sample.keys.get("data"), dict)


def read(path: Path, findings: Findings) -> Iterator[Document]:
    """Yield the tasks of a file, each with its first annotation.

    Raises:
        FormatError: An element is not a task, or a span cannot be one.
        CorpusError: The file cannot be read.
    """
    for number, (line, task) in enumerate(read_records(path), start=1):
        data = task.get("data")
        data = data if isinstance(data, dict) else {}
        name = str(data.get("id") or task.get("id") or number)
        texts = {key: value for key, value in data.items() if isinstance(value, str)}
        key = "text" if "text" in texts else next(iter(texts), "") if len(texts) == 1 else ""
        if not key:
            raise FormatError(path, line, f"task {name}: no string under data.text")
        check_text(path, line, texts[key], name)
        annotations = task.get("annotations", task.get("completions", []))
        if not isinstance(annotations, list) or not all(isinstance(a, dict) for a in annotations):
            raise FormatError(path, line, f"task {name}: 'annotations' is not a list of objects")
        valid = [one for one in annotations if not one.get("was_cancelled")]
        if len(valid) < len(annotations):
            cancelled = len(annotations) - len(valid)
            findings.count("cancelled annotation", path, line, count=cancelled, action="ignored")
        if not annotations:
            findings.count("task without annotations", path, line, action="ignored")
        if not valid:
            continue
        if len(valid) > 1:
            further = len(valid) - 1
            findings.count(
                "further annotation of a task", path, line, count=further, action="ignored"
            )
        document = Document(" ".join(name.split()), path, line, text=texts[key])
        results = valid[0].get("result", [])
        if not isinstance(results, list):
            raise FormatError(path, line, f"task {name}: 'result' is not a list")
        labels = list(_labels(path, line, name, results, findings))
        document.chars = read_spans(document, labels, findings)
        yield document


def _labels(
    path: Path, line: int, name: str, results: list[Any], findings: Findings
) -> Iterator[dict[str, Any]]:
    for result in results:
        if not isinstance(result, dict):
            raise FormatError(path, line, f"task {name}: a result that is not an object")
        if result.get("type") != "labels":
            kind = f"result of type {result.get('type')!r} instead of 'labels'"
            findings.count(kind, path, line, action="ignored")
            continue
        value = result.get("value")
        labels = value.get("labels") if isinstance(value, dict) else None
        if not isinstance(value, dict) or not isinstance(labels, list) or not labels:
            raise FormatError(path, line, f"task {name}: a result without value.labels")
        yield value


def write(documents: Sequence[Document], scheme: Scheme, findings: Findings) -> bytes:
    """Lay out documents of text as tasks that Label Studio imports, a line each."""
    tasks = []
    for document in documents:
        text = document.text or ""
        results = [
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
        task = {
            "data": {"text": text, "id": document.name},
            "annotations": [{"result": results}],
        }
        tasks.append(msgspec.json.encode(task))
    return b"[\n" + b",\n".join(tasks) + b"\n]\n"
