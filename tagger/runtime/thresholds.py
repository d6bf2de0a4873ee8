"""Thresholds for the probability of spans: checked, and by head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from tagger.arguments import described
from tagger.errors import UsageError, unknown_name
from tagger.model.heads import HeadSpec
from tagger.runtime.marginals import Probs

Threshold: TypeAlias = float | Mapping[str, float]
"""The least probability of a span that is shown, above 0 and at most 1; or one by label, with that
of all other labels under `OTHERS`. Labels without one keep the spans of the best tag sequence."""

OTHERS = "*"
"""Stands for all labels that are not named."""


def thresholds_of(threshold: Threshold | None, heads: Sequence[HeadSpec]) -> dict[str, Probs]:
    """Return the thresholds (labels,) of each span head; NaN for a label that has none.

    Args:
        threshold: For all labels, or by label; None for none.
        heads: The heads of the model.

    Raises:
        UsageError: One is not a number above 0 and at most 1, no head has such a label, or no head
            has spans.
    """
    if threshold is None:
        return {}
    given = threshold if isinstance(threshold, Mapping) else {OTHERS: threshold}
    for label, least in given.items():
        is_number = isinstance(least, int | float) and not isinstance(least, bool)
        if not is_number or not 0 < least <= 1:
            of_label = "" if label == OTHERS else f" of {label}"
            raise UsageError(
                f"the threshold{of_label} is {least if is_number else described(least)}; expected "
                "a probability above 0 and at most 1"
            )
    of_spans = [head for head in heads if head.kind == "span"]
    if not of_spans:
        raise UsageError(
            f"only spans have a threshold, and {', '.join(head.name for head in heads)} has none"
        )
    valid = list(dict.fromkeys(label for head in of_spans for label in head.labels))
    for label in given:
        if label not in (*valid, OTHERS):
            raise UsageError(f"threshold: {unknown_name('label', label, valid)}", expected=valid)
    others = given.get(OTHERS, np.nan)
    found = {
        head.name: np.array([given.get(label, others) for label in head.labels], dtype=np.float64)
        for head in of_spans
    }
    return {name: least for name, least in found.items() if not np.isnan(least).all()}
