"""Scores of groups of spans: by length, by whether they occur in training, by case and so on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TypeAlias

import msgspec

from tagger.evaluation.counting import LabelScore, label_score
from tagger.insight.report.outcomes import LabelledSpan, Outcome

SENTENCE_LENGTHS = (10, 20, 40)
"""The longest sentences of a group, in tokens."""

SeenLabels: TypeAlias = Mapping[tuple[str, ...], Collection[str]]
"""By the lower-cased tokens of a span its labels in training."""


class Grouping:
    """Puts spans into groups.

    Args:
        seen: The spans of the training sentences; None where they are not known.
        is_known: Whether a word has a vector of its own; None where that is not known.
    """

    def __init__(
        self, seen: SeenLabels | None = None, is_known: Callable[[str], bool] | None = None
    ) -> None:
        self._seen = seen
        self._is_known = is_known

    def of(
        self, tokens: Sequence[str], span: LabelledSpan, genre: str | None = None
    ) -> dict[str, str]:
        """Return by property the group of a span of a sentence, whose document has a genre."""
        words = tokens[span.start : span.end]
        n = span.end - span.start
        groups = {"length": str(n) if n < 4 else "4 or more"}
        if self._seen is not None:
            labels = self._seen.get(tuple(word.lower() for word in words), ())
            groups["in training"] = (
                "with this label" if span.label in labels else "with another" if labels else "never"
            )
        if self._is_known is not None:
            known = all(map(self._is_known, words))
            groups["words"] = "all known" if known else "some unknown"
        groups["case"] = _case(words)
        longest = next((n for n in SENTENCE_LENGTHS if len(tokens) <= n), None)
        if genre is not None:
            groups["genre"] = genre
        groups["sentence"] = f"over {SENTENCE_LENGTHS[-1]}" if longest is None else f"to {longest}"
        return groups


ORDER: dict[str, tuple[str, ...]] = {
    "length": ("1", "2", "3", "4 or more"),
    "in training": ("with this label", "with another", "never"),
    "words": ("all known", "some unknown"),
    "case": ("Title", "UPPER", "lower", "mixed"),
    "sentence": (*(f"to {n}" for n in SENTENCE_LENGTHS), f"over {SENTENCE_LENGTHS[-1]}"),
    "genre": (),
}
"""The properties and their groups as they are shown; without any, those that occur."""


def _case(words: Sequence[str]) -> str:
    letters = "".join(words)
    if letters.isupper() and len(letters) > 1:
        return "UPPER"
    if letters == letters.lower():
        return "lower"
    return "Title" if all(word[:1] == word[:1].upper() for word in words) else "mixed"


def with_groups(
    outcome: Outcome, tokens: Sequence[str], grouping: Grouping, genre: str | None = None
) -> Outcome:
    """Return an outcome with the groups of its spans."""

    def of(span: LabelledSpan | None) -> dict[str, str]:
        return grouping.of(tokens, span, genre) if span else {}

    return msgspec.structs.replace(
        outcome, gold_groups=of(outcome.gold), predicted_groups=of(outcome.predicted)
    )


def group_scores(outcomes: Iterable[Outcome]) -> dict[str, dict[str, LabelScore]]:
    """Score each group of each property.

    Recall is of the gold spans of a group, precision of the predicted ones: a span that is
    predicted too long is in the group of its predicted length there.

    Args:
        outcomes: With their groups.
    """
    counts: dict[tuple[str, str], list[int]] = {}
    for outcome in outcomes:
        for place, groups in enumerate((outcome.gold_groups, outcome.predicted_groups)):
            for item in groups.items():
                of_item = counts.setdefault(item, [0, 0, 0])
                of_item[place] += 1
                of_item[2] += place == 0 and outcome.kind == "correct"
    found: dict[str, dict[str, LabelScore]] = {}
    for name, fixed in ORDER.items():
        shown = fixed or sorted(group for of, group in counts if of == name)
        scores = {g: label_score(*counts[name, g]) for g in shown if (name, g) in counts}
        if scores:
            found[name] = scores
    return found
