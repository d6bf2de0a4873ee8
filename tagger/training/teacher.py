"""The model that a training starts from as the teacher of what its corpora do not annotate.

Where a corpus does not annotate some labels of the base, the base's own probabilities of them are
the target, so that they are not forgotten (Li & Hoiem 2018, "Learning without forgetting"). The
loss is the cross-entropy of whole tag sequences, exact by forward-backward (Wang et al. 2021,
"Structural knowledge distillation", section 3.2).
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor

from tagger.model.choices import TagChoices
from tagger.model.crf import log_partition
from tagger.model.heads import FORBIDDEN, HeadSpec
from tagger.model.losses import SummedLoss
from tagger.model.network import IGNORED, Head, TaggingNetwork
from tagger.schemes import split_tag


class Teacher:
    """A frozen copy of a network as it starts from a base.

    Args:
        network: The network, with the base's weights.
        heads: The heads in training.
        base_heads: The base's heads.
    """

    def __init__(
        self, network: TaggingNetwork, heads: Sequence[HeadSpec], base_heads: Sequence[HeadSpec]
    ) -> None:
        self.network = copy.deepcopy(network).requires_grad_(False).eval()
        known = {head.name: set(head.labels) for head in base_heads if head.kind == "span"}
        self._known: dict[str, Tensor] = {}
        for head in heads:
            if head.kind == "span" and head.name in known:
                of_base = {"", *known[head.name]}
                self._known[head.name] = torch.tensor(
                    [split_tag(tag)[1] in of_base for tag in head.tags]
                )
        for name, is_known in self._known.items():
            _follow_as_outside(self.network.head(name), is_known)

    def teaches(self, choices: TagChoices) -> bool:
        """Return whether it knows all the labels that a corpus does not annotate."""
        is_known = self._known.get(choices.head.name)
        if is_known is None or not choices.not_annotated:
            return False
        known = {tag for tag, k in zip(choices.head.tags, is_known.tolist(), strict=True) if k}
        return all(f"B-{label}" in known for label in choices.not_annotated)

    def loss(
        self,
        head: Head,
        name: str,
        emissions: Tensor,
        taught: Tensor,
        codes: Tensor,
        lengths: Tensor,
        choices: Tensor,
    ) -> SummedLoss:
        """Compute the cross-entropy between the teacher's tag sequences and a head's.

        The teacher's are those that the gold codes allow: what is annotated is as certain as ever.

        Args:
            head: The head in training.
            name: Its name.
            emissions: (batch, tokens, tags) of the head in training.
            taught: (batch, tokens, tags), the teacher's emissions.
            codes: (batch, tokens) int64, rows of ``choices``; `IGNORED` past a sentence's end.
            lengths: (batch,) int64.
            choices: (codes, tags) bool.
        """
        inside = codes != IGNORED  # (batch, tokens)
        allowed = choices[codes.clamp(min=0)]  # (batch, tokens, tags)
        # Only gold tags can be of a label that the teacher does not have.
        single = allowed.sum(2, keepdim=True) == 1
        allowed = allowed & (single | self._known[name].to(allowed.device))
        masked = taught.masked_fill(~allowed, FORBIDDEN)
        if head.crf is None:
            target = masked.softmax(2)
            per_token = -(target * emissions.log_softmax(2)).sum(2)
            return SummedLoss((per_token * inside).sum(), inside.sum())
        teacher = self.network.head(name)
        assert teacher.crf is not None
        leaves = [s.detach().double().requires_grad_() for s in (masked, *teacher.crf.scores())]
        with torch.enable_grad():
            log_z = log_partition(leaves[0], lengths, *leaves[1:])
            expected = torch.autograd.grad(log_z.sum(), leaves)  # marginals and expected counts
        scores = [emissions.double(), *(s.double() for s in head.crf.scores())]
        gold = sum(((p * s).sum() for p, s in zip(expected, scores, strict=True)), torch.zeros(()))
        partition = log_partition(scores[0], lengths, *scores[1:]).sum()
        return SummedLoss(partition - gold, lengths.sum())


def _follow_as_outside(head: Head, is_known: Tensor) -> None:
    """Let tags of unknown labels stand among others as ``O``, the first tag, does."""
    if head.crf is None:
        return
    new = ~is_known
    crf = head.crf
    crf.start[new], crf.end[new] = crf.start[0].clone(), crf.end[0].clone()
    crf.transitions[new] = crf.transitions[0].clone()
    crf.transitions[:, new] = crf.transitions[:, :1].clone()
