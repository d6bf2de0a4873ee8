"""Metrics for Prometheus; every label has a bounded set of values."""

from __future__ import annotations

import os
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from tagger.runtime.results import Document

MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable of prometheus-client: a folder in which processes add up."""

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
_TOKENS = (8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 16384, 65536)


class Metrics:
    """The metrics of one application.

    Routes are templates (``/hf/{model}``) or ``none``; labels are those of the models.
    """

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self._registry = registry
        self._of_route: dict[tuple[str, int], tuple[Counter, Histogram]] = {}
        self.requests = Counter(
            "tagger_requests", "Requests.", ["route", "status"], registry=registry
        )
        self.seconds = Histogram(
            "tagger_request_seconds",
            "Seconds from the first byte of a request to the last of its answer.",
            ["route"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.rejections = Counter(
            "tagger_rejections", "Requests refused, by the kind of problem.", ["kind"],
            registry=registry,
        )  # fmt: skip
        self.waits = Histogram(
            "tagger_queue_wait_seconds",
            "Seconds that texts wait to be tagged.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.batch_texts = Histogram(
            "tagger_batch_texts",
            "Texts tagged together.",
            buckets=_SIZES,
            registry=registry,
        )
        self.batch_tokens = Histogram(
            "tagger_batch_tokens",
            "Tokens tagged together.",
            buckets=_TOKENS,
            registry=registry,
        )
        self.texts = Counter("tagger_texts", "Texts tagged.", ["model"], registry=registry)
        self.tokens = Counter("tagger_tokens", "Tokens tagged.", ["model"], registry=registry)
        self.entities = Counter(
            "tagger_entities", "Entities found.", ["model", "label"], registry=registry
        )
        self.waiting = Gauge(
            "tagger_waiting_tokens",
            "Estimated tokens of requests at hand.",
            registry=registry,
            multiprocess_mode="livesum",
        )

    def count_request(self, route: str, status: int, seconds: float) -> None:
        """Count a request; the children of labels are kept, since to find them takes longer."""
        found = self._of_route.get((route, status))
        if found is None:
            found = self.requests.labels(route, str(status)), self.seconds.labels(route)
            self._of_route[route, status] = found
        found[0].inc()
        found[1].observe(seconds)

    def count_batch(self, model: str, documents: Sequence[Document]) -> int:
        """Count a batch of documents, and return the number of their tokens."""
        n_tokens = sum(document.n_tokens for document in documents)
        self.batch_texts.observe(len(documents))
        self.batch_tokens.observe(n_tokens)
        self.texts.labels(model).inc(len(documents))
        self.tokens.labels(model).inc(n_tokens)
        n_by_label: dict[str, int] = {}
        for document in documents:
            for entity in document.entities:
                n_by_label[entity.label] = n_by_label.get(entity.label, 0) + 1
        for label, n in n_by_label.items():
            self.entities.labels(model, label).inc(n)
        return n_tokens

    def render(self) -> bytes:
        """Return all metrics, of all processes, as Prometheus reads them."""
        if MULTIPROCESS not in os.environ:
            return generate_latest(self._registry)
        everything = CollectorRegistry()
        MultiProcessCollector(everything)  # type: ignore[no-untyped-call]
        return generate_latest(everything)
