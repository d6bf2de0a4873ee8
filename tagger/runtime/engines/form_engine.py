"""The engine of networks whose embedder reads each form by itself."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from tagger.features.forms import FormEncoder, FormFeatures, Ids
from tagger.runtime.batching import batches_by_length
from tagger.runtime.decoding import Floats
from tagger.runtime.engines.forks import COMPUTING
from tagger.runtime.engines.form_cache import FormCache
from tagger.runtime.engines.protocol import Backend, EngineName, Precision

BATCH_TOKENS = 320
"""Tokens of a batch: enough to fill the network's operators, few enough for the caches."""


class FormEngine:
    """Embeds each form once and runs the network in batches of sentences of similar length.

    Args:
        backend: Runs the network.
        form_encoder: Turns forms into the ids that the network was trained on.
        threads: Number of batches that are computed at once.

    Attributes:
        batch_tokens: Maximum number of tokens of a batch, padding included; a longer sentence is a
            batch by itself.
        vocabulary: The words and characters that have a vector.
    """

    def __init__(self, backend: Backend, form_encoder: FormEncoder, *, threads: int = 1) -> None:
        self.backend = backend
        self.threads = threads
        self.batch_tokens = BATCH_TOKENS
        self.vocabulary = form_encoder.vocabulary
        self._forms = FormCache(form_encoder, self._embed)

    @property
    def name(self) -> EngineName:
        """The name of the backend."""
        return self.backend.name

    @property
    def precision(self) -> Precision:
        """The precision of the weights."""
        return self.backend.precision

    def emissions(
        self, forms: Sequence[str], lengths: Ids, heads: Sequence[str]
    ) -> dict[str, Floats]:
        """Compute emissions; see `tagger.runtime.engines.protocol.Engine`."""
        vectors, rows = self.look_up(forms)
        return self.emissions_of(vectors, rows, lengths, heads)

    def look_up(self, forms: Sequence[str]) -> tuple[Floats, Ids]:
        """Find the vectors of forms; see `tagger.runtime.engines.form_cache.FormCache.lookup`."""
        return self._forms.lookup(forms)

    def _embed(self, features: FormFeatures[Ids]) -> Floats:
        with COMPUTING:
            return self.backend.embed(features)

    def emissions_of(
        self, vectors: Floats, rows: Ids, lengths: Ids, heads: Sequence[str]
    ) -> dict[str, Floats]:
        """Compute the emissions of sentences whose forms are looked up.

        Args:
            vectors: (forms, dim).
            rows: (tokens,), each token's row in ``vectors``, sentence after sentence.
            lengths: (sentences,), each at least 1.
            heads: Their names.

        Returns:
            (tokens, tags) by head; (sentences, labels) of a head that labels texts.
        """
        starts = np.cumsum(lengths) - lengths
        results: dict[str, Floats] = {}

        def run(batch: list[int]) -> None:
            of_batch = lengths[batch]
            positions = np.arange(of_batch.max())
            inside = positions < of_batch[:, None]  # (batch, tokens)
            places = np.where(inside, starts[batch][:, None] + positions, 0)
            index = np.where(inside, rows[places], 0)
            with COMPUTING:
                found = self.backend.emissions(vectors, index, of_batch, heads)
            places = places[inside]
            for head, emissions in found.items():
                of_texts = emissions.ndim == 2
                if head not in results:
                    shape = (len(lengths if of_texts else rows), emissions.shape[-1])
                    results.setdefault(head, np.empty(shape, dtype=np.float32))
                if of_texts:
                    results[head][batch] = emissions
                else:
                    results[head][places] = emissions[inside]

        batches = batches_by_length(lengths, self.batch_tokens)
        if self.threads > 1 and len(batches) > 1:
            with ThreadPoolExecutor(self.threads) as pool:
                for _ in pool.map(run, batches):
                    pass
        else:
            for batch in batches:
                run(batch)
        return results
