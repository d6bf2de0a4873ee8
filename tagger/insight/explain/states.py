"""The hidden states of a sentence, and their dependence on its inputs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from tagger.insight.explain.cells import Encoder
from tagger.insight.explain.emissions import vectors_of
from tagger.model.directory import SavedModel
from tagger.model.encoder import RecurrentEncoder
from tagger.runtime.decoding import Floats
from tagger.runtime.engines.building import torch_network

N_PROBES = 8
"""Random directions along which a gradient is measured."""


class States(NamedTuple):
    """The states of the last layer for a sentence."""

    words: Sequence[str]
    states: dict[str, Floats]
    """By direction (``forward``, ``backward``), (tokens, hidden_dim)."""
    correlation: Floats | None
    """(hidden_dim,): of each forward unit with the backward unit of the same number, over the
    tokens; None with one direction or fewer than three tokens."""
    reach: dict[str, Floats]
    """By direction (outputs, inputs): how strongly the state at a token depends on the input at
    another, as the norm of the derivative; 0 where it does not depend on it."""


def states_of(
    saved: SavedModel,
    directory: Path,
    words: Sequence[str],
    shown: slice = slice(None),
) -> States:
    """Compute the states of a sentence, or of some of its tokens in the whole sentence.

    Args:
        saved: The model.
        directory: Its directory.
        words: The tokens of the sentence.
        shown: The tokens whose states are returned.
    """
    inputs = vectors_of(saved, words)
    states = Encoder(saved.config.encoder, saved.weights)(inputs)[-1]
    correlation = None
    if len(states) > 1 and len(words) > 2:
        correlation = paired_correlation(states["forward"], states["backward"])
    encoder = torch_network(saved, directory).encoder
    reached = reach(encoder, inputs, range(len(words))[shown])
    return States(
        words[shown],
        {direction: values[shown] for direction, values in states.items()},
        correlation,
        {direction: values[:, shown] for direction, values in reached.items()},
    )


def paired_correlation(forward: Floats, backward: Floats) -> Floats:
    """Compute Pearson's correlation (dim,) of units of the same number over tokens."""
    one, other = forward - forward.mean(axis=0), backward - backward.mean(axis=0)
    scale = np.sqrt((one**2).sum(axis=0) * (other**2).sum(axis=0))
    result: Floats = (one * other).sum(axis=0) / np.maximum(scale, 1e-12)
    return result


def reach(
    encoder: RecurrentEncoder, inputs: Floats, rows: Sequence[int], *, seed: int = 0
) -> dict[str, Floats]:
    """Measure how strongly each state depends on each input.

    The Frobenius norm of the derivative of the state at one token by the input at another,
    estimated with random signs: the mean of ``|vᵀJ|²`` over ``v`` is ``|J|²`` (Hutchinson 1990).

    Args:
        encoder: The encoder; its dropout is off meanwhile.
        inputs: (tokens, input_dim).
        rows: The tokens whose states are looked at; each costs a pass over the sentence.
        seed: Seeds the signs.

    Returns:
        By direction (``rows``, tokens of the inputs).
    """
    n = len(inputs)
    generator = torch.Generator().manual_seed(seed)
    sentence = torch.from_numpy(inputs).expand(N_PROBES, -1, -1).clone().requires_grad_()
    lengths = torch.full((N_PROBES,), n)
    signs = torch.randint(2, (N_PROBES, encoder.hidden_dim), generator=generator) * 2.0 - 1
    was_training = encoder.training
    encoder.eval()
    try:
        outputs = encoder.by_direction(sentence, lengths)
    finally:
        encoder.train(was_training)
    found = {}
    for direction, states in outputs.items():
        measured = []
        for t in rows:
            (gradient,) = torch.autograd.grad(
                (states[:, t] * signs).sum(), sentence, retain_graph=True
            )
            measured.append(gradient.square().sum(2).mean(0).sqrt())  # (tokens,)
        found[direction] = torch.stack(measured).numpy()
    return found
