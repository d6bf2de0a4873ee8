"""The engine on PyTorch."""

from __future__ import annotations

import torch
from torch import Tensor

from tagger.features.forms import FormFeatures, Ids
from tagger.model.network import TaggingNetwork
from tagger.runtime.decoding import Floats


class TorchEngine:
    """Runs a `TaggingNetwork` on its device, without dropout.

    Args:
        network: The network; it stays what it is, only its mode changes while it runs.
    """

    def __init__(self, network: TaggingNetwork) -> None:
        self.network = network

    def emissions(
        self, features: FormFeatures[Ids], form_index: Ids, lengths: Ids
    ) -> dict[str, Floats]:
        """Compute the emissions of each head; see `tagger.runtime.engine.Engine`."""
        network = self.network
        was_training = network.training
        network.eval()
        try:
            with torch.inference_mode():
                device = next(network.parameters()).device
                outputs = network(
                    form_tensors(features, device),
                    torch.from_numpy(form_index).to(device),
                    torch.from_numpy(lengths).to(device),
                )
                return {name: output.float().cpu().numpy() for name, output in outputs.items()}
        finally:
            network.train(was_training)


def form_tensors(features: FormFeatures[Ids], device: torch.device) -> FormFeatures[Tensor]:
    """Move features to a device."""
    return FormFeatures(*(torch.from_numpy(ids).to(device) for ids in features))
