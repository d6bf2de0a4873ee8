"""Label Studio's JSON export: a list of tasks with ``data.text`` and ``annotations``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from tagger.errors import FormatError
from tagger.formats.documents import Document, Notes, check_text
from tagger.formats.json_records import read_records
from tagger.formats.offsets import read_spans
from tagger.schemes import Scheme

__all__ = ["read", "write"]


def read(path: Path, notes: Notes) -> Iterator[Document]:
    """Give the task of each text with what was annotated first.

    Raises:
        FormatError: for an element that is no task, or a span that cannot be one.
        CorpusError: where the file cannot be read.
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
            notes["annotations that were cancelled"] += len(annotations) - len(valid)
        if not annotations:
            notes["tasks that nobody annotated"] += 1
        if not valid:
            continue
        if len(valid) > 1:
            notes["further annotations of the same task"] += len(valid) - 1
        document = Document(" ".join(name.split()), path, line, text=texts[key])
        results = valid[0].get("result", [])
        if not isinstance(results, list):
            raise FormatError(path, line, f"task {name}: 'result' is not a list")
        document.chars = read_spans(
            document, list(_labels(path, line, name, results, notes)), notes
        )
        yield document


def _labels(
    path: Path, line: int, name: str, results: list[Any], notes: Notes
) -> Iterator[dict[str, Any]]:
    for result in results:
        if not isinstance(result, dict):
            raise FormatError(path, line, f"task {name}: a result that is no object")
        if result.get("type") != "labels":
            notes[f"results of the type {result.get('type')!r}, not 'labels'"] += 1
            continue
        value = result.get("value")
        labels = value.get("labels") if isinstance(value, dict) else None
        if not isinstance(value, dict) or not isinstance(labels, list) or not labels:
            raise FormatError(path, line, f"task {name}: a result without value.labels")
        yield value


def write(documents: Sequence[Document], scheme: Scheme, notes: Notes) -> bytes:
    """Write documents of text as tasks that Label Studio imports, a line each."""
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
