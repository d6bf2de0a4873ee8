"""An error report as data."""

from __future__ import annotations

import msgspec

from tagger.evaluation.counting import LabelScore
from tagger.evaluation.reliability import Reliability
from tagger.evaluation.scores import TokenScores
from tagger.findings import Finding
from tagger.insight.report.curves import CurvePoint
from tagger.insight.report.matching import Matching, MatchingScore
from tagger.insight.report.outcomes import LabelledSpan, Outcome


class LabelReport(msgspec.Struct, frozen=True, kw_only=True):
    """The scores of a label, or of all of them."""

    score: LabelScore
    low: float
    high: float
    """The bounds that hold the F1 of 95 % of bootstrap samples of sentences."""
    curve: tuple[CurvePoint, ...]


class HeadComparison(msgspec.Struct, frozen=True, kw_only=True):
    """Another model on the same sentences."""

    labels: dict[str, LabelScore]
    """By label, and under `ALL`."""
    p: float
    """The p-value of the difference of the two F1, by approximate randomisation."""
    n_fixed: int
    """Gold spans that only the other model finds."""
    n_broken: int
    """Gold spans that only this model finds."""
    predicted: dict[int, list[LabelledSpan]]
    """Its spans in the sentences on which the two differ, by index."""


class HeadReport(msgspec.Struct, frozen=True, kw_only=True):
    """The scores and outcomes of a head with spans."""

    labels: dict[str, LabelReport]
    """By label, and under `ALL`."""
    matchings: dict[Matching, MatchingScore]
    confusion: dict[str, dict[str, int]]
    """By gold label the number of outcomes by predicted label; an empty string stands for none."""
    groups: dict[str, dict[str, LabelScore]]
    """By property of a span and its group."""
    reliability: Reliability
    outcomes: tuple[Outcome, ...]
    comparison: HeadComparison | None = None


class ErrorReport(msgspec.Struct, frozen=True, kw_only=True):
    """Where a model is right and wrong on a corpus."""

    title: str
    model: str
    other: str | None
    """The model that it is compared with."""
    sentences: tuple[list[str], ...]
    """The tokens of each."""
    spans: dict[str, HeadReport]
    """By head with spans."""
    tokens: dict[str, TokenScores]
    """By head with a tag for each token."""
    findings: tuple[Finding, ...]
    """Problems in the files of the corpus, and what was done about them."""

    def html(self, *, n_sentences: int | None = None) -> str:
        """Return the report as a self-contained page.

        Args:
            n_sentences: Sentences that the page holds, those with errors first; None for a good
                number, 0 for numbers alone.
        """
        from tagger.insight.report.page import page

        return page(self, n_sentences)

    def _repr_html_(self) -> str:
        from tagger.insight.report.page import page

        return page(self, None, layout="snippet")
