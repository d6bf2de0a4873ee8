"""The same two sentences in several formats, and what readers make of files."""

from __future__ import annotations

import json
from pathlib import Path

from tagger.corpus import load_corpus
from tagger.findings import Findings
from tagger.formats.documents import Document
from tagger.formats.table import FORMATS

TEXT = "John works at Apple. He left New York for Berlin!"


SPANS = [(0, 4, "PER"), (14, 19, "ORG"), (29, 37, "LOC"), (42, 48, "LOC")]


PRODIGY = (
    json.dumps(
        {"text": TEXT, "spans": [{"start": s, "end": e, "label": label} for s, e, label in SPANS]}
    )
    + "\n"
)


OFF_BOUNDS = PRODIGY + '{"text": "Johnny sang.", "spans": [{"start":0,"end":4,"label":"PER"}]}\n'


OVERLAP = '{"text": "New York Times", "label": [[0,8,"LOC"],[0,14,"ORG"],[9,14,"X"]]}\n'


COLUMNS = (
    "John\tB-PER\nworks\tO\nat\tO\nApple\tB-ORG\n.\tO\n\n"
    "He\tO\nleft\tO\nNew\tB-LOC\nYork\tI-LOC\nfor\tO\nBerlin\tB-LOC\n!\tO\n\n"
)


def documents(path: Path, name: str) -> list[Document]:
    module = FORMATS[name].documents
    assert module is not None
    return list(module.read(path, Findings()))


def char_spans(path: Path, name: str) -> list[list[tuple[int, int, str]]]:
    return [sorted(tuple(span[:3]) for span in d.chars) for d in documents(path, name)]


def sentences(path: Path) -> list[tuple[list[str], list[str]]]:
    rows = load_corpus(str(path)).splits["train"]
    return [(row["tokens"], row["ner"]) for row in rows]


def label_studio(text: str, results: list[dict], **more: object) -> dict:
    return {"id": 7, "data": {"text": text}, "annotations": [{"result": results}], **more}


def region(start: int, end: int, text: str, label: str = "PER") -> dict:
    value = {"start": start, "end": end, "text": text, "labels": [label]}
    return {"type": "labels", "from_name": "l", "to_name": "t", "value": value}
