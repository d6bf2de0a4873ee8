"""The network: embedder, recurrent encoder and one linear layer for each head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import torch
from torch import Tensor, nn

from tagger.config import Config, EncoderConfig
from tagger.errors import ConfigError
from tagger.features.forms import FormFeatures
from tagger.features.vocabulary import Vocabulary
from tagger.model.crf import CRF
from tagger.model.embedder import Embedder, build_embedder
from tagger.model.encoder import RecurrentEncoder
from tagger.model.heads import HeadSpec, head_key
from tagger.model.losses import SummedLoss
from tagger.model.pooling import Encoded, TextHead, last_states
from tagger.model.shapes import head_input_dim

IGNORED = -100
"""The gold tag id of what has no annotation and of padding."""


class Head(nn.Module):
    """A linear layer from the encoder's output to one task's tags, with a CRF or a softmax.

    Args:
        input_dim: Size of the encoder's output.
        n_tags: Number of tags.
        crf: The CRF, or None for a softmax.
    """

    def __init__(self, *, input_dim: int, n_tags: int, crf: CRF | None) -> None:
        super().__init__()
        self.linear = nn.Linear(input_dim, n_tags)
        self.crf = crf

    def forward(self, states: Tensor) -> Tensor:
        """Emissions (batch, tokens, tags) of states (batch, tokens, input_dim)."""
        emissions: Tensor = self.linear(states)
        return emissions

    def loss(
        self,
        emissions: Tensor,
        codes: Tensor,
        lengths: Tensor,
        choices: Tensor,
        weights: Tensor | None = None,
    ) -> SummedLoss:
        """Compute the negative log-likelihood of annotated tokens.

        Args:
            emissions: (batch, tokens, tags).
            codes: (batch, tokens) int64, rows of ``choices``; `IGNORED` past a sentence's end.
            lengths: (batch,) int64.
            choices: (codes, tags) bool, see `tagger.model.choices.TagChoices`; the first rows
                are the single tags in order.
            weights: (batch,), what each sentence counts; None for 1.
        """
        n_tags = emissions.shape[2]
        inside = codes != IGNORED
        informative = inside & ~choices.all(1)[codes.clamp(min=0)]  # (batch, tokens)
        if self.crf is None:
            allowed = choices[codes[informative]]  # (informative tokens, tags)
            scores = emissions[informative]
            chosen = scores.masked_fill(~allowed, -torch.inf).logsumexp(1)
            per_token = scores.logsumexp(1) - chosen
            if weights is not None:
                per_token = per_token * weights[informative.nonzero()[:, 0]]
            return SummedLoss(per_token.sum(), informative.sum())
        known = ((codes < n_tags) | ~inside).all(1)
        losses = []
        for rows, is_known in ((known, True), (informative.any(1) & ~known, False)):
            some = rows.nonzero().squeeze(1)
            if len(some) == 0:
                continue
            if is_known:
                loss = self.crf(emissions[some], codes[some], lengths[some])
            else:
                allowed = choices[codes[some].clamp(min=0)]  # (sentences, tokens, tags)
                loss = self.crf.partial(emissions[some], allowed, lengths[some])
            losses.append(loss if weights is None else loss * weights[some])
        if not losses:
            return SummedLoss(emissions.sum() * 0.0, lengths.new_zeros(()))
        n_tokens = lengths[informative.any(1) | known].sum()
        return SummedLoss(torch.cat(losses).sum(), n_tokens)


AnyHead: TypeAlias = Head | TextHead


class TaggingNetwork(nn.Module):
    """From forms to the emissions of every head.

    Args:
        embedder: One vector for each distinct form.
        encoder: Reads the sentence.
        heads: One for each task, by name.
        input_dropout: Dropout on the embedder's output.
        output_dropout: Dropout on the encoder's output.

    Attributes:
        labels_texts: Whether a head labels whole texts.
    """

    def __init__(
        self,
        *,
        embedder: Embedder,
        encoder: RecurrentEncoder,
        heads: Mapping[str, AnyHead],
        input_dropout: float,
        output_dropout: float,
    ) -> None:
        super().__init__()
        self.embedder = embedder
        self.encoder = encoder
        self.head_names = tuple(heads)
        for name, head in heads.items():
            # Not a ModuleDict: it refuses names like "keys", which a column may have.
            self.add_module(head_key(name), head)
        self.labels_texts = any(isinstance(head, TextHead) for head in heads.values())
        self._reads_last = any(
            isinstance(head, TextHead) and head.pooling == "final" for head in heads.values()
        )
        self.input_dropout = nn.Dropout(input_dropout)
        self.output_dropout = nn.Dropout(output_dropout)

    def head(self, name: str) -> Head:
        """The head of that name, which tags tokens."""
        head = self.get_submodule(head_key(name))
        assert isinstance(head, Head)
        return head

    def text_head(self, name: str) -> TextHead:
        """The head of that name, which labels texts."""
        head = self.get_submodule(head_key(name))
        assert isinstance(head, TextHead)
        return head

    def forward(
        self,
        features: FormFeatures[Tensor],
        form_index: Tensor,
        lengths: Tensor,
        unknown: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Emissions of each head.

        Args:
            features: The batch's distinct forms.
            form_index: (batch, tokens) int64, each token's row in ``features``; any valid row
                past a sentence's end.
            lengths: (batch,) int64, each at least 1.
            unknown: (forms,) bool, the words to be read as unknown in training.

        Returns:
            (batch, tokens, tags) by head, meaningless past a sentence's end; (batch, labels) of a
            head that labels texts.
        """
        encoded = self.encode(self.embedder(features, unknown), form_index, lengths)
        return {name: self.emissions(name, encoded) for name in self.head_names}

    def emissions(self, name: str, encoded: Encoded) -> Tensor:
        """Compute the emissions of one head; shapes as those of `forward`."""
        head = self.get_submodule(head_key(name))
        emissions: Tensor = head(encoded if isinstance(head, TextHead) else encoded.states)
        return emissions

    def encode(self, vectors: Tensor, form_index: Tensor, lengths: Tensor) -> Encoded:
        """Compute the input of the heads.

        Args:
            vectors: (forms, dim), the embedder's output.
            form_index: As for `forward`.
            lengths: As for `forward`.
        """
        inputs = self.input_dropout(gather_forms(vectors, form_index))  # (batch, tokens, dim)
        outputs = self.encoder.by_direction(inputs, lengths)
        states: Tensor = self.output_dropout(self.encoder.merged(outputs))
        last = None
        if self._reads_last:
            last = self.output_dropout(last_states(outputs, lengths))
        return Encoded(states, last, lengths)


