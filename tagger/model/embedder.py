"""The embedder: one vector for each distinct form."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from tagger.config import EmbedderConfig
from tagger.features.forms import CASES, N_SHAPE_BUCKETS, FormFeatures
from tagger.features.vocabulary import FIRST_CHAR, UNKNOWN, Vocabulary
from tagger.model.characters import CharCNN, CharLSTM

INITIAL_STD = 0.1
CHAR_ENCODERS: dict[str, type[CharCNN] | type[CharLSTM]] = {"cnn": CharCNN, "lstm": CharLSTM}


class WordTable(nn.Module):
    """Word vectors, of which those of words that do not occur in training are kept as they are.

    To a state dict it is one table, so a model is loaded in the same way however it was trained.

    Args:
        n_words: Rows in all.
        dim: Size of a vector.
        n_trained: The number of rows, from the first, that are trained.

    Attributes:
        sparse: Whether the gradient holds only the rows that a batch touches.
    """

    def __init__(self, n_words: int, dim: int, *, n_trained: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(n_trained, dim).normal_(std=INITIAL_STD))
        kept = torch.empty(n_words - n_trained, dim).normal_(std=INITIAL_STD)
        self.kept = nn.Parameter(kept, requires_grad=False)
        self.sparse = False

    def forward(self, ids: Tensor) -> Tensor:
        """Vectors (words, dim) of ids (words,)."""
        n_trained = len(self.weight)
        if len(self.kept) == 0:
            return nn.functional.embedding(ids, self.weight, sparse=self.sparse)
        is_kept = ids >= n_trained
        trained = nn.functional.embedding(
            ids.masked_fill(is_kept, UNKNOWN), self.weight, sparse=self.sparse
        )
        kept = nn.functional.embedding((ids - n_trained).clamp(min=0), self.kept)
        return torch.where(is_kept[:, None], kept, trained)

    def _save_to_state_dict(
        self, destination: dict[str, Any], prefix: str, keep_vars: bool
    ) -> None:
        whole = torch.cat([self.weight, self.kept]) if len(self.kept) else self.weight
        destination[f"{prefix}weight"] = whole if keep_vars else whole.detach()

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, *args: Any, **kwargs: Any
    ) -> None:
        name = f"{prefix}weight"
        if name in state_dict:
            whole = state_dict[name]
            n_trained = len(self.weight)
            state_dict = {name: whole[:n_trained], f"{prefix}kept": whole[n_trained:]}
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)


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
    config: EmbedderConfig,
    vocabulary: Vocabulary,
    vectors: Tensor | None,
    n_trained_words: int | None = None,
) -> Embedder:
    """Compose an embedder.

    Args:
        config: Sizes; a dimension of 0 leaves a part out.
        vocabulary: The words and characters that have vectors.
        vectors: (rows, dim) pretrained vectors, row 0 for words that have none; they stay as
            they are, so that words unseen in training remain comparable to those seen.
        n_trained_words: The number of words, from the first, that are trained; None for all.
    """
    parts: dict[str, nn.Module] = {}
    dims: dict[str, int] = {}
    if config.word_dim > 0:
        n_words = len(vocabulary.words)
        n_trained = n_words if n_trained_words is None else n_trained_words
        parts["word_ids"] = WordTable(n_words + 1, config.word_dim, n_trained=n_trained + 1)
        dims["word_ids"] = config.word_dim
    for field, n_rows, dim in (
        ("affix_ids", config.n_affix_buckets, config.affix_dim),
        ("shape_ids", N_SHAPE_BUCKETS, config.shape_dim),
        ("case_ids", len(CASES), config.case_dim),
    ):
        if dim > 0:
            bag = field == "affix_ids"
            part = nn.EmbeddingBag(n_rows, dim, mode="sum") if bag else nn.Embedding(n_rows, dim)
            nn.init.normal_(part.weight, std=INITIAL_STD)
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
