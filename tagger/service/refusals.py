"""Refusing requests while too many are at hand, at next to no cost to those that are accepted."""

from __future__ import annotations

import logging
import time

from tagger.service.batching import Batcher
from tagger.service.metrics import Metrics
from tagger.service.problems import MEDIA_TYPE, Problem

LOG = logging.getLogger(__name__)

NO_ROUTE = "none"
"""The route, in metrics and the log, of requests that came to none."""


class Refusals:
    """Refuses requests that tag, before their bodies are read; see `Batcher.check_space`.

    They are counted in the metrics as others are, but share lines of the log, at most one a second.

    Args:
        batcher: Knows whether there is space.
        metrics: What is counted.
    """

    def __init__(self, batcher: Batcher, metrics: Metrics) -> None:
        self._batcher, self._metrics = batcher, metrics
        self._n_refused, self._told = 0, float("-inf")

    def find(self) -> Problem | None:
        """Return the problem of a request that has to be refused, None where there is space."""
        try:
            self._batcher.check_space()
        except Problem as problem:
            self._metrics.count_request(NO_ROUTE, problem.status, 0.0)
            self._metrics.rejections.labels(problem.kind).inc()
            self._tell()
            return problem
        return None

    def answer(self) -> bytes | None:
        """Return the end of the headers and the body of an answer, None where there is space."""
        problem = self.find()
        if problem is None:
            return None
        body = problem.to_json()
        headers = {
            **problem.headers, "content-type": MEDIA_TYPE, "content-length": str(len(body)),
        }  # fmt: skip
        lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
        return "".join([*lines, "\r\n"]).encode() + body

    def _tell(self) -> None:
        self._n_refused += 1
        now = time.monotonic()
        if now - self._told >= 1:
            LOG.warning("overload", extra={"entry": {"refused": self._n_refused}})
            self._n_refused, self._told = 0, now
