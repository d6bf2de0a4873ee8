"""Spans above a threshold against the enumeration of every tag sequence."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.model.heads import HeadSpec
from tagger.runtime.candidates import Spans, SpanTags, candidates, without_overlaps
from tagger.runtime.decoding import Transitions, constrained
from tagger.runtime.marginals import Marginals
from tagger.runtime.tag_table import TagTable
from tagger.schemes import Scheme, Span, spans, tag_inventory
from tests.helpers.crfs import enumerate_scores, random_crf

TINY = 1e-9


def span_head(scheme: str, labels: tuple[str, ...] = ("X", "Y")) -> HeadSpec:
    tags = tuple(tag_inventory(list(labels), Scheme(scheme)))
    return HeadSpec(name="ner", kind="span", decoder="crf", tags=tags, scheme=scheme)


def by_enumeration(head: HeadSpec, crf, emissions: torch.Tensor) -> dict[Span, float]:
    """The probability of every span of a sentence, straight from the definition."""
    shares: Counter[Span] = Counter()
    total = 0.0
    for sequence, score in enumerate_scores(crf, emissions, len(emissions)).items():
        weight = float(np.exp(score))
        total += weight
        for span in spans([head.tags[tag] for tag in sequence], Scheme(head.scheme)):
            shares[span] += weight
    return {span: share / total for span, share in shares.items()}


def found_spans(
    head: HeadSpec, transitions: Transitions, sentences: list[torch.Tensor], least: list[float]
) -> list[dict[Span, float]]:
    lengths = np.array([len(emissions) for emissions in sentences])
    marginals = Marginals(transitions)
    posterior = marginals.posterior(torch.cat(sentences).numpy(), lengths)
    found = candidates(marginals, posterior, lengths, SpanTags(head), np.array(least))
    starts = np.cumsum(lengths) - lengths
    by_sentence: list[dict[Span, float]] = [{} for _ in sentences]
    for first, last, label, prob in zip(*(values.tolist() for values in found), strict=True):
        i = int(np.searchsorted(starts, first, side="right")) - 1
        span = Span(first - starts[i], last + 1 - starts[i], head.labels[label])
        assert span not in by_sentence[i]
        by_sentence[i][span] = prob
    return by_sentence


@settings(max_examples=25, deadline=None)
@given(
    scheme=st.sampled_from(["BIO", "BIOES"]),
    seed=st.integers(0, 1000),
    lengths=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    least=st.lists(st.sampled_from([TINY, 0.01, 0.2, 0.5, np.nan]), min_size=2, max_size=2),
    is_crf=st.booleans(),
)
def test_candidates_equal_enumeration(
    scheme: str, seed: int, lengths: list[int], least: list[float], is_crf: bool
) -> None:
    head = span_head(scheme)
    crf = random_crf(head, seed)
    if not is_crf:  # a softmax whose spans are decoded under the scheme
        with torch.no_grad():
            for parameter in crf.parameters():
                parameter.zero_()
    generator = torch.Generator().manual_seed(seed)
    sentences = [2 * torch.randn(n, len(head.tags), generator=generator) for n in lengths]
    scores = (p.detach().numpy() for p in (crf.transitions, crf.start, crf.end))
    transitions = constrained(head.allowed(), *scores) if is_crf else constrained(head.allowed())
    for found, emissions in zip(
        found_spans(head, transitions, sentences, least), sentences, strict=True
    ):
        expected = by_enumeration(head, crf, emissions)
        thresholds = dict(zip(head.labels, least, strict=True))
        for span, prob in expected.items():
            if abs(prob - thresholds[span.label]) > 1e-5:
                assert (span in found) == (prob >= thresholds[span.label])
        for span, prob in found.items():
            assert prob == pytest.approx(expected[span], abs=1e-5)


@pytest.mark.parametrize("scheme", ["BIO", "BIOES"])
def test_written_tags_are_those_spans(scheme: str) -> None:
    head = span_head(scheme)
    tags, table = SpanTags(head), TagTable(head)
    chosen = Spans(np.array([0, 1, 4]), np.array([0, 3, 5]), np.array([1, 0, 0]), np.ones(3))
    tag_ids = np.full(7, tags.outside)
    tags.write(chosen, tag_ids)
    assert table.spans(tag_ids) == [(0, 0, "Y"), (1, 3, "X"), (4, 5, "X")]


def test_overlapping_spans_keep_the_best() -> None:
    several = Spans(
        np.array([0, 1, 3, 3, 5]),
        np.array([1, 2, 3, 4, 5]),
        np.array([0, 0, 0, 1, 0]),
        np.array([0.3, 0.6, 0.2, 0.2, 0.1]),
    )
    kept = without_overlaps(several, 6)
    assert list(zip(kept.first.tolist(), kept.last.tolist(), strict=True)) == [
        (1, 2),
        (3, 4),
        (5, 5),
    ]
    reaching = several.where(several.probs >= 0.2)
    assert without_overlaps(reaching, 6).first.tolist() == [1, 3]


def test_a_long_sentence_takes_no_long_time() -> None:
    head = span_head("BIOES")
    emissions = torch.zeros(10_000, len(head.tags))
    emissions[:, head.tags.index("I-X")] = 5.0
    (found,) = found_spans(head, constrained(head.allowed()), [emissions], [0.001, 0.001])
    assert all(0.001 <= prob <= 1 for prob in found.values())
