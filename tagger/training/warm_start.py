"""Starting a network from a trained model: weights that fit are copied, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from tagger.config import Config
from tagger.errors import ConfigError
from tagger.features.vectors.selection import Matrix
from tagger.features.vocabulary import FIRST_CHAR, UNKNOWN, Vocabulary
from tagger.model.directory import SavedModel
from tagger.model.heads import HeadSpec, head_key
from tagger.model.network import TaggingNetwork
from tagger.model.shapes import WORDS

ENCODER = "encoder."
REGULARISATION = (
    "min_count",
    "word_dropout",
    "input_dropout",
    "layer_dropout",
    "output_dropout",
)
"""Fields of embedder and encoder that change neither the size nor the input of a weight."""


def check_base(
    config: Config, base: Config, path: Path, *, encoder_may_differ: bool = False
) -> None:
    """Check that a network of a configuration can start from a base's weights.

    Args:
        config: The network's.
        base: The base's.
        path: The base.
        encoder_may_differ: Whether the network may have another encoder than the base, which then
            learns from nothing.

    Raises:
        ConfigError: A size or kind differs; says which.
    """
    for section in ("embedder",) if encoder_may_differ else ("embedder", "encoder"):
        new, old = getattr(config, section), getattr(base, section)
        for field in old.__struct_fields__:
            if field not in REGULARISATION and getattr(new, field) != getattr(old, field):
                raise ConfigError(
                    f"[{section}] {field} is {getattr(old, field)!r} in the model to start from, "
                    f"{getattr(new, field)!r} was requested",
                    path=path,
                    hint="leave it unset",
                )


def start_from(
    network: TaggingNetwork, vocabulary: Vocabulary, heads: Sequence[HeadSpec], base: SavedModel
) -> str:
    """Copy a base model's weights into a network of the same embedder.

    An encoder of other sizes or another kind than the base's keeps its fresh weights. Words,
    characters and tags are found by name. New characters and tags keep their fresh rows; a new word
    starts from the base's unknown word, which is how the base would read it.

    Returns:
        What was taken over, in words.
    """
    state = network.state_dict()
    has_encoder = all(
        name in state and state[name].shape == array.shape
        for name, array in base.weights.items()
        if name.startswith(ENCODER)
    )
    old_heads = {head.name: head for head in base.heads} if has_encoder else {}
    with torch.no_grad():
        for name, array in base.weights.items():
            old = torch.from_numpy(array)
            if name.startswith(head_key("")) or name not in state:
                continue
            if name.startswith(ENCODER) and not has_encoder:
                continue
            if name == WORDS:
                rows = [base.vocabulary.word_ids.get(word, UNKNOWN) for word in vocabulary.words]
                state[name].copy_(old[torch.tensor([UNKNOWN, *rows])])
            elif name.endswith("char_ids.embedding.weight"):
                pairs = [
                    (i, base.vocabulary.char_ids[char])
                    for char, i in vocabulary.char_ids.items()
                    if char in base.vocabulary.char_ids
                ]
                pairs += [(i, i) for i in range(FIRST_CHAR)]
                new_ids, old_ids = (torch.tensor(ids) for ids in zip(*pairs, strict=True))
                state[name][new_ids] = old[old_ids]
            else:
                state[name].copy_(old)
        for head in heads:
            if head.name in old_heads:
                _copy_head(state, head, old_heads[head.name], base)
        network.load_state_dict(state)
    n_words = len(set(vocabulary.words) - set(base.vocabulary.words))
    shared = [head.name for head in heads if head.name in old_heads]
    taken = f", heads {', '.join(shared)}" if shared else ""
    names = {head.name for head in heads}
    lost = [head.name for head in base.heads if head.name not in names]
    left_out = f"; left out: heads {', '.join(lost)}" if lost else ""
    encoder = (
        ", encoder" if has_encoder else "; its encoder is another one, so this one starts anew"
    )
    return f"from the base: embedder{encoder}{taken}; {n_words:,} new words{left_out}"


def start_words(
    network: TaggingNetwork, vocabulary: Vocabulary, rows: Mapping[str, Matrix]
) -> None:
    """Put given vectors into the word table; a word that has none keeps its random one."""
    state = network.state_dict()
    for i, word in enumerate(vocabulary.words, start=UNKNOWN + 1):
        if word in rows:
            state[WORDS][i] = torch.from_numpy(rows[word])
    network.load_state_dict(state)


def _copy_head(state: dict[str, Tensor], head: HeadSpec, old: HeadSpec, base: SavedModel) -> None:
    pairs = [(head.tags.index(tag), i) for i, tag in enumerate(old.tags) if tag in head.tags]
    if not pairs:
        return
    new_ids, old_ids = (torch.tensor(ids) for ids in zip(*pairs, strict=True))
    prefix = f"{head_key(head.name)}."
    for name, array in base.weights.items():
        if name.startswith(prefix) and name in state:
            weight, copy = state[name], torch.from_numpy(array)
            if name.endswith("attention.weight"):
                weight.copy_(copy)
            elif name.endswith("crf.transitions"):
                weight[new_ids[:, None], new_ids] = copy[old_ids[:, None], old_ids]
            else:
                weight[new_ids] = copy[old_ids]
