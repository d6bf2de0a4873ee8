"""The CRF against enumeration of every tag sequence."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from tagger.model.crf import CRF, log_partition, token_marginals
from tagger.model.heads import HeadSpec
from tagger.runtime import decoding
from tagger.runtime.decoding import Viterbi, constrained
from tests.helpers.crfs import BIOES, FREE, TAGS, enumerate_scores, random_crf


@pytest.mark.parametrize("head", [BIOES, FREE], ids=["BIOES", "free"])
@pytest.mark.parametrize("seed", range(3))
def test_loss_equals_enumeration(head: HeadSpec, seed: int) -> None:
    crf = random_crf(head, seed)
    lengths = torch.tensor([1, 4, 3, 2])
    emissions = 3 * torch.randn(4, 4, len(head.tags), generator=torch.Generator().manual_seed(seed))
    scores = [enumerate_scores(crf, emissions[i], int(n)) for i, n in enumerate(lengths)]
    gold = [list(s)[len(s) // 2] for s in scores]
    tags = torch.full((4, 4), -100)
    for i, sequence in enumerate(gold):
        tags[i, : len(sequence)] = torch.tensor(sequence)
    losses = crf(emissions, tags, lengths)
    for i, by_sequence in enumerate(scores):
        log_z = np.logaddexp.reduce(list(by_sequence.values()))
        assert losses[i].item() == pytest.approx(log_z - by_sequence[gold[i]], abs=1e-4)


@pytest.mark.parametrize("head", [BIOES, FREE], ids=["BIOES", "free"])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("scale", [0.1, 1, 10])
@pytest.mark.parametrize(
    ("few", "many", "paths"),
    [(0, 0, 1), (0, 0, 2**18), (0, 8, 1), (2**15, 0, 1)],
    ids=["path by path", "at once", "tag by tag", "all"],
)
def test_viterbi_equals_enumeration(
    head: HeadSpec,
    seed: int,
    scale: float,
    few: int,
    many: int,
    paths: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(decoding, "FEW_PATHS", few)
    monkeypatch.setattr(decoding, "MANY_OTHERS", many)
    monkeypatch.setattr(decoding, "PATHS", paths)
    crf = random_crf(head, seed)
    lengths = np.array([4, 1, 2, 3])
    generator = torch.Generator().manual_seed(seed)
    emissions = scale * torch.randn(4, 4, len(head.tags), generator=generator)
    transitions = constrained(
        head.allowed(), *(p.detach().numpy() for p in (crf.transitions, crf.start, crf.end))
    )
    flat = np.concatenate([emissions[i, :n].numpy() for i, n in enumerate(lengths)])
    found = np.split(Viterbi(transitions)(flat, lengths), np.cumsum(lengths)[:-1])
    for i, n in enumerate(lengths):
        scores = enumerate_scores(crf, emissions[i], int(n))
        assert tuple(found[i]) == max(scores, key=scores.__getitem__)


def test_softmax_decoding_is_always_a_valid_sequence() -> None:
    rng = np.random.default_rng(0)
    allowed = BIOES.allowed()
    lengths = rng.integers(1, 9, 200)
    emissions = rng.normal(0, 5, (lengths.sum(), len(TAGS))).astype(np.float32)
    found = Viterbi(constrained(allowed))(emissions, lengths)
    for tags in np.split(found, np.cumsum(lengths)[:-1]):
        path = [len(TAGS), *tags, len(TAGS)]
        assert all(allowed[a, b] for a, b in itertools.pairwise(path))


def test_gradient_equals_that_of_a_recorded_graph() -> None:
    crf = random_crf(BIOES, 0).double()
    lengths = torch.tensor([5, 1, 3])
    emissions = torch.randn(3, 5, 5, dtype=torch.float64, requires_grad=True)
    transitions, start, end = crf.scores()
    # Gradients through forbidden scores are not defined by differences; the free ones are.
    free = [x.detach().clamp(min=-3.0).requires_grad_() for x in (transitions, start, end)]
    assert torch.autograd.gradcheck(
        lambda e, *rest: log_partition(e, lengths, *rest), (emissions, *free), atol=1e-6
    )


def test_gradient_is_finite_beside_a_very_long_sentence() -> None:
    crf = random_crf(BIOES, 1)
    lengths = torch.tensor([1, 2000])
    emissions = (20 * torch.randn(2, 2000, 5)).requires_grad_()
    crf(emissions, torch.zeros(2, 2000, dtype=torch.long), lengths).sum().backward()
    assert torch.isfinite(emissions.grad).all()
    assert all(torch.isfinite(p.grad).all() for p in crf.parameters())
    assert not emissions.grad[0, 1:].any()


def test_scores_far_apart_stay_numbers() -> None:
    crf = CRF(torch.from_numpy(BIOES.allowed()))
    emissions = torch.zeros(1, 2, 5)
    emissions[0, 0, 1], emissions[0, 1, 0] = 150.0, 300.0  # two tags that forbid each other
    emissions.requires_grad_()
    loss = crf(emissions, torch.zeros(1, 2, dtype=torch.long), torch.tensor([2]))
    scores = enumerate_scores(crf, emissions.detach()[0], 2)
    expected = np.logaddexp.reduce(list(scores.values())) - scores[0, 0]
    assert loss.item() == pytest.approx(expected, abs=1e-3)
    loss.sum().backward()
    assert torch.isfinite(emissions.grad).all()
    assert torch.isfinite(crf.transitions.grad).all()


def test_marginals_of_a_long_sentence_add_up_to_one() -> None:
    crf = random_crf(BIOES, 2)
    emissions = (2 * torch.randn(1, 20_000, 5)).requires_grad_()
    scores = [x.double() for x in crf.scores()]
    log_partition(emissions.double(), torch.tensor([20_000]), *scores).sum().backward()
    sums = emissions.grad.sum(2)
    torch.testing.assert_close(sums, torch.ones_like(sums), atol=1e-5, rtol=0)


@pytest.mark.parametrize("head", [BIOES, FREE], ids=["spans", "free"])
def test_token_marginals_are_those_of_all_sequences(head: HeadSpec) -> None:
    crf = random_crf(head, 3)
    emissions = torch.randn(2, 4, len(head.tags), generator=torch.Generator().manual_seed(5))
    lengths = torch.tensor([4, 2])
    found = token_marginals(emissions, lengths, *crf.scores())
    for i, n in enumerate(lengths.tolist()):
        scores = enumerate_scores(crf, emissions[i], n)
        weights = torch.tensor(list(scores.values())).double().softmax(0)
        expected = torch.zeros(n, len(head.tags), dtype=torch.float64)
        for tags, weight in zip(scores, weights, strict=True):
            expected[torch.arange(n), list(tags)] += weight
        torch.testing.assert_close(found[i, :n], expected, atol=1e-6, rtol=1e-5)


def test_token_marginals_have_a_gradient() -> None:
    crf = random_crf(BIOES, 1).double()
    emissions = torch.randn(2, 3, 5, dtype=torch.float64, requires_grad=True)
    weights = torch.rand(2, 3, 5, dtype=torch.float64)
    weights[1, 2] = 0

    def loss(emissions: torch.Tensor) -> torch.Tensor:
        probs = token_marginals(emissions, torch.tensor([3, 2]), *crf.scores())
        return (weights * probs.clamp(min=1e-100).log() * (probs > 1e-90)).sum()

    assert torch.autograd.gradcheck(loss, [emissions])
