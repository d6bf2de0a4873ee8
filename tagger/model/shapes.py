"""The shapes of a network's weights, as its configuration, words and heads imply them.

They are the shapes of the layers in `tagger.model.network`, computed without PyTorch: a model whose
files do not belong together is detected before it tags.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from tagger.config import Cell, Config, EmbedderConfig, EncoderConfig
from tagger.features.forms import CASES, N_SHAPE_BUCKETS
from tagger.features.vocabulary import FIRST_CHAR, Vocabulary
from tagger.model.cells import CELLS, cell_key
from tagger.model.heads import HeadSpec, head_key

Shapes: TypeAlias = dict[str, tuple[int, ...]]
"""By the name of a weight."""

WORDS = "embedder.parts.word_ids.weight"
"""The name of the table of word vectors."""
VECTORS = "embedder.parts.vector_ids.weight"
"""The name of that of pretrained vectors."""
KERNEL_SIZE = 3
"""Characters that a filter of the convolution sees."""


def weight_shapes(
    config: Config,
    vocabulary: Vocabulary,
    heads: Iterable[HeadSpec],
    vectors: tuple[int, int] | None = None,
) -> Shapes:
    """Return the shapes of all weights.

    Args:
        config: The configuration.
        vocabulary: The words and characters.
        heads: The heads.
        vectors: Rows and columns of the table of pretrained vectors; None without one.
    """
    shapes = embedder_shapes(config.embedder, vocabulary)
    if vectors is not None:
        shapes[VECTORS] = vectors
    dim = input_dim(config.embedder) + (vectors[1] if vectors is not None else 0)
    shapes |= encoder_shapes(config.encoder, dim)
    for head in heads:
        key, n = head_key(head.name), len(head.tags)
        shapes |= _linear(f"{key}.linear", head_input_dim(config.encoder, head), n)
        if head.pooling == "attention":
            shapes |= {f"{key}.attention.weight": (1, output_dim(config.encoder))}
        if head.decoder == "crf":
            shapes |= {f"{key}.crf.transitions": (n, n)}
            shapes |= {f"{key}.crf.{end}": (n,) for end in ("start", "end")}
    return shapes


def embedder_shapes(config: EmbedderConfig, vocabulary: Vocabulary) -> Shapes:
    """Return the shapes of the embedder's weights, without pretrained vectors."""
    tables = {
        "word_ids": (len(vocabulary.words) + 1, config.word_dim),
        "affix_ids": (config.n_affix_buckets, config.affix_dim),
        "shape_ids": (N_SHAPE_BUCKETS, config.shape_dim),
        "case_ids": (len(CASES), config.case_dim),
    }
    shapes: Shapes = {
        f"embedder.parts.{name}.weight": shape for name, shape in tables.items() if shape[1] > 0
    }
    chars = "embedder.parts.char_ids"
    if config.char_encoder != "none":
        n_chars = len(vocabulary.chars) + FIRST_CHAR
        shapes[f"{chars}.embedding.weight"] = (n_chars, config.char_dim)
    if config.char_encoder == "cnn":
        shapes |= _linear(f"{chars}.filters", KERNEL_SIZE * config.char_dim, config.char_out_dim)
    if config.char_encoder == "lstm":
        for direction in ("forward", "backward"):
            name, size = f"{chars}.{cell_key(direction)}", config.char_out_dim // 2
            shapes |= _cell(name, "lstm", config.char_dim, size)
    return shapes


def encoder_shapes(config: EncoderConfig, input_dim: int) -> Shapes:
    """Return the shapes of the encoder's weights.

    Args:
        config: The encoder.
        input_dim: Size of a token's vector.
    """
    shapes: Shapes = {}
    for i in range(config.n_layers):
        for direction in config.directions:
            name = f"encoder.layers.{i}.{cell_key(direction)}"
            shapes |= _cell(name, config.cell, input_dim, config.hidden_dim)
        if len(config.directions) == 2 and config.merge == "projection":
            shapes |= _linear(f"encoder.projections.{i}", 2 * config.hidden_dim, config.hidden_dim)
        input_dim = output_dim(config)
    return shapes


def input_dim(embedder: EmbedderConfig) -> int:
    """Return the size of the encoder's input per token, without pretrained vectors."""
    chars = 0 if embedder.char_encoder == "none" else embedder.char_out_dim
    parts = (embedder.word_dim, embedder.affix_dim, embedder.shape_dim, embedder.case_dim, chars)
    return sum(parts)


def output_dim(encoder: EncoderConfig) -> int:
    """Return the size of the heads' input per token."""
    twice = encoder.direction == "bi" and encoder.merge == "concat"
    return encoder.hidden_dim * (2 if twice else 1)


def head_input_dim(encoder: EncoderConfig, head: HeadSpec) -> int:
    """Return the size of what a head's linear layer reads."""
    if head.pooling == "final":
        return encoder.hidden_dim * len(encoder.directions)
    return output_dim(encoder)


def _cell(name: str, cell: Cell, input_dim: int, hidden_dim: int) -> Shapes:
    rows = len(CELLS[cell].gates) * hidden_dim
    return {
        f"{name}.weight_ih_l0": (rows, input_dim),
        f"{name}.weight_hh_l0": (rows, hidden_dim),
        f"{name}.bias_ih_l0": (rows,),
        f"{name}.bias_hh_l0": (rows,),
    }


def _linear(name: str, input_dim: int, output_dim: int) -> Shapes:
    return {f"{name}.weight": (output_dim, input_dim), f"{name}.bias": (output_dim,)}
