"""Random CRFs and the scores of all their tag sequences."""

from __future__ import annotations

import itertools

import torch

from tagger.model.crf import CRF
from tagger.model.heads import HeadSpec

TAGS = ("O", "B-X", "I-X", "E-X", "S-X")
BIOES = HeadSpec(name="ner", kind="span", decoder="crf", tags=TAGS, scheme="BIOES")
FREE = HeadSpec(name="pos", kind="token", decoder="crf", tags=("A", "B", "C"))


def random_crf(head: HeadSpec, seed: int) -> CRF:
    generator = torch.Generator().manual_seed(seed)
    crf = CRF(torch.from_numpy(head.allowed()))
    with torch.no_grad():
        for parameter in crf.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return crf


def enumerate_scores(crf: CRF, emissions: torch.Tensor, n: int) -> dict[tuple[int, ...], float]:
    """The score of every allowed sequence, straight from the definition."""
    n_tags = emissions.shape[1]
    allowed = crf.allowed
    scores = {}
    for tags in itertools.product(range(n_tags), repeat=n):
        if not (allowed[-1, tags[0]] and allowed[tags[-1], -1]):
            continue
        if not all(allowed[a, b] for a, b in itertools.pairwise(tags)):
            continue
        score = crf.start[tags[0]] + crf.end[tags[-1]]
        score = score + sum(emissions[t, tag] for t, tag in enumerate(tags))
        score = score + sum(crf.transitions[a, b] for a, b in itertools.pairwise(tags))
        scores[tags] = score.item()
    return scores
