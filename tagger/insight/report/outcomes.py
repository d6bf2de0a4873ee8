"""Gold and predicted spans, paired: what was found, mistaken, missed or made up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

import msgspec

from tagger.schemes import Scheme, spans

ALL = "all"
"""The name of all labels together."""

Kind = Literal["correct", "label", "bounds", "label and bounds", "missed", "spurious"]


class LabelledSpan(msgspec.Struct, frozen=True):
    """A span of tokens; ``end`` is exclusive."""

    start: int
    end: int
    label: str
    confidence: float | None = None
    """The model's probability of exactly this span; None for a gold one."""

    @property
    def bounds(self) -> tuple[int, int]:
        """Start and end."""
        return self.start, self.end


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A gold span, a predicted one, or both where they overlap."""

    sentence: int
    """The index of the sentence."""
    gold: LabelledSpan | None
    predicted: LabelledSpan | None
    gold_groups: dict[str, str] = {}
    """The groups of the gold span, see `tagger.insight.report.groups`."""
    predicted_groups: dict[str, str] = {}
    """Those of the predicted one."""

    @property
    def kind(self) -> Kind:
        """Whether it is right, or what is wrong."""
        if self.gold is None:
            return "spurious"
        if self.predicted is None:
            return "missed"
        if self.gold.bounds == self.predicted.bounds:
            return "correct" if self.gold.label == self.predicted.label else "label"
        return "bounds" if self.gold.label == self.predicted.label else "label and bounds"


def spans_of(tags: Sequence[str], confidences: Sequence[float] | None = None) -> list[LabelledSpan]:
    """Return the spans of a sentence's BIO tags.

    Args:
        tags: The tags (tokens,).
        confidences: The probability of each token's span.
    """
    return [
        LabelledSpan(start, end, label, None if confidences is None else confidences[start])
        for start, end, label in spans(tags, Scheme.BIO)
    ]


def pair(
    sentence: int, gold: Sequence[LabelledSpan], predicted: Sequence[LabelledSpan]
) -> list[Outcome]:
    """Pair the spans of a sentence, each with one at most.

    Equal spans are paired first, then those of equal bounds, then those that overlap most.
    """
    paired: list[Outcome] = []
    left, right = dict(enumerate(gold)), dict(enumerate(predicted))
    likeness = defaultdict(list)
    for i, one in left.items():
        for j, other in right.items():
            shared = min(one.end, other.end) - max(one.start, other.start)
            if shared > 0:
                same = one.bounds == other.bounds
                likeness[same, same and one.label == other.label, shared].append((i, j))
    for _, pairs in sorted(likeness.items(), reverse=True):
        for i, j in pairs:
            if i in left and j in right:
                paired.append(Outcome(sentence=sentence, gold=left.pop(i), predicted=right.pop(j)))
    paired += [Outcome(sentence=sentence, gold=one, predicted=None) for one in left.values()]
    paired += [Outcome(sentence=sentence, gold=None, predicted=one) for one in right.values()]

    def start(outcome: Outcome) -> int:
        found = outcome.gold or outcome.predicted
        return found.start if found else 0

    return sorted(paired, key=start)
