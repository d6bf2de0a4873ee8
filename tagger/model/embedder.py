"""The embedder: what a token's form says, as one vector for each distinct form."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tagger.config import EmbedderConfig
from tagger.errors import ConfigError
from tagger.features.forms import CASES, N_SHAPE_BUCKETS, FormFeatures
from tagger.features.vocabulary import FIRST_CHAR, UNKNOWN, Vocabulary
from tagger.model.characters import CharCNN, CharLSTM

CHAR_ENCODERS: dict[str, type[CharCNN] | type[CharLSTM]] = {"cnn": CharCNN, "lstm": CharLSTM}


class Embedder(nn.Module):
    """Concatenates words, pretrained vectors, characters, affixes, shape and case.

    Args:
        parts: The modules by the field of `FormFeatures` that they read, in the order of
            concatenation; `build_embedder` makes them.
        output_dim: The sum of their sizes.
    """

    def __init__(self, parts: dict[str, nn.Module], *, output_dim: int) -> None:
        super().__init__()
        self.parts = nn.ModuleDict(parts)
        self.output_dim = output_dim

    def forward(self, features: FormFeatures[Tensor], unknown: Tensor | None = None) -> Tensor:
        """Embed distinct forms.

        Args:
            features: The forms' ids.
            unknown: (forms,) bool, True where the word is to be read as unknown (word dropout).

        Returns:
            (forms, output_dim)
        """
        if unknown is not None:
            word_ids = features.word_ids.masked_fill(unknown, UNKNOWN)
            features = features._replace(word_ids=word_ids)
        return torch.cat(
            [part(getattr(features, field)) for field, part in self.parts.items()], dim=1
        )


def build_embedder(
    config: EmbedderConfig, vocabulary: Vocabulary, vectors: Tensor | None
) -> Embedder:
    """Compose an embedder.

    Args:
        config: Sizes; a dimension of 0 leaves a part out.
        vocabulary: The words and characters with vectors of their own.
        vectors: (rows, dim) pretrained vectors, row 0 for words that have none; they stay as
            they are, so that words unseen in training remain comparable to those seen.

    Raises:
        ConfigError: Sizes that do not fit each other.
    """
    if config.char_encoder == "lstm" and config.char_out_dim % 2:
        raise ConfigError("[embedder]: char_out_dim must be even for char_encoder lstm")
    parts: dict[str, nn.Module] = {}
    dims: dict[str, int] = {}
    for field, n_rows, dim in (
        ("word_ids", len(vocabulary.words) + 1, config.word_dim),
        ("affix_ids", config.n_affix_buckets, config.affix_dim),
        ("shape_ids", N_SHAPE_BUCKETS, config.shape_dim),
        ("case_ids", len(CASES), config.case_dim),
    ):
        if dim > 0:
            bag = field == "affix_ids"
            part = nn.EmbeddingBag(n_rows, dim, mode="sum") if bag else nn.Embedding(n_rows, dim)
            nn.init.normal_(part.weight, std=0.1)
            parts[field], dims[field] = part, dim
    if vectors is not None:
        n_rows, dim = vectors.shape
        parts["vector_ids"] = nn.Embedding(n_rows, dim, _weight=vectors, _freeze=True)
        dims["vector_ids"] = vectors.shape[1]
    if config.char_encoder != "none":
        parts["char_ids"] = CHAR_ENCODERS[config.char_encoder](
            n_chars=len(vocabulary.chars) + FIRST_CHAR,
            char_dim=config.char_dim,
            out_dim=config.char_out_dim,
        )
        dims["char_ids"] = config.char_out_dim
    return Embedder(parts, output_dim=sum(dims.values()))
