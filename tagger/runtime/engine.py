"""What runs a trained network: features in, emissions out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from tagger.features.forms import FormFeatures, Ids
from tagger.runtime.decoding import Floats


class Engine(Protocol):
    """Runs the network of one model."""

    def emissions(
        self, features: FormFeatures[Ids], form_index: Ids, lengths: Ids
    ) -> Mapping[str, Floats]:
        """Compute the emissions of each head.

        Args:
            features: The distinct forms of the batch.
            form_index: (batch, tokens), each token's row in ``features``.
            lengths: (batch,), each at least 1.

        Returns:
            (batch, tokens, tags) by head; meaningless past a sentence's end.
        """
        ...
