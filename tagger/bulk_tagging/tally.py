"""Numbers of a shard and of all."""

from __future__ import annotations

import msgspec

SHOWN_ERRORS = 10
"""Rows with an error that are listed."""


class RowError(msgspec.Struct, frozen=True):
    """A row that was not tagged."""

    file: str
    """Of the output."""
    row: int
    """In it, from 1."""
    message: str


class Worker(msgspec.Struct):
    """What a worker did."""

    n_words: int = 0
    seconds: float = 0.0


class Tally(msgspec.Struct, kw_only=True):
    """The amount of text, results and work."""

    n_documents: int = 0
    n_words: int = 0
    n_entities: dict[str, int] = {}
    """By label."""
    n_errors: int = 0
    errors: list[RowError] = []
    """The first ones."""
    seconds: float = 0.0
    """Of all workers together."""
    processor_seconds: float = 0.0
    workers: dict[str, Worker] = {}

    def add(self, other: Tally) -> None:
        """Add the numbers of other shards."""
        self.n_documents += other.n_documents
        self.n_words += other.n_words
        for label, n in other.n_entities.items():
            self.n_entities[label] = self.n_entities.get(label, 0) + n
        self.n_errors += other.n_errors
        self.errors = (self.errors + other.errors)[:SHOWN_ERRORS]
        self.seconds += other.seconds
        self.processor_seconds += other.processor_seconds
        for name, worker in other.workers.items():
            mine = self.workers.setdefault(name, Worker())
            mine.n_words += worker.n_words
            mine.seconds += worker.seconds
