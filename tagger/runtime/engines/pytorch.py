"""The engine on PyTorch."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from tagger.errors import TaggerError
from tagger.features.forms import FormFeatures, Ids
from tagger.model.network import TaggingNetwork
from tagger.runtime.decoding import Floats


class TorchEngine:
    """Runs a `TaggingNetwork` on its device, without dropout.

    Args:
        network: The network; it stays what it is, only its mode changes while it runs.
    """

    name = "torch"
    precision = "fp32"

    def __init__(self, network: TaggingNetwork) -> None:
        self.network = network

    def embed(self, features: FormFeatures[Ids]) -> Floats:
        """Compute the vectors of forms; see `tagger.runtime.engines.protocol.Engine`."""
        with self._inference() as device:
            vectors: Floats = self.network.embedder(form_tensors(features, device)).cpu().numpy()
            return vectors

    def emissions(
        self, vectors: Floats, form_index: Ids, lengths: Ids, heads: Sequence[str]
    ) -> dict[str, Floats]:
        """Compute the emissions of some heads; see `tagger.runtime.engines.protocol.Engine`.

        A batch that does not fit the device's memory goes in halves, with a warning.

        Raises:
            TaggerError: A single sentence does not fit.
        """
        try:
            return self._emissions(vectors, form_index, lengths, heads)
        except torch.OutOfMemoryError:
            if len(lengths) == 1:
                raise TaggerError(
                    f"out of memory on a sentence of {lengths[0]:,} tokens; use --device cpu"
                ) from None
        # Outside the handler, which would keep what did not fit alive.
        torch.cuda.empty_cache()
        half = len(lengths) // 2
        warnings.warn(f"out of memory: {len(lengths)} sentences go in two halves", stacklevel=2)
        parts = [
            self.emissions(vectors, form_index[some], lengths[some], heads)
            for some in (slice(half), slice(half, None))
        ]
        return {head: np.concatenate([part[head] for part in parts]) for head in heads}

    def _emissions(
        self, vectors: Floats, form_index: Ids, lengths: Ids, heads: Sequence[str]
    ) -> dict[str, Floats]:
        distinct, index = np.unique(form_index, return_inverse=True)
        with self._inference() as device:
            states = self.network.encode(
                torch.from_numpy(vectors[distinct]).to(device),
                torch.from_numpy(index.reshape(form_index.shape)).to(device),
                torch.from_numpy(lengths).to(device),
            )
            return {name: self.network.head(name)(states).float().cpu().numpy() for name in heads}

    @contextmanager
    def _inference(self) -> Iterator[torch.device]:
        """Without dropout and gradients; the network's mode is afterwards what it was."""
        was_training = self.network.training
        self.network.eval()
        try:
            with torch.inference_mode():
                yield next(self.network.parameters()).device
        finally:
            self.network.train(was_training)


def form_tensors(features: FormFeatures[Ids], device: torch.device) -> FormFeatures[Tensor]:
    """Move features to a device."""
    return FormFeatures(*(torch.from_numpy(ids).to(device) for ids in features))
