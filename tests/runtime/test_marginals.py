"""Probabilities of tags against the enumeration of every tag sequence."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tagger.model.heads import HeadSpec
from tagger.runtime.decoding import Viterbi, constrained
from tagger.runtime.marginals import Marginals, softmax
from tagger.runtime.tag_table import TagTable
from tagger.schemes import Scheme, Span, spans, tag_inventory
from tests.helpers.crfs import BIOES, FREE, enumerate_scores, random_crf


@pytest.mark.parametrize("head", [BIOES, FREE], ids=["BIOES", "free"])
@pytest.mark.parametrize("seed", range(3))
def test_marginals_equal_enumeration(head: HeadSpec, seed: int) -> None:
    crf = random_crf(head, seed)
    lengths = [1, 4, 3, 2, 4]
    generator = torch.Generator().manual_seed(seed)
    emissions = [3 * torch.randn(n, len(head.tags), generator=generator) for n in lengths]
    scores = (p.detach().numpy() for p in (crf.transitions, crf.start, crf.end))
    marginals = Marginals(constrained(head.allowed(), *scores))
    found = marginals(torch.cat(emissions).numpy(), np.array(lengths))
    expected = []
    for of_sentence, n in zip(emissions, lengths, strict=True):
        by_sequence = enumerate_scores(crf, of_sentence, n)
        weights = np.exp(np.array(list(by_sequence.values())))
        share = np.zeros((n, len(head.tags)))
        for tags, weight in zip(by_sequence, weights / weights.sum(), strict=True):
            share[range(n), tags] += weight
        expected.append(share)
    np.testing.assert_allclose(found, np.concatenate(expected), atol=1e-5)


@pytest.mark.parametrize("scheme", ["BIO", "BIOES"])
@pytest.mark.parametrize("seed", range(3))
def test_probabilities_of_spans_equal_enumeration(scheme: str, seed: int) -> None:
    tags = tuple(tag_inventory(["X", "Y"], Scheme(scheme)))
    head = HeadSpec(name="ner", kind="span", decoder="crf", tags=tags, scheme=scheme)
    crf = random_crf(head, seed)
    lengths = [1, 4, 3]
    generator = torch.Generator().manual_seed(seed)
    emissions = [3 * torch.randn(n, len(tags), generator=generator) for n in lengths]
    scores = (p.detach().numpy() for p in (crf.transitions, crf.start, crf.end))
    transitions = constrained(head.allowed(), *scores)
    flat, n_tokens = torch.cat(emissions).numpy(), np.array(lengths)
    marginals, table = Marginals(transitions), TagTable(head)
    best = Viterbi(transitions)(flat, n_tokens)
    first, last = table.bounds(best)
    assert len(first) > 1
    posterior = marginals.posterior(flat, n_tokens)
    found = marginals.spans(posterior, n_tokens, best, first, last, table.continues)
    past = np.cumsum(lengths)
    for start, end, label, prob in zip(
        first, last, (span[2] for span in table.spans(best)), found, strict=True
    ):
        i = int(np.searchsorted(past, start, side="right"))
        offset = past[i] - lengths[i]
        by_sequence = enumerate_scores(crf, emissions[i], lengths[i])
        total = share = 0.0
        for sequence, score in by_sequence.items():
            weight = np.exp(score)
            total += weight
            named = [tags[tag] for tag in sequence]
            if Span(start - offset, end + 1 - offset, label) in spans(named, Scheme(scheme)):
                share += weight
        assert prob == pytest.approx(share / total, abs=1e-5)


def test_a_long_and_decided_sentence_stays_in_range() -> None:
    crf = random_crf(BIOES, 1)
    scores = (p.detach().numpy() for p in (crf.transitions, crf.start, crf.end))
    emissions = np.zeros((10_000, 5), dtype=np.float32)
    emissions[:, 2] = 2000.0  # inside, which nothing has begun at the first and nothing ends
    found = Marginals(constrained(BIOES.allowed(), *scores))(emissions, np.array([10_000]))
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert found[0, 2] == 0 == found[-1, 2]
    assert found[5000, 2] > 0.999


def test_softmax() -> None:
    found = softmax(np.array([[0.0, np.log(3.0)], [1e4, 0.0]], dtype=np.float32), np.array([2]))
    np.testing.assert_allclose(found, [[0.25, 0.75], [1.0, 0.0]], atol=1e-6)