def gather_forms(vectors: Tensor, form_index: Tensor) -> Tensor:
    """Return the vectors (batch, tokens, dim) of each token's form.

    The gradient of ``vectors[form_index]`` is added up by several threads in any order, so that
    no training would equal another; that of an embedding is not.
    """
    return nn.functional.embedding(form_index, vectors)


def build_network(
    config: Config,
    vocabulary: Vocabulary,
    heads: Sequence[HeadSpec],
    vectors: Tensor | None = None,
    *,
    n_trained_words: int | None = None,
) -> TaggingNetwork:
    """Translate a configuration into layers; see `build_embedder` for the arguments.

    Raises:
        ConfigError: Every part of the embedder is left out.
    """
    embedder = build_embedder(config.embedder, vocabulary, vectors, n_trained_words)
    if embedder.output_dim == 0:
        raise ConfigError("[embedder]: every part is left out", hint="give one a dimension above 0")
    settings = config.encoder
    encoder = RecurrentEncoder(
        input_dim=embedder.output_dim,
        cell=settings.cell,
        direction=settings.direction,
        hidden_dim=settings.hidden_dim,
        n_layers=settings.n_layers,
        merge=settings.merge,
        layer_dropout=settings.layer_dropout,
    )
    return TaggingNetwork(
        embedder=embedder,
        encoder=encoder,
        heads={spec.name: _build_head(spec, config.encoder) for spec in heads},
        input_dropout=settings.input_dropout,
        output_dropout=settings.output_dropout,
    )


def _build_head(spec: HeadSpec, encoder: EncoderConfig) -> AnyHead:
    input_dim = head_input_dim(encoder, spec)
    if spec.pooling:
        return TextHead(
            input_dim=input_dim,
            n_labels=len(spec.tags),
            pooling=spec.pooling,
            multi_label=spec.decoder == "sigmoid",
        )
    return Head(
        input_dim=input_dim,
        n_tags=len(spec.tags),
        crf=CRF(torch.from_numpy(spec.allowed())) if spec.decoder == "crf" else None,
    )
