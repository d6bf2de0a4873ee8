"""What runs a trained network: forms and sentences in, emissions out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from tagger.features.forms import FormFeatures, Ids
from tagger.runtime.decoding import Floats


class Engine(Protocol):
    """Runs the network of one model.

    What depends on a form alone is computed by `embed` and can be kept; `emissions` does the rest.
    """

    name: str
    """``onnx`` or ``torch``."""
    precision: str
    """``fp32`` or ``int8``."""

    def embed(self, features: FormFeatures[Ids]) -> Floats:
        """Compute the vectors (forms, dim) of distinct forms."""
        ...

    def emissions(
        self, vectors: Floats, form_index: Ids, lengths: Ids, heads: Sequence[str]
    ) -> Mapping[str, Floats]:
        """Compute the emissions of some heads.

        Args:
            vectors: (forms, dim) of `embed`, among others those of the batch; row 0 is zero.
            form_index: (batch, tokens), each token's row in ``vectors``; 0 past a sentence's end.
            lengths: (batch,), each at least 1.
            heads: Their names.

        Returns:
            (batch, tokens, tags) by head; meaningless past a sentence's end.
        """
        ...
