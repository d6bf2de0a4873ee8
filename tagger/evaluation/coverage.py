"""What masking the names of a corpus would leave, and what it would hide needlessly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from tagger.evaluation.by_threshold import THRESHOLDS
from tagger.schemes import Scheme, spans

if TYPE_CHECKING:
    from tagger.evaluation.split import Tagged


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """How much of the names is masked; labels do not count, only what can still be read."""

    threshold: float | None
    """None for the spans of the best tag sequence."""
    n_names: int
    n_left: int
    """Names of which no word is masked."""
    n_partly_left: int
    """Names of which some words are masked."""
    n_words: int
    """Words that are in no name."""
    n_masked: int
    """Of these, those that are masked."""

    @property
    def left(self) -> float:
        """The share of names that are wholly left."""
        return self.n_left / max(self.n_names, 1)

    @property
    def partly_left(self) -> float:
        """The share of names that are left in part."""
        return self.n_partly_left / max(self.n_names, 1)

    @property
    def needless(self) -> float:
        """The share of other words that are masked."""
        return self.n_masked / max(self.n_words, 1)


def coverage(
    best: Sequence[Tagged], candidates: Sequence[Tagged], head: str
) -> tuple[Coverage, ...]:
    """Count what is left by the best tags, and at each of `THRESHOLDS`.

    The spans at a threshold are those at the lowest one that reach it (see `without_overlaps`).

    Args:
        best: Sentences with the best tags.
        candidates: The same with the spans at the lowest threshold and their confidence.
        head: A head with spans.
    """

    def masked(sentence: Tagged, threshold: float) -> list[bool]:
        pairs = zip(sentence.predicted[head], sentence.confidence[head], strict=True)
        return [tag != "O" and prob >= threshold for tag, prob in pairs]

    without = ((s.gold[head], [tag != "O" for tag in s.predicted[head]]) for s in best)
    return (
        _counted(None, without),
        *(
            _counted(threshold, ((s.gold[head], masked(s, threshold)) for s in candidates))
            for threshold in THRESHOLDS
        ),
    )


def _counted(
    threshold: float | None, sentences: Iterable[tuple[Sequence[str | None], Sequence[bool]]]
) -> Coverage:
    n_names = n_left = n_partly_left = n_words = n_masked = 0
    for gold, is_masked in sentences:
        for start, end, _ in spans([tag or "O" for tag in gold], Scheme.BIO):
            n_names += 1
            n_left += not any(is_masked[start:end])
            n_partly_left += 0 < sum(is_masked[start:end]) < end - start
        others = [hidden for tag, hidden in zip(gold, is_masked, strict=True) if tag == "O"]
        n_words += len(others)
        n_masked += sum(others)
    return Coverage(
        threshold=threshold,
        n_names=n_names,
        n_left=n_left,
        n_partly_left=n_partly_left,
        n_words=n_words,
        n_masked=n_masked,
    )
