"""Word forms and their vectors, kept so that each is encoded and embedded once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from itertools import count

import numpy as np

from tagger.features.forms import FormEncoder, FormFeatures, Ids
from tagger.runtime.decoding import Floats

CAPACITY_BYTES = 48 * 2**20
"""Memory for kept vectors, at most, unless one window of text needs more."""
FIRST_ROWS = 1024


class FormCache:
    """A row of a table for each form seen of late; several threads may ask at once.

    What a form's row holds depends on nothing but the form. When the table is full it is begun
    anew: simpler than to drop the oldest, and as good where forms are distributed as in text.

    Args:
        encode: Turns forms into ids.
        embed: Turns ids into vectors.
    """

    def __init__(self, encode: FormEncoder, embed: Callable[[FormFeatures[Ids]], Floats]) -> None:
        self._encode = encode
        self._embed = embed
        self._rows: dict[str, int] = {}
        self._vectors: Floats | None = None
        self._lock = threading.Lock()

    def lookup(self, forms: Sequence[str]) -> tuple[Floats, Ids]:
        """Find forms, embedding those that are new.

        Returns:
            The table (rows, dim), row 0 zero for padding, and the row of each form. Neither
            changes for who holds it.
        """
        with self._lock:
            found = list(map(self._rows.get, forms))
            if None in found or self._vectors is None:
                vectors = self._learn(forms)
                found = list(map(self._rows.get, forms))
            else:
                vectors = self._vectors
        return vectors, np.array(found, dtype=np.int64)

    def _learn(self, forms: Sequence[str]) -> Floats:
        new = [form for form in dict.fromkeys(forms) if form not in self._rows]
        table = self._vectors
        if table is not None and (len(self._rows) + len(new)) * table[0].nbytes > CAPACITY_BYTES:
            self._rows.clear()
            table, new = None, list(dict.fromkeys(forms))
        vectors = self._embed(self._encode(new))
        first = len(self._rows) + 1
        past = first + len(new)
        if table is None or past > len(table):
            grown = np.zeros((max(past, 2 * first, FIRST_ROWS), vectors.shape[1]), np.float32)
            if table is not None:
                grown[:first] = table[:first]
            self._vectors = table = grown
        table[first:past] = vectors
        self._rows.update(zip(new, count(first), strict=False))
        return table
