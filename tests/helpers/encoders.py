"""Small recurrent encoders."""

from __future__ import annotations

import torch

from tagger.model.encoder import RecurrentEncoder


def build(
    cell: str,
    direction: str = "bi",
    *,
    input_dim: int = 7,
    hidden_dim: int = 5,
    n_layers: int = 1,
    merge: str = "concat",
) -> RecurrentEncoder:
    """A recurrent encoder with random weights, biases too, that is not training."""
    torch.manual_seed(0)
    encoder = RecurrentEncoder(
        input_dim=input_dim,
        cell=cell,
        direction=direction,
        hidden_dim=hidden_dim,
        n_layers=n_layers,
        merge=merge,
        layer_dropout=0.5,
    )
    for parameter in encoder.parameters():  # biases of 0 would hide where they are added
        torch.nn.init.normal_(parameter, std=0.5)
    return encoder.eval()
