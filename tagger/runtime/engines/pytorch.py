"""The network on PyTorch."""

from __future__ import annotations

import logging
import os
import warnings
import weakref
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from tagger.errors import TaggerError
from tagger.features.forms import FormFeatures, Ids
from tagger.model.network import TaggingNetwork
from tagger.runtime.decoding import Floats
from tagger.runtime.engines.protocol import EngineName, Precision

logger = logging.getLogger(__name__)


class TorchBackend:
    """Runs a `TaggingNetwork` on its device, without dropout.

    Args:
        network: The network. It is put into evaluation mode here, once; a training sets the mode
            again.
    """

    name: EngineName = "torch"
    precision: Precision = "fp32"

    def __init__(self, network: TaggingNetwork) -> None:
        self.network = network.eval()
        _BACKENDS.add(self)

    def embed(self, features: FormFeatures[Ids]) -> Floats:
        """Compute the vectors of forms; see `tagger.runtime.engines.protocol.Backend`."""
        with torch.inference_mode():
            embedded = self.network.embedder(form_tensors(features, self._device))
            vectors: Floats = embedded.cpu().numpy()
            return vectors

    def emissions(
        self, vectors: Floats, form_index: Ids, lengths: Ids, heads: Sequence[str]
    ) -> dict[str, Floats]:
        """Compute the emissions of some heads; see `tagger.runtime.engines.protocol.Backend`.

        A batch that does not fit the device's memory is computed in halves, with a warning.

        Raises:
            TaggerError: A single sentence does not fit.
        """
        try:
            return self._emissions(vectors, form_index, lengths, heads)
        except torch.OutOfMemoryError:
            if len(lengths) == 1:
                raise TaggerError(
                    f"out of memory with a sentence of {lengths[0]:,} tokens",
                    hint="use {device=cpu}",
                ) from None
        # Outside the handler, which would keep what did not fit alive.
        torch.cuda.empty_cache()
        half = len(lengths) // 2
        warnings.warn(
            f"out of memory: {len(lengths)} sentences are computed in two halves", stacklevel=2
        )
        parts = [
            self.emissions(vectors, form_index[some], lengths[some], heads)
            for some in (slice(half), slice(half, None))
        ]
        return {head: np.concatenate([part[head] for part in parts]) for head in heads}

    def _emissions(
        self, vectors: Floats, form_index: Ids, lengths: Ids, heads: Sequence[str]
    ) -> dict[str, Floats]:
        distinct, index = np.unique(form_index, return_inverse=True)
        with torch.inference_mode():
            encoded = self.network.encode(
                torch.from_numpy(vectors[distinct]).to(self._device),
                torch.from_numpy(index.reshape(form_index.shape)).to(self._device),
                torch.from_numpy(lengths).to(self._device),
            )
            return {
                name: self.network.emissions(name, encoded).float().cpu().numpy() for name in heads
            }

    @property
    def _device(self) -> torch.device:
        return next(self.network.parameters()).device


def form_tensors(features: FormFeatures[Ids], device: torch.device) -> FormFeatures[Tensor]:
    """Move features to a device."""
    return FormFeatures(*(torch.from_numpy(ids).to(device) for ids in features))


_BACKENDS: weakref.WeakSet[TorchBackend] = weakref.WeakSet()


def _one_thread_after_fork() -> None:
    """Use one thread in a forked process, where PyTorch would wait for threads that are gone."""
    if len(_BACKENDS) and torch.get_num_threads() > 1:
        torch.set_num_threads(1)
        logger.info("PyTorch computes with one thread in this forked process")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_one_thread_after_fork)
