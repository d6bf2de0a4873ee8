"""The best tag sequences against the enumeration of all."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.model.heads import HeadSpec
from tagger.runtime.decoding import Viterbi, constrained
from tagger.runtime.list_viterbi import ListViterbi, most_probable
from tagger.runtime.marginals import Marginals
from tagger.schemes import Scheme, tag_inventory
from tests.helpers.crfs import FREE, enumerate_scores, random_crf


def head_of(scheme: str) -> HeadSpec:
    if not scheme:
        return FREE
    tags = tuple(tag_inventory(["X", "Y"], Scheme(scheme)))
    return HeadSpec(name="ner", kind="span", decoder="crf", tags=tags, scheme=scheme)


@settings(max_examples=25, deadline=None)
@given(
    scheme=st.sampled_from(["BIO", "BIOES", ""]),
    seed=st.integers(0, 1000),
    lengths=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    k=st.sampled_from([1, 2, 5, 40]),
)
def test_sequences_and_probabilities_equal_enumeration(
    scheme: str, seed: int, lengths: list[int], k: int
) -> None:
    head = head_of(scheme)
    crf = random_crf(head, seed)
    generator = torch.Generator().manual_seed(seed)
    sentences = [3 * torch.randn(n, len(head.tags), generator=generator) for n in lengths]
    scores = (p.detach().numpy() for p in (crf.transitions, crf.start, crf.end))
    transitions = constrained(head.allowed(), *scores)
    emissions, n_tokens = torch.cat(sentences).numpy(), np.array(lengths)
    found, exists = ListViterbi(transitions, k)(emissions, n_tokens)
    assert (found[0] == Viterbi(transitions)(emissions, n_tokens)).all()
    marginals = Marginals(transitions)
    posterior = marginals.posterior(emissions, n_tokens)
    probs = marginals.sequences(posterior, n_tokens, found)
    pruned, shares_of_pruned = most_probable(
        ListViterbi(transitions, k), marginals, posterior, emissions, n_tokens
    )
    assert shares_of_pruned == pytest.approx(np.where(exists, probs, 0), abs=1e-9)
    of_token = np.repeat(exists, n_tokens, axis=1)
    assert (pruned == found)[of_token].all()
    by_cost, exist_by_cost = ListViterbi(transitions, k).pruned(emissions, n_tokens)
    assert (exist_by_cost == exists).all()
    assert (by_cost == found)[of_token].all()
    past = np.cumsum(lengths)
    for i, of_sentence in enumerate(sentences):
        by_sequence = enumerate_scores(crf, of_sentence, lengths[i])
        best = sorted(by_sequence.values(), reverse=True)[:k]
        shares = np.exp(best) / np.exp(list(by_sequence.values())).sum()
        assert exists[:, i].sum() == len(best)
        sequences = [tuple(tags[past[i] - lengths[i] : past[i]].tolist()) for tags in found]
        assert len(set(sequences[: len(best)])) == len(best)
        for rank, score in enumerate(best):
            assert by_sequence[sequences[rank]] == pytest.approx(score, abs=1e-4)
            assert probs[rank, i] == pytest.approx(shares[rank], abs=1e-5)


def test_a_long_sentence() -> None:
    head = head_of("BIOES")
    emissions = np.random.default_rng(0).standard_normal((10_000, len(head.tags)))
    emissions, lengths = emissions.astype(np.float32), np.array([10_000])
    decode = ListViterbi(constrained(head.allowed()), 3)
    found, exists = decode(emissions, lengths)
    assert exists.all()
    assert found.shape == (3, 10_000)
    pruned, exist = decode.pruned(emissions, lengths)
    assert exist.all()
    assert (pruned == found).all()
