"""doccano's JSON lines: ``text`` and its spans under ``label``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from tagger.findings import Findings
from tagger.formats.documents import Document
from tagger.formats.jsonl import is_tagged
from tagger.formats.offsets import SPAN_KEYS, count_characters, read, text_of
from tagger.formats.sample import Sample
from tagger.formats.text_labels import written
from tagger.schemes import Scheme

__all__ = ["read", "sniff", "write"]


def sniff(sample: Sample) -> bool:
    """Return whether the first object has a text and its spans under ``label`` or ``labels``."""
    keys = [key for key in SPAN_KEYS if sample.keys.get(key) is not None]
    is_text = text_of(sample.keys) is not None and not is_tagged(sample.keys)
    return is_text and keys[:1] in (["label"], ["labels"])


def write(documents: Sequence[Document], scheme: Scheme, findings: Findings) -> bytes:
    """Lay out documents of text."""
    units = count_characters(documents)
    lines = []
    for document in documents:
        record: dict[str, Any] = {"id": document.name, "text": document.text}
        record |= written(document.labels)
        key = "entities" if "label" in record else "label"
        record[key] = [[span.start, span.end, span.label] for span in document.chars]
        lines.append(msgspec.json.encode(record | units) + b"\n")
    return b"".join(lines)
