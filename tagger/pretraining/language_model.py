"""A bidirectional language model around a tagger's own embedder and encoder."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from tagger.features.forms import FormFeatures
from tagger.features.vocabulary import UNKNOWN
from tagger.model.cells import cell_key
from tagger.model.network import TaggingNetwork, gather_forms

BOUNDARY = 0
"""The output class of a sentence's beginning and end; word ``i`` has the class ``i``.

The unknown word, id 0, is never predicted, so its row is free for it."""


PIECE = 512
"""Tokens whose scores are computed at once."""


class Candidates(NamedTuple):
    """The words that a batch's words are distinguished from: a sample of the vocabulary."""

    words: Tensor  # (candidates,) int64, ascending
    log_expected: Tensor  # (candidates,), log of the probability that a batch has it


class LanguageModel(nn.Module):
    """Predicts each word from those before it, and from those after it.

    The forward states at a token predict the next word, the backward states the previous one;
    each side is blind to the other in every layer (Peters et al. 2018). Besides the word its case
    class is predicted. Only the network is kept afterwards.

    Words are distinguished from the batch's own words and some sampled ones by a softmax whose
    scores are corrected by the probability that a word is among them (Bengio & Senécal 2008).

    Args:
        network: A network, whose heads are not used.
        vectors: (words + 1, dim) what the output vectors start from.
        frequencies: (words + 1,) float64, how often each word occurs; sums to 1.
        n_cases: Number of case classes.
        n_sampled: Words to sample besides the batch's own.
    """

    def __init__(
        self,
        network: TaggingNetwork,
        *,
        vectors: Tensor,
        frequencies: Tensor,
        n_cases: int,
        n_sampled: int,
    ) -> None:
        super().__init__()
        self.network = network
        self.n_sampled = n_sampled
        self.directions = network.encoder.directions
        hidden_dim = network.encoder.hidden_dim
        dim = vectors.shape[1]
        self.outputs = nn.Embedding(len(vectors), dim, sparse=True, _weight=vectors.clone())
        self.biases = nn.Embedding(len(vectors), 1, sparse=True)
        nn.init.zeros_(self.biases.weight)
        self.projections = nn.ModuleDict(
            {cell_key(each): nn.Linear(hidden_dim, dim) for each in self.directions}
        )
        self.cases = nn.ModuleDict(
            {cell_key(each): nn.Linear(hidden_dim, n_cases) for each in self.directions}
        )
        self.register_buffer("frequencies", frequencies, persistent=False)
        self.register_buffer("cumulated", frequencies.cumsum(0), persistent=False)

    def candidates(self, words: Tensor) -> Candidates:
        """Sample words besides those of a batch.

        Args:
            words: (tokens,) the batch's own; the unknown word is skipped.
        """
        cumulated = self.get_buffer("cumulated")
        points = torch.rand(self.n_sampled, dtype=cumulated.dtype, device=cumulated.device)
        drawn = torch.searchsorted(cumulated, points * cumulated[-1], right=True)
        drawn = drawn.clamp(max=len(cumulated) - 1)
        boundary = torch.full((1,), BOUNDARY, device=words.device)
        chosen = torch.unique(torch.cat([words, drawn, boundary]))
        misses = (len(words) + self.n_sampled) * torch.log1p(
            -self.get_buffer("frequencies")[chosen]
        )
        log_expected = torch.log(-torch.expm1(misses)).float()
        return Candidates(chosen, log_expected.masked_fill(chosen == BOUNDARY, 0.0))

    def forward(
        self,
        features: FormFeatures[Tensor],
        form_index: Tensor,
        lengths: Tensor,
        unknown: Tensor | None = None,
    ) -> dict[str, tuple[Tensor, Tensor]]:
        """Compute the losses of each direction.

        Args:
            features: The batch's distinct forms.
            form_index: (batch, tokens) int64, each token's row in ``features``.
            lengths: (batch,) int64.
            unknown: (forms,) bool, words to be read as unknown.

        Returns:
            By direction: the mean negative log-likelihood of a word and of a case class, in nats.
        """
        network = self.network
        inputs = network.input_dropout(
            gather_forms(network.embedder(features, unknown), form_index)
        )
        words = features.word_ids[form_index]  # (batch, tokens)
        cases = features.case_ids[form_index]
        positions = torch.arange(form_index.shape[1], device=lengths.device)
        inside = positions < lengths[:, None]  # (batch, tokens)
        candidates = self.candidates(words[inside])
        losses = {}
        for direction in self.directions:
            # (tokens, hidden)
            states = network.encoder.one_sided(direction, inputs, lengths)[inside]
            target_words = _neighbours(words, lengths, direction)[inside]
            target_cases = _neighbours(cases, lengths, direction)[inside]
            losses[direction] = (
                self._word_loss(direction, states, target_words, candidates),
                nn.functional.cross_entropy(
                    self.cases[cell_key(direction)](states),
                    target_cases.masked_fill(target_words == BOUNDARY_TARGET, -100),
                ),
            )
        return losses

    def _word_loss(
        self, direction: str, states: Tensor, targets: Tensor, candidates: Candidates
    ) -> Tensor:
        known = targets != UNKNOWN
        targets = targets[known].masked_fill(targets[known] == BOUNDARY_TARGET, BOUNDARY)
        chosen = candidates.words
        queries = self.projections[cell_key(direction)](states[known])  # (tokens, dim)
        biases = self.biases(chosen)[:, 0] - candidates.log_expected
        outputs = self.outputs(chosen).T
        classes = torch.searchsorted(chosen, targets)
        # In pieces that stay in the processor's cache.
        losses = [
            nn.functional.cross_entropy(torch.addmm(biases, part, outputs), gold, reduction="sum")
            for part, gold in zip(
                torch.split(queries, PIECE), torch.split(classes, PIECE), strict=True
            )
        ]
        return torch.stack(losses).sum() / len(classes)


BOUNDARY_TARGET = -1
"""The bound of a sentence among targets, where 0 is an unknown word."""


def _neighbours(ids: Tensor, lengths: Tensor, direction: str) -> Tensor:
    """Return the id after each token, or before it; `BOUNDARY_TARGET` past a sentence's bounds."""
    shifted = torch.full_like(ids, BOUNDARY_TARGET)
    if direction == "backward":
        shifted[:, 1:] = ids[:, :-1]
    else:
        shifted[:, :-1] = ids[:, 1:]
        shifted[torch.arange(len(ids), device=ids.device), lengths - 1] = BOUNDARY_TARGET
    return shifted


def word_tables(model: LanguageModel) -> list[nn.Parameter]:
    """Return the parameters of which a batch touches few rows: their gradients are sparse."""
    tables = [module.get_parameter("weight") for module in (model.outputs, model.biases)]
    if "word_ids" in model.network.embedder.parts:
        tables.append(model.network.embedder.parts["word_ids"].get_parameter("weight"))
    return tables
