"""Prodigy's JSON lines: ``text``, ``spans``, ``tokens``; those of ``tagger predict`` too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from tagger.findings import Findings
from tagger.formats.documents import Document
from tagger.formats.jsonl import is_tagged
from tagger.formats.offsets import count_characters, read, text_of
from tagger.formats.sample import Sample
from tagger.formats.text_labels import written
from tagger.schemes import Scheme

__all__ = ["read", "sniff", "write"]


def sniff(sample: Sample) -> bool:
    """Return whether the first object has a text, and no tags of tokens beside it."""
    return text_of(sample.keys) is not None and not is_tagged(sample.keys)


def write(documents: Sequence[Document], scheme: Scheme, findings: Findings) -> bytes:
    """Lay out documents of text, with tokens where all spans fall on them."""
    units = count_characters(documents)
    lines = []
    for document in documents:
        offsets = document.offsets or []
        starts = {start: i for i, (start, _) in enumerate(offsets)}
        ends = {end: i for i, (_, end) in enumerate(offsets)}
        fits = all(span.start in starts and span.end in ends for span in document.chars)
        record: dict[str, Any] = {"text": document.text, "meta": {"id": document.name}}
        record |= written(document.labels)
        spans: list[dict[str, Any]] = [
            {"start": span.start, "end": span.end, "label": span.label} for span in document.chars
        ]
        if fits:
            following = [*(start for start, _ in offsets[1:]), len(document.text or "")]
            record["tokens"] = [
                {"text": form, "start": start, "end": end, "id": i, "ws": following[i] > end}
                for i, (form, (start, end)) in enumerate(zip(document.tokens, offsets, strict=True))
            ]
            for span in spans:
                span["token_start"], span["token_end"] = starts[span["start"]], ends[span["end"]]
        lines.append(msgspec.json.encode({**record, "spans": spans, **units}) + b"\n")
    return b"".join(lines)
