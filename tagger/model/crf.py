"""A linear-chain conditional random field (Lafferty et al. 2001), vectorised over the batch.

The score of a tag sequence ``y`` over the emissions ``e`` is
``start[y_1] + e_1[y_1] + Σ_t (transitions[y_{t-1}, y_t] + e_t[y_t]) + end[y_n]``,
the loss ``log Z - score(gold)``, where ``Z`` sums ``exp(score)`` over all sequences that the tag
scheme allows. Decoding is `tagger.runtime.decoding.Viterbi`, the same for every engine.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from tagger.model.heads import FORBIDDEN, LEAST


class CRF(nn.Module):
    """Transition scores and the loss.

    Args:
        allowed: (tags + 1, tags + 1) bool; row ``i`` column ``j`` is whether tag ``j`` may follow
            tag ``i``; the last row is the start, the last column the end of a sentence.
    """

    allowed: Tensor

    def __init__(self, allowed: Tensor) -> None:
        super().__init__()
        n_tags = len(allowed) - 1
        self.transitions = nn.Parameter(torch.zeros(n_tags, n_tags))
        self.start = nn.Parameter(torch.zeros(n_tags))
        self.end = nn.Parameter(torch.zeros(n_tags))
        self.register_buffer("allowed", allowed, persistent=False)

    def scores(self) -> tuple[Tensor, Tensor, Tensor]:
        """Transitions (tags, tags), start (tags,) and end (tags,), forbidden ones masked."""
        allowed = self.allowed
        return (
            self.transitions.masked_fill(~allowed[:-1, :-1], FORBIDDEN),
            self.start.masked_fill(~allowed[-1, :-1], FORBIDDEN),
            self.end.masked_fill(~allowed[:-1, -1], FORBIDDEN),
        )

    def forward(self, emissions: Tensor, tags: Tensor, lengths: Tensor) -> Tensor:
        """Compute the negative log-likelihood of each sentence.

        Args:
            emissions: (batch, tokens, tags).
            tags: (batch, tokens) int64; ignored past a sentence's end.
            lengths: (batch,) int64, each at least 1.

        Returns:
            (batch,)
        """
        transitions, start, end = self._double_scores()
        emissions = emissions.double()
        gold = sequence_score(emissions, tags, lengths, transitions, start, end)
        loss = log_partition(emissions, lengths, transitions, start, end) - gold
        return loss.float()

    def partial(self, emissions: Tensor, allowed: Tensor, lengths: Tensor) -> Tensor:
        """Compute the negative log-likelihood of all the tag sequences that are allowed.

        It is ``log Z - log Z_allowed`` (Tsuboi et al. 2008, equation 3), and 0 where all are.

        Args:
            emissions: (batch, tokens, tags).
            allowed: (batch, tokens, tags) bool, the tags that each token may have: at least one
                sequence that the scheme allows, too; ignored past a sentence's end.
            lengths: (batch,) int64, each at least 1.

        Returns:
            (batch,)
        """
        transitions, start, end = self._double_scores()
        emissions = emissions.double()
        every = log_partition(emissions, lengths, transitions, start, end)
        chosen = emissions.masked_fill(~allowed, FORBIDDEN)
        return (every - log_partition(chosen, lengths, transitions, start, end)).float()

    def _double_scores(self) -> tuple[Tensor, Tensor, Tensor]:
        """The scores in double precision.

        Log Z of a long sentence is large, its marginals are differences from it, and the
        exponentials of unlikely tags must not all become 0.
        """
        transitions, start, end = (scores.double() for scores in self.scores())
        return transitions, start, end


def sequence_score(
    emissions: Tensor,
    tags: Tensor,
    lengths: Tensor,
    transitions: Tensor,
    start: Tensor,
    end: Tensor,
) -> Tensor:
    """Score given tag sequences; shapes as in `CRF.forward`."""
    mask = torch.arange(tags.shape[1], device=tags.device) < lengths[:, None]  # (batch, tokens)
    tags = tags.masked_fill(~mask, 0)
    emitted = emissions.gather(2, tags[:, :, None]).squeeze(2)  # (batch, tokens)
    moved = transitions[tags[:, :-1], tags[:, 1:]]  # (batch, tokens - 1)
    last = tags.gather(1, lengths[:, None] - 1).squeeze(1)  # (batch,)
    return (emitted * mask).sum(1) + (moved * mask[:, 1:]).sum(1) + start[tags[:, 0]] + end[last]


def log_partition(
    emissions: Tensor, lengths: Tensor, transitions: Tensor, start: Tensor, end: Tensor
) -> Tensor:
    """Log of the sum of ``exp(score)`` over all tag sequences, (batch,); shapes as in `CRF`."""
    result: Tensor = _LogPartition.apply(  # type: ignore[no-untyped-call]
        emissions, lengths, transitions, start, end
    )
    return result


def token_marginals(
    emissions: Tensor, lengths: Tensor, transitions: Tensor, start: Tensor, end: Tensor
) -> Tensor:
    """Compute the probability of each tag, differentiably; shapes as in `CRF.forward`.

    Forward-backward in probabilities that are scaled at each token (Rabiner 1989, section V.A).
    Both directions take a step together.

    Returns:
        (batch, tokens, tags) float64, each row sums to 1; meaningless past a sentence's end.
    """
    n_sentences, n_tokens, n_tags = emissions.shape
    scores = emissions.double()
    scores = (scores - scores.amax(2, keepdim=True)).clamp(min=LEAST)
    positions = torch.arange(n_tokens, device=lengths.device)
    mirrored = lengths[:, None] - 1 - positions  # (batch, tokens)
    mirrored = torch.where(mirrored >= 0, mirrored, positions)
    index = mirrored[:, :, None].expand(-1, -1, n_tags)
    weights = scores.exp()
    steps = torch.stack([weights, weights.gather(1, index)], dim=2)  # (batch, tokens, 2, tags)
    between = transitions.double().exp()
    onto = torch.stack([between, between.T])  # (2, tags, tags)
    at = torch.stack([start, end]).double().exp()[:, None].expand(2, n_sentences, n_tags)
    reached = [at]  # without the token's own emission
    for step in steps.permute(1, 2, 0, 3).unbind()[:-1]:
        weighted = at * step
        at = (weighted / weighted.sum(2, keepdim=True)) @ onto
        reached.append(at)
    before, after = torch.stack(reached, dim=2).unbind()  # each (batch, tokens, tags)
    both = before * weights * after.gather(1, index)
    # Past a sentence's end there may be nothing to scale.
    return both / both.sum(2, keepdim=True).clamp(min=torch.finfo(torch.float64).tiny)


class _LogPartition(torch.autograd.Function):
    """The forward algorithm, with the gradient by forward-backward instead of a recorded graph.

    The derivative of log Z by an emission is that tag's marginal probability, by a transition
    the expected number of its uses (Sutton & McCallum 2012, section 4). Sums over the previous
    tag are matrix products of exponentials, shifted by each sentence's maximum.
    """

    @staticmethod
    def forward(
        ctx: Any,
        emissions: Tensor,
        lengths: Tensor,
        transitions: Tensor,
        start: Tensor,
        end: Tensor,
    ) -> Tensor:
        n_tokens = emissions.shape[1]
        steps = emissions.transpose(0, 1)  # (tokens, batch, tags)
        weights = transitions.exp()
        alphas = [start + steps[0]]
        for t in range(1, n_tokens):
            alphas.append(_log_matmul(alphas[-1], weights) + steps[t])
        alpha = torch.stack(alphas)  # (tokens, batch, tags)
        last = lengths - 1
        batch = torch.arange(len(lengths), device=lengths.device)
        log_z = torch.logsumexp(alpha[last, batch] + end, dim=1)
        ctx.save_for_backward(emissions, lengths, transitions, end, alpha, log_z)
        return log_z

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, None, Tensor, Tensor, Tensor]:
        (grad,) = grad_outputs
        emissions, lengths, transitions, end, alpha, log_z = ctx.saved_tensors
        n_tokens, n_sentences, _ = alpha.shape
        steps = emissions.transpose(0, 1)
        weights = transitions.exp()
        batch = torch.arange(n_sentences, device=lengths.device)
        is_last = torch.arange(n_tokens, device=lengths.device)[:, None, None] == (
            lengths[None, :, None] - 1
        )  # (tokens, batch, 1)
        # beta[t, i]: log of all that can follow tag i at t, the end included.
        betas = [end.expand(n_sentences, -1)]
        for t in range(n_tokens - 2, -1, -1):
            onward = _log_matmul(betas[-1] + steps[t + 1], weights.T)
            betas.append(torch.where(is_last[t], end, onward))
        beta = torch.stack(betas[::-1])  # (tokens, batch, tags)
        inside = torch.arange(n_tokens, device=lengths.device)[:, None] < lengths  # (tokens, batch)
        scale = (grad * inside)[:, :, None]  # (tokens, batch, 1)
        # Past a sentence's end alpha keeps growing: masked before it can overflow.
        share = (alpha + beta - log_z[:, None]).masked_fill(~inside[:, :, None], FORBIDDEN)
        marginals = share.exp() * scale  # (tokens, batch, tags)
        # Expected uses of i -> j: alpha[t, i] · weight[i, j] · (emission · beta)[t + 1, j] / Z,
        # both factors shifted by their own maximum so that neither overflows.
        left, right = alpha[:-1], steps[1:] + beta[1:]
        left_max, right_max = left.amax(2, keepdim=True), right.amax(2, keepdim=True)
        shift = (left_max + right_max - log_z[:, None]).exp() * scale[1:]
        shift = shift.masked_fill(~inside[1:, :, None], 0.0)
        uses = torch.einsum(
            "tbi,tbj->ij", (left - left_max).exp() * shift, (right - right_max).exp()
        )
        last = marginals[lengths - 1, batch]
        return marginals.transpose(0, 1), None, uses * weights, marginals[0].sum(0), last.sum(0)


def _log_matmul(scores: Tensor, weights: Tensor) -> Tensor:
    """``log(exp(scores) @ weights)`` without overflow: (batch, tags) by (tags, tags)."""
    largest = scores.amax(1, keepdim=True)
    return ((scores - largest).exp() @ weights).log() + largest
