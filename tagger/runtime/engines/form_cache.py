"""Word forms and their vectors, kept so that each is encoded and embedded once."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Sequence
from itertools import count
from sys import getsizeof
from typing import NamedTuple

import numpy as np

from tagger.features.forms import FormEncoder, FormFeatures, Ids
from tagger.runtime.decoding import Floats

CAPACITY_BYTES = 48 * 2**20
"""Maximum memory for kept forms and their vectors."""
FIRST_ROWS = 1024


class _Table(NamedTuple):
    rows: dict[str, int]
    vectors: Floats  # (rows, dim), row 0 zero
    n_bytes: int
    """Memory of the forms and of their vectors."""


class FormCache:
    """Keeps the vectors of forms seen recently; several threads may use it at once.

    A vector depends on nothing but the form. A full table is emptied: simpler than to drop the
    oldest forms, and as good where forms are distributed as in text. Forms of one look-up that
    need more memory than a whole table are not kept.

    Args:
        encode: Turns forms into ids.
        embed: Turns ids into vectors.
    """

    def __init__(self, encode: FormEncoder, embed: Callable[[FormFeatures[Ids]], Floats]) -> None:
        self._encode = encode
        self._embed = embed
        self._table: _Table | None = None
        self._lock = threading.Lock()
        _CACHES.add(self)

    def lookup(self, forms: Sequence[str]) -> tuple[Floats, Ids]:
        """Find the vectors of forms, embedding the new ones.

        Returns:
            The table (rows, dim), row 0 zero for padding, and the row of each form. Later look-ups
            change neither.
        """
        with self._lock:
            table = self._table
            found = [] if table is None else list(map(table.rows.get, forms))
            if table is None or None in found:
                table = self._learn(forms)
                found = list(map(table.rows.get, forms))
        return table.vectors, np.array(found, dtype=np.int64)

    def _learn(self, forms: Sequence[str]) -> _Table:
        """Embed the new forms; what is kept is consistent at any moment, for a fork copies it."""
        distinct = dict.fromkeys(forms)
        rows, kept, n_bytes = self._table or ({}, None, 0)
        new = [form for form in distinct if form not in rows]
        n_bytes += sum(map(getsizeof, new))
        if kept is not None and n_bytes + len(new) * kept[0].nbytes > CAPACITY_BYTES:
            rows, kept, new = {}, None, list(distinct)
            n_bytes = sum(map(getsizeof, new))
        vectors = self._embed(self._encode(new))
        n_bytes += vectors.nbytes
        first = len(rows) + 1
        past = first + len(new)
        if kept is None or past > len(kept):
            grown = np.zeros((max(past, 2 * first, FIRST_ROWS), vectors.shape[1]), np.float32)
            if kept is not None:
                grown[:first] = kept[:first]
            kept = grown
        kept[first:past] = vectors
        table = _Table(rows, kept, n_bytes)
        self._table = table if n_bytes <= CAPACITY_BYTES else None
        rows.update(zip(new, count(first), strict=False))
        return table

    def renew_lock(self) -> None:
        """Replace the lock, which a thread may have held that a forked process does not have."""
        self._lock = threading.Lock()


_CACHES: weakref.WeakSet[FormCache] = weakref.WeakSet()


def _renew_locks() -> None:
    for cache in _CACHES:
        cache.renew_lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_locks)
