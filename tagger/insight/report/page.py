"""An error report as a self-contained page: numbers whose cells open their sentences."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from tagger.evaluation.reliability import Reliability
from tagger.insight.html import Layout, render
from tagger.insight.report.curves import CurvePoint
from tagger.insight.report.outcomes import ALL, LabelledSpan, Outcome

if TYPE_CHECKING:
    from tagger.insight.report.results import ErrorReport, HeadReport

MOST_SENTENCES = 3000
"""Sentences in a page, those with errors first; a browser filters them at once."""
SIZE = 100
"""The side of a chart in its own units."""


def page(report: ErrorReport, n_sentences: int | None, *, layout: Layout = "page") -> str:
    """Render a report.

    Args:
        report: The report.
        n_sentences: Sentences that it holds at most; None for `MOST_SENTENCES`.
        layout: What it becomes.
    """
    most = MOST_SENTENCES if n_sentences is None else n_sentences
    kept = _kept(report, most)
    data = {
        "model": report.model,
        "sentences": {i: report.sentences[i] for i in kept},
        "outcomes": [
            {"head": head, **outcome}
            for head, of_head in report.spans.items()
            for outcome in _outcomes(of_head, set(kept))
        ],
        "commands": {i: _command(report.model, report.sentences[i]) for i in kept},
    }
    return render(
        "report.html",
        layout=layout,
        report=report,
        heads=report.spans,
        all=ALL,
        n_kept=len(kept),
        n_found=len(_with_spans(report)),
        data=_json(data),
        line=_line,
        curve_at=_curve_at,
        reliability_at=_reliability_at,
        labels_of=_labels_of,
    )


def _with_spans(report: ErrorReport) -> dict[int, bool]:
    """Return the sentences with spans, and whether one of them is wrong."""
    found: dict[int, bool] = {}
    for of_head in report.spans.values():
        for outcome in of_head.outcomes:
            wrong = outcome.kind != "correct"
            found[outcome.sentence] = found.get(outcome.sentence, False) or wrong
        if of_head.comparison is not None:
            found |= dict.fromkeys(of_head.comparison.predicted, True)
    return found


def _kept(report: ErrorReport, most: int) -> list[int]:
    found = _with_spans(report)
    return sorted(sorted(found, key=lambda i: (not found[i], i))[:most])


def _outcomes(of_head: HeadReport, kept: set[int]) -> Iterator[dict[str, Any]]:
    other = of_head.comparison.predicted if of_head.comparison else {}
    for outcome in of_head.outcomes:
        if outcome.sentence in kept:
            row: dict[str, Any] = {
                "sentence": outcome.sentence,
                "kind": outcome.kind,
                "gold": _span(outcome.gold),
                "predicted": _span(outcome.predicted),
                "goldGroups": outcome.gold_groups,
                "predictedGroups": outcome.predicted_groups,
            }
            if outcome.sentence in other:
                row["change"] = _change(outcome, other[outcome.sentence])
            yield row
    # What the other model alone finds is in no outcome of this one.
    for i, spans in other.items():
        known = {
            span.bounds
            for outcome in of_head.outcomes
            if outcome.sentence == i
            for span in (outcome.gold, outcome.predicted)
            if span
        }
        for span in spans:
            if i in kept and span.bounds not in known:
                yield {
                    "sentence": i,
                    "kind": "other",
                    "gold": None,
                    "predicted": None,
                    "goldGroups": {},
                    "predictedGroups": {},
                    "other": _span(span),
                    "change": "added",
                }


def _change(outcome: Outcome, other: Sequence[LabelledSpan]) -> str:
    """Name what another model does about an outcome."""
    if outcome.gold is not None:
        wanted = (*outcome.gold.bounds, outcome.gold.label)
        by_other = any((*span.bounds, span.label) == wanted for span in other)
        if by_other != (outcome.kind == "correct"):
            return "fixed" if by_other else "broken"
    elif outcome.predicted is not None and not any(
        span.bounds == outcome.predicted.bounds for span in other
    ):
        return "removed"
    return ""


def _span(span: LabelledSpan | None) -> list[Any] | None:
    if span is None:
        return None
    sure = None if span.confidence is None else round(span.confidence, 4)
    return [span.start, span.end, span.label, sure]


def _command(model: str, tokens: Sequence[str]) -> str:
    return shlex.join(["tagger", "explain", " ".join(tokens), "--model", model])


def _json(data: object) -> str:
    """Encode data for a script element, which ``</script>`` in a text must not end."""
    encoded = msgspec.json.encode(data, enc_hook=str).decode()
    return encoded.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _labels_of(of_head: HeadReport) -> list[str]:
    """Return the labels of a table of confusions, the most frequent first."""
    names = set(of_head.confusion) | {p for row in of_head.confusion.values() for p in row}
    sizes = {name: sum(of_head.confusion.get(name, {}).values()) for name in names}
    return sorted(names - {""}, key=lambda name: (-sizes[name], name))


def _line(points: Sequence[tuple[float, float]]) -> str:
    """Return the points of a polyline in a chart; shares of 1, from the lower left corner."""
    return " ".join(f"{SIZE * x:.1f},{SIZE * (1 - y):.1f}" for x, y in points)


def _curve_at(points: Sequence[CurvePoint]) -> list[tuple[float, float]]:
    return [(point.recall, point.precision) for point in points]


def _reliability_at(found: Reliability) -> list[tuple[float, float]]:
    return [(one.confidence, one.right) for one in found.bins]
