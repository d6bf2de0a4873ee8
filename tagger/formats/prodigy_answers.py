"""The answers of Prodigy to the same text: several records of it as one.

A text has a record for each annotator, or (``ner.teach``) for each span that was suggested. Those
accepted are merged; the spans of those rejected or ignored are not known, which is not the same as
being outside of entities. A text without any accepted record is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from tagger.findings import Findings

__all__ = ["UNKNOWN", "merged"]

UNKNOWN = "_unknown"
"""The key of the spans of a merged record that are not known."""

_OF_PRODIGY = ("answer", "_input_hash", "_task_hash")
_ANNOTATORS = ("_session_id", "_annotator_id")
_BINARY = "ner"
"""The ``_view_id`` of suggestions one by one, in which no record has all spans of its text."""

_Numbered = tuple[int, dict[str, Any]]


def merged(records: Iterable[_Numbered], path: Path, findings: Findings) -> Iterator[_Numbered]:
    """Yield records with their lines, those of Prodigy merged by their text."""
    remaining = iter(records)
    first = next(remaining, None)
    if first is None:
        return
    records = chain([first], remaining)
    if not any(key in first[1] for key in _OF_PRODIGY):
        yield from records
        return
    groups: dict[object, list[_Numbered]] = {}
    for line, record in records:
        key = record.get("_input_hash", record.get("text"))
        groups.setdefault(key if isinstance(key, int | str) else line, []).append((line, record))
    for group in groups.values():
        accepted = [one for one in group if one[1].get("answer", "accept") == "accept"]
        others = [one for one in group if one[1].get("answer", "accept") != "accept"]
        for line, record in [] if accepted else others:
            kind = f"example answered with {record['answer']!r}"
            findings.count(kind, path, line, action="ignored")
        if len(group) == 1 or not accepted:
            yield from accepted
        else:
            yield _merge(accepted, others, path, findings)


def _merge(
    accepted: list[_Numbered], others: list[_Numbered], path: Path, findings: Findings
) -> _Numbered:
    line, record = accepted[0]
    found = [_spans(one) for _, one in accepted]
    every = {identity: span for spans in found for identity, span in spans.items()}
    unknown: dict[tuple[object, ...], Any] = {}
    annotators = {str(one.get(key)) for _, one in accepted for key in _ANNOTATORS if key in one}
    if len(annotators) > 1 and all(one.get("_view_id") != _BINARY for _, one in accepted):
        unknown = {i: span for i, span in every.items() if not all(i in spans for spans in found)}
        _count("span on which annotators disagree", unknown, path, line, findings)
    for at, one in others:
        spans = {i: span for i, span in _spans(one).items() if i not in every}
        _count(f"span answered with {one['answer']!r}", spans, path, at, findings)
        unknown |= spans
    if len(accepted) > 1:
        findings.count(
            "further record of a text",
            path,
            accepted[1][0],
            count=len(accepted) - 1,
            action="merged",
        )
    known = [span for identity, span in every.items() if identity not in unknown]
    return line, {**record, "spans": known, UNKNOWN: list(unknown.values())}


def _count(
    kind: str, spans: dict[tuple[object, ...], Any], path: Path, line: int, findings: Findings
) -> None:
    if spans:
        findings.count(kind, path, line, count=len(spans), action="left open, not read as O")


def _spans(record: dict[str, Any]) -> dict[tuple[object, ...], Any]:
    """Return the spans of a record by their bounds and label."""
    spans = record.get("spans")
    return {
        (span.get("start"), span.get("end"), str(span.get("label"))): span
        for span in (spans if isinstance(spans, list) else [])
        if isinstance(span, dict)
    }
