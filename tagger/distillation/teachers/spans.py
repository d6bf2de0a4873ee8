"""Spans of characters, as services and spaCy return them, as probabilities of tokens' tags."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from tagger.distillation.teachers.protocol import Opinion
from tagger.runtime.cutting import CutTexts, Offsets


class ScoredSpan(NamedTuple):
    """A span of characters, end exclusive, and the probability that it is one."""

    start: int
    end: int
    label: str
    prob: float = 1.0


def span_opinion(
    cut: CutTexts, spans: Sequence[Sequence[ScoredSpan] | None], tags: Sequence[str]
) -> Opinion:
    """Align spans with tokens.

    Tokens of a span that does not consist of whole tokens of one sentence, overlaps an earlier
    one, or has a label without tags, are not known.

    Args:
        cut: The texts and their tokens.
        spans: The spans of each text; None where there is no answer to it.
        tags: The tags of the answers, in BIO.
    """
    columns = {tag: i for i, tag in enumerate(tags)}
    probs = np.zeros((len(cut.forms), len(tags)), dtype=np.float32)
    probs[:, columns["O"]] = 1.0
    known = np.ones(len(cut.forms), dtype=np.bool_)
    for first, offsets, sentences, found in _texts(cut, spans):
        if found is None:
            known[first : first + len(offsets)] = False
            continue
        starts, ends = [start for start, _ in offsets], [end for _, end in offsets]
        bounds = np.cumsum([len(sentence) for sentence in sentences]).tolist()
        free = 0
        for span in sorted(found):
            begin, past = bisect_right(ends, span.start), bisect_left(starts, span.end)
            if begin >= past:
                continue  # it touches no token, as those of sentences that are left out
            is_whole = (starts[begin], ends[past - 1]) == (span.start, span.end)
            is_in_one = bisect_right(bounds, begin) == bisect_right(bounds, past - 1)
            rows = slice(first + begin, first + past)
            if not is_whole or not is_in_one or begin < free or f"B-{span.label}" not in columns:
                known[rows] = False
            else:
                probs[rows] = 0.0
                probs[rows, columns["O"]] = 1.0 - span.prob
                probs[rows, columns[f"I-{span.label}"]] = span.prob
                probs[rows.start, columns[f"I-{span.label}"]] = 0.0
                probs[rows.start, columns[f"B-{span.label}"]] = span.prob
            free = max(free, past)
    return Opinion(probs, known)


def _texts(
    cut: CutTexts, spans: Sequence[Sequence[ScoredSpan] | None]
) -> Iterator[tuple[int, Offsets, list[Offsets], Sequence[ScoredSpan] | None]]:
    """Yield for each text the number of its first token, its tokens, sentences and spans."""
    first = 0
    for offsets, sentences, found in zip(cut.offsets, cut.sentences, spans, strict=True):
        yield first, offsets, sentences, found
        first += len(offsets)
