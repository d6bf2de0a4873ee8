"""Partial annotation: the loss and its gradient against enumeration, and the codes of gold tags."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tagger.model.choices import TagChoices
from tagger.model.heads import HeadSpec
from tagger.model.network import IGNORED, Head
from tagger.schemes import Scheme, convert, is_allowed, spans, tag_inventory
from tests.helpers.crfs import BIOES, FREE, enumerate_scores, random_crf


def head_of(*labels: str, scheme: Scheme = Scheme.BIOES) -> HeadSpec:
    tags = tuple(tag_inventory(labels, scheme))
    return HeadSpec(name="ner", kind="span", decoder="crf", tags=tags, scheme=scheme.value)


def allowed_tags(choices: TagChoices, tags: list[str | None]) -> list[set[str]]:
    rows = choices.table[choices.encode(tags)]
    return [{choices.head.tags[i] for i in np.flatnonzero(row)} for row in rows]


def random_choices(crf, n: int, seed: int) -> torch.Tensor:
    """Tags that may be, with one allowed sequence at least."""
    rng = np.random.default_rng(seed)
    emissions = torch.zeros(n, len(crf.start))
    sequences = list(enumerate_scores(crf, emissions, n))
    allowed = torch.from_numpy(rng.random((n, len(crf.start))) < 0.5)
    allowed[torch.arange(n), torch.tensor(sequences[rng.integers(len(sequences))])] = True
    return allowed


@pytest.mark.parametrize("head", [BIOES, FREE], ids=["BIOES", "free"])
@pytest.mark.parametrize("seed", range(4))
def test_partial_loss_and_gradient_equal_enumeration(head: HeadSpec, seed: int) -> None:
    crf = random_crf(head, seed)
    lengths = torch.tensor([4, 1, 3])
    torch.manual_seed(seed)
    emissions = torch.randn(3, 4, len(head.tags), requires_grad=True)
    allowed = torch.stack([random_choices(crf, 4, seed * 3 + i) for i in range(3)])
    for i, n in enumerate(lengths.tolist()):  # each row has a sequence within its own length
        allowed[i, :n] = random_choices(crf, n, seed * 3 + i)
    parameters = [emissions, *crf.parameters()]
    losses = crf.partial(emissions, allowed, lengths)
    found = torch.autograd.grad(losses.sum(), parameters)

    transitions, start, end = crf.scores()
    total = torch.zeros(())
    for i, n in enumerate(lengths.tolist()):
        scores = {}
        for tags in enumerate_scores(crf, emissions[i].detach(), n):
            score = start[tags[0]] + end[tags[-1]] + emissions[i, range(n), tags].sum()
            scores[tags] = score + sum(transitions[a, b] for a, b in itertools.pairwise(tags))
        chosen = [s for tags, s in scores.items() if allowed[i, range(n), tags].all()]
        expected = torch.stack(list(scores.values())).logsumexp(0)
        expected = expected - torch.stack(chosen).logsumexp(0)
        assert losses[i].item() == pytest.approx(expected.item(), abs=1e-4)
        total = total + expected
    for gradient, expected in zip(found, torch.autograd.grad(total, parameters), strict=True):
        torch.testing.assert_close(gradient, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("is_crf", [True, False])
def test_known_tags_alone_give_the_full_loss_and_unknown_ones_none(is_crf: bool) -> None:
    choices = TagChoices(BIOES)
    crf = random_crf(BIOES, 0) if is_crf else None
    head = Head(input_dim=4, n_tags=len(BIOES.tags), crf=crf)
    emissions = torch.randn(2, 3, len(BIOES.tags), requires_grad=True)
    lengths = torch.tensor([3, 2])
    table = torch.from_numpy(choices.table)
    known = torch.tensor([[0, 1, 3], [4, 0, IGNORED]])
    loss = head.loss(emissions, known, lengths, table).mean
    if crf is not None:
        assert loss.item() == pytest.approx(crf(emissions, known, lengths).sum().item() / 5)
    else:
        expected = torch.nn.functional.cross_entropy(emissions.flatten(0, 1), known.flatten())
        assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    unknown = torch.tensor([choices.encode([None] * 3), [*choices.encode([None] * 2), IGNORED]])
    nothing = head.loss(emissions, unknown, lengths, table).mean
    assert nothing.item() == 0
    (gradient,) = torch.autograd.grad(nothing, emissions, allow_unused=True)
    assert gradient is None or not gradient.any()
    # A sentence without any known tag does not change the loss of another.
    both = torch.stack([known[0], unknown[1]])
    alone = head.loss(emissions[:1], known[:1], lengths[:1], table).mean
    assert head.loss(emissions, both, lengths, table).mean.item() == pytest.approx(alone.item())


def test_an_unknown_tag_leaves_open_whether_a_span_goes_on() -> None:
    choices = TagChoices(head_of("A", "B"))
    every = set(choices.head.tags)
    assert allowed_tags(choices, ["B-A", None, "O"]) == [{"B-A", "S-A"}, every, {"O"}]
    assert allowed_tags(choices, ["B-A", "I-A", None]) == [{"B-A"}, {"I-A", "E-A"}, every]
    assert allowed_tags(choices, [None, "I-A", "B-A"]) == [every, {"E-A"}, {"S-A"}]
    assert allowed_tags(choices, ["B-C", "I-C"]) == [every, every]  # a label it does not have


def test_outside_may_be_a_label_that_the_corpus_does_not_annotate() -> None:
    choices = TagChoices(head_of("A", "B"), not_annotated=["B"])
    outside = {"O", "B-B", "I-B", "E-B", "S-B"}
    assert allowed_tags(choices, ["O", "B-A"]) == [outside, {"S-A"}]
    nothing_open = TagChoices(head_of("A", "B"))
    assert allowed_tags(nothing_open, ["O", "B-A"]) == [{"O"}, {"S-A"}]


_BIO = ("O", "B-A", "I-A", "B-B", "I-B")


@given(
    st.lists(st.sampled_from(_BIO), min_size=1, max_size=6).filter(
        lambda tags: all(is_allowed(Scheme.BIO, a, b) for a, b in itertools.pairwise([None, *tags]))
    ),
    st.data(),
    st.sampled_from([Scheme.BIO, Scheme.BIOES]),
)
def test_the_true_tags_are_always_among_the_choices(tags, data, scheme) -> None:
    hidden = data.draw(st.lists(st.booleans(), min_size=len(tags), max_size=len(tags)))
    seen = [None if is_hidden else tag for tag, is_hidden in zip(tags, hidden, strict=True)]
    choices = TagChoices(head_of("A", "B", scheme=scheme), not_annotated=["B"])
    truth = convert(tags, Scheme.BIO, scheme)
    assert all(t in some for t, some in zip(truth, allowed_tags(choices, seen), strict=True))
    # What the corpus does not annotate may be left out of it.
    of_a = [tag if "B" not in tag[1:] else "O" for tag in tags]
    assert all(t in some for t, some in zip(truth, allowed_tags(choices, of_a), strict=True))
    if not any(hidden) and spans(tags, Scheme.BIO):
        codes = TagChoices(choices.head).encode(tags)
        assert [choices.head.tags[code] for code in codes] == truth
