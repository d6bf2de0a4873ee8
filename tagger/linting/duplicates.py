"""Checks of duplicates: equal and nearly equal sentences, within splits and across them.

Near duplicates are found by MinHash (Broder 1997) with banding (Leskovec et al. 2020, section
3.4): the time is linear in the number of tokens.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tagger.linting.records import Collector, GoldCorpus, PlacedSentence, quoted

__all__ = ["check_duplicates"]

Hashes: TypeAlias = NDArray[np.uint64]

MIN_TOKENS = 6
"""Shorter sentences are repeated without harm, as ``Yes .`` is."""

MIN_NEAR = 8
"""Shorter ones are rarely alike by accident, but often by their pattern."""

SIMILAR = 0.7
"""The share of common shingles (Jaccard) from which on two sentences are near duplicates."""

_SHINGLE = 3  # tokens
_BANDS, _ROWS = 12, 4  # finds pairs of Jaccard 0.7 with probability 0.96
_BUCKET = 4  # sentences of a bucket that others are compared with, which keeps it linear


class _Place(NamedTuple):
    split: str
    sentence: PlacedSentence


def check_duplicates(corpus: GoldCorpus, found: Collector) -> None:
    """Check for equal sentences, and for near duplicates among those that differ."""
    places = [
        _Place(split, sentence)
        for split, sentences in corpus.splits().items()
        for sentence in sentences
        if len(sentence.tokens) >= MIN_TOKENS and _has_words(sentence.tokens)
    ]
    groups: defaultdict[tuple[str, ...], list[_Place]] = defaultdict(list)
    for place in places:
        groups[tuple(place.sentence.tokens)].append(place)
    for tokens, group in groups.items():
        if len(group) > 1:
            _report_equal(tokens, group, found)
    if found.wants("D102", "D202"):
        firsts = [group[0] for group in groups.values()]
        _check_near([one for one in firsts if len(one.sentence.tokens) >= MIN_NEAR], found)


def _has_words(tokens: Sequence[str]) -> bool:
    """Return whether half of the tokens are words: rows of results are repeated in any corpus."""
    return 2 * sum(token.isalpha() for token in tokens) >= len(tokens)


def _report_equal(tokens: tuple[str, ...], group: list[_Place], found: Collector) -> None:
    first = group[0]
    by_split: dict[str, list[PlacedSentence]] = {}
    for split, sentence in group:
        by_split.setdefault(split, []).append(sentence)
    for split, sentences in by_split.items():
        if split != first.split:
            example = f"{quoted(tokens)} is also in {first.split}, {first.sentence.where()}"
            found.at("D201", sentences[0], 0, example, count=len(sentences))
        elif len(sentences) > 1:
            where = first.sentence.where(seen_from=sentences[1].path)
            example = f"{quoted(tokens)} is also at {where}"
            found.at("D101", sentences[1], 0, example, count=len(sentences) - 1)


def _check_near(places: list[_Place], found: Collector) -> None:
    shingles = [_shingles(place.sentence.tokens) for place in places]
    buckets: list[dict[int, list[int]]] = [{} for _ in range(_BANDS)]
    for number, keys in enumerate(_band_keys(shingles)):
        candidates: dict[int, None] = {}
        for bucket, key in zip(buckets, keys, strict=True):
            known = bucket.setdefault(key, [])
            candidates.update(dict.fromkeys(known))
            if len(known) < _BUCKET:
                known.append(number)
        best = max(
            ((_jaccard(shingles[number], shingles[other]), -other) for other in candidates),
            default=(0.0, 0),
        )
        if best[0] >= SIMILAR:
            _report_near(places[number], places[-best[1]], best[0], found)


def _report_near(place: _Place, other: _Place, share: float, found: Collector) -> None:
    code = "D102" if place.split == other.split else "D202"
    where = other.sentence.where(seen_from=place.sentence.path)
    if code == "D202":
        where = f"{other.split}, {where}"
    example = f"{quoted(place.sentence.tokens)} is {share:.0%} like {where}"
    found.at(code, place.sentence, 0, example)


def _shingles(tokens: Sequence[str]) -> Hashes:
    """Hash each three tokens in a row, in lower case."""
    plain = [token.lower() for token in tokens]
    # crc32 and not hash(): the findings must be the same in every process.
    hashes = {
        zlib.crc32(" ".join(plain[i : i + _SHINGLE]).encode("utf-8", "surrogatepass"))
        for i in range(len(plain) - _SHINGLE + 1)
    }
    return np.fromiter(hashes, dtype=np.uint64, count=len(hashes))


def _band_keys(shingles: Sequence[Hashes]) -> Iterator[list[int]]:
    """Yield for each sentence a key a band; sentences with a key in common are candidates."""
    if not shingles:
        return
    source = np.random.default_rng(1)
    n = _BANDS * _ROWS
    # Multiplication modulo 2**64 by odd numbers (Dietzfelbinger et al. 1997).
    factors = source.integers(0, 2**63, n, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    terms = source.integers(0, 2**63, n, dtype=np.uint64)
    for first in range(0, len(shingles), 4096):
        some = shingles[first : first + 4096]
        starts = np.cumsum([0, *map(len, some[:-1])])
        together = np.concatenate(some)
        least = np.empty((n, len(some)), dtype=np.uint64)
        for i in range(n):
            least[i] = np.minimum.reduceat(together * factors[i] + terms[i], starts)
        for column in least.T:
            bands = column.reshape(_BANDS, _ROWS)
            yield [hash(tuple(band)) for band in bands.tolist()]


def _jaccard(one: Hashes, other: Hashes) -> float:
    common = len(np.intersect1d(one, other, assume_unique=True))
    return common / (len(one) + len(other) - common)
