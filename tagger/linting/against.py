"""Suspects against a corrected corpus: how many of the first are really wrong."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence

import msgspec

from tagger.linting.records import GoldCorpus, PlacedSentence
from tagger.linting.suspects import Doubt

__all__ = ["SIZES", "Hits", "Verdict", "compare"]

SIZES = (100, 300, 1000)


class Hits(msgspec.Struct, frozen=True, kw_only=True):
    """The first sentences in the order of suspicion."""

    n: int
    """Sentences, the most suspect first."""
    n_corrected: int
    """Those of them that were corrected."""
    precision: float
    """Their share."""
    recall: float
    """Their share of all that were corrected."""
    random_precision: float
    """The precision to be expected in random order."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """A ranking of sentences against their corrections."""

    n_sentences: int
    """Sentences with a counterpart among the corrected ones."""
    n_corrected: int
    """Sentences whose spans were corrected."""
    n_unmatched: int
    """Sentences without a counterpart, as where tokens were changed; they are left out."""
    hits: list[Hits]
    """Empty where nothing is corrected."""


def compare(
    corpus: GoldCorpus, corrected: GoldCorpus, head: str, doubts: Iterable[Doubt]
) -> Verdict:
    """Rank sentences by their least probable annotation, and look which ones were corrected.

    Sentences are compared with those of the corrected corpus that have the same tokens, of the
    same split where the corrected corpus has only some of the splits; of several in order.
    """
    splits = {file.split for file in corrected.files}
    own = [file for file in corpus.files if file.split in splits] or corpus.files
    counterparts: defaultdict[tuple[str, ...], deque[PlacedSentence]] = defaultdict(deque)
    for sentence in corrected.sentences():
        counterparts[tuple(sentence.tokens)].append(sentence)
    is_wrong: dict[int, bool] = {}
    n_unmatched = 0
    for file in own:
        for sentence in file.sentences:
            others = counterparts[tuple(sentence.tokens)]
            if others:
                other = others.popleft()
                is_wrong[id(sentence)] = sentence.spans[head] != other.spans.get(head, [])
            else:
                n_unmatched += 1
    least: dict[int, float] = {}
    for doubt in doubts:
        key = id(doubt.sentence)
        if key in is_wrong:
            least[key] = min(doubt.probability, least.get(key, 1.0))
    order = sorted(is_wrong, key=lambda key: least.get(key, 1.0))
    n_wrong = sum(is_wrong.values())
    return Verdict(
        n_sentences=len(order),
        n_corrected=n_wrong,
        n_unmatched=n_unmatched,
        hits=[_hits(order[:n], is_wrong, n_wrong) for n in _sizes(len(order)) if n_wrong],
    )


def _sizes(n: int) -> Sequence[int]:
    return [size for size in SIZES if size <= n] or ([n] if n else [])


def _hits(first: Sequence[int], is_wrong: dict[int, bool], n_wrong: int) -> Hits:
    found = sum(is_wrong[key] for key in first)
    return Hits(
        n=len(first),
        n_corrected=found,
        precision=found / len(first),
        recall=found / n_wrong,
        random_precision=n_wrong / len(is_wrong),
    )
