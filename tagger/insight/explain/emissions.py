"""Emissions as the sum of what each direction contributes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tagger.config import EncoderConfig
from tagger.insight.explain.cells import Encoder
from tagger.insight.explain.results import EmissionParts
from tagger.insight.explain.tokens import Located
from tagger.model.directory import SavedModel
from tagger.model.heads import HeadSpec, head_key
from tagger.runtime.decoding import Floats
from tagger.runtime.engines.building import form_encoder
from tagger.runtime.engines.embedding import FormEmbedder

N_TAGS = 3
"""The number of tags whose emissions are split: the highest ones."""


def split_hindrance(encoder: EncoderConfig) -> str:
    """Return why emissions cannot be split by direction; empty if they can."""
    if encoder.n_layers > 1:
        return (
            f"emissions are not split: from the second of its {encoder.n_layers} layers on each "
            "direction has read the other's states"
        )
    if encoder.direction == "bi" and encoder.merge not in ("concat", "sum"):
        return f"emissions are not split: the merge {encoder.merge!r} is not a sum of directions"
    return ""


def split_emissions(
    saved: SavedModel, head: HeadSpec, inputs: Floats
) -> tuple[dict[str, Floats], Floats]:
    """Split emissions into the parts of each direction, which add up with the bias.

    The head is linear, so of one layer whose directions stand side by side (``concat``) or are
    added (``sum``) each direction's part is its states times its columns of the head's matrix.

    Args:
        saved: A model for which `split_hindrance` is empty.
        head: One of its heads.
        inputs: (tokens, dim), the embedder's vectors of a sentence.

    Returns:
        By direction (``forward``, ``backward``) its part (tokens, tags), and the bias (tags,).
    """
    encoder = saved.config.encoder
    (states,) = Encoder(encoder, saved.weights)(inputs)
    weight = saved.weights[f"{head_key(head.name)}.linear.weight"]  # (tags, output_dim)
    columns = [weight] * len(states)
    if len(states) > 1 and encoder.merge == "concat":
        columns = np.split(weight, 2, axis=1)
    parts = {
        direction: values @ some.T
        for (direction, values), some in zip(states.items(), columns, strict=True)
    }
    return parts, saved.weights[f"{head_key(head.name)}.linear.bias"]


def emission_parts(
    saved: SavedModel, head: HeadSpec, sentence: Located, t: int
) -> dict[str, EmissionParts]:
    """Split the highest emissions of a token."""
    inputs = vectors_of(saved, sentence.forms)
    parts, bias = split_emissions(saved, head, inputs)
    nothing = np.zeros((len(inputs), len(bias)), dtype=np.float32)
    forward, backward = parts.get("forward", nothing)[t], parts.get("backward", nothing)[t]
    order = np.argsort(-(forward + backward + bias), kind="stable")[:N_TAGS].tolist()
    return {
        head.tags[i]: EmissionParts(float(forward[i]), float(backward[i]), float(bias[i]))
        for i in order
    }


def vectors_of(saved: SavedModel, forms: Sequence[str]) -> Floats:
    """Compute the input of the encoder: the embedder's vectors (tokens, dim) of forms."""
    encode = form_encoder(saved.config.embedder, saved.vocabulary, saved.vector_keys)
    return FormEmbedder(saved.config.embedder, saved.weights)(encode(forms))
