"""Requests that wait together are tagged together, on the one thread that uses the models."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from math import ceil
from typing import Any, NamedTuple

from tagger.runtime.tagger import Tagger
from tagger.service.metrics import Metrics
from tagger.service.problems import Problem
from tagger.service.settings import Limits

N_CHARS_PER_TOKEN = 5
"""Characters of a token and the space after it, for estimates."""
SMALL = 64
"""Tokens that any request is taken for until its body is read."""
N_TOKENS_BESIDES = 10
"""Tokens that take as long to tag as to receive and answer a request, about."""
OVERLOADED = 1.0
"""Seconds after a refusal for which the queue is short."""
SHORT = 0.5
"""The share of the queue that is used then: to refuse takes time, in which texts are tagged more
slowly, and a full queue would be waited for longer than without overload."""
TYPICAL_RATE = 20_000.0
"""Tokens a second, until it is measured."""


def estimated_tokens(texts: Sequence[str]) -> int:
    """Estimate the number of tokens of texts without cutting them."""
    return sum(map(len, texts)) // N_CHARS_PER_TOKEN + len(texts)


class Way(NamedTuple):
    """How texts are tagged; those that are tagged in one way can be tagged together."""

    model: str
    heads: tuple[str, ...] | None = None
    confidence: bool = False
    threshold: float | tuple[tuple[str, float], ...] | None = None
    """For all labels, or pairs of a label and its threshold."""
    nbest: int = 0
    """The number of readings of each sentence, of the only head; 0 for documents alone."""


class Job:
    """Work that waits for the models' thread.

    Args:
        way: How its texts are tagged; None for other work.
        texts: The texts.
        finish: Makes the result of the documents, on the models' thread.
        n_tokens: The estimated work, of which less is left with each part that is tagged.
        future: Gets the result.
    """

    __slots__ = ("documents", "finish", "future", "n_taken", "n_tokens", "result", "since", "texts",
                 "way")  # fmt: skip

    def __init__(
        self,
        way: Way | None,
        texts: Sequence[str],
        finish: Callable[[list[Any]], Any],
        n_tokens: int,
        future: asyncio.Future[Any],
    ) -> None:
        self.way, self.texts, self.finish = way, texts, finish
        self.n_tokens, self.future = n_tokens, future
        self.since = time.perf_counter()
        self.n_taken = 0
        self.documents: list[Any] = []  # or readings
        self.result: Any = None


class Batcher:
    """A bounded queue of jobs and the thread that works them off.

    Work counts until it is answered: a client waits for its batch as well as for those before it.

    Args:
        taggers: The models, by name.
        limits: The bounds of the queue and of a batch.
        metrics: What is counted.
    """

    def __init__(self, taggers: dict[str, Tagger], limits: Limits, metrics: Metrics) -> None:
        self._taggers, self._limits, self._metrics = taggers, limits, metrics
        self._jobs: deque[Job] = deque()
        self._n_tokens = 0
        self._rate = TYPICAL_RATE
        self._refused_at = float("-inf")
        self._changed = threading.Condition()
        self._stopped = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._space = asyncio.Event()
        self._thread = threading.Thread(target=self._work, name="tagger", daemon=True)

    # -- On the event loop

    def start(self) -> None:
        """Start the thread; results go to the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread after the batch in progress."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        self._thread.join()

    def is_full(self, n_tokens: int) -> bool:
        """Return whether work of that size must wait to be accepted."""
        at_hand, limit = self._n_tokens, float(self._limits.queue_tokens)
        if time.monotonic() < self._refused_at + OVERLOADED:
            limit *= SHORT
        return at_hand > 0 and at_hand + n_tokens > limit

    def check_space(self, n_tokens: int = SMALL) -> None:
        """Check that work of that size is accepted.

        Raises:
            Problem: The queue is full.
        """
        if self.is_full(n_tokens):
            self._refused_at = time.monotonic()
            seconds = max(1, ceil(self._n_tokens / self._rate))
            raise Problem(
                "queue-full",
                "too many requests are waiting; try again later",
                headers={"Retry-After": str(seconds)},
            )

    async def wait_for_space(self, n_tokens: int) -> None:
        """Wait until work of that size is accepted."""
        while self.is_full(n_tokens):
            self._space.clear()
            await self._space.wait()

    def submit(
        self, way: Way, texts: Sequence[str], finish: Callable[[list[Any]], Any]
    ) -> asyncio.Future[Any]:
        """Add texts to the queue, whether it is full or not; to cancel the future drops them.

        Args:
            way: How they are tagged.
            texts: Texts that UTF-8 can hold.
            finish: Makes the result of their documents.
        """
        return self._add(way, texts, finish, estimated_tokens(texts) + N_TOKENS_BESIDES)

    def call(self, function: Callable[[], Any], n_tokens: int) -> asyncio.Future[Any]:
        """Run a function on the models' thread in its turn.

        Args:
            function: The function.
            n_tokens: What it amounts to.
        """
        return self._add(None, (), lambda documents: function(), n_tokens)

    def _add(
        self,
        way: Way | None,
        texts: Sequence[str],
        finish: Callable[[list[Any]], Any],
        n_tokens: int,
    ) -> asyncio.Future[Any]:
        assert self._loop is not None
        job = Job(way, texts, finish, n_tokens, self._loop.create_future())
        with self._changed:
            self._jobs.append(job)
            self._count(n_tokens)
            self._changed.notify()
        return job.future

    def _deliver(self, jobs: list[Job]) -> None:
        with self._changed:
            self._count(-sum(job.n_tokens for job in jobs))
        self._space.set()
        for job in jobs:
            if job.future.done():
                continue  # its client left
            if isinstance(job.result, BaseException):
                job.future.set_exception(job.result)
            else:
                job.future.set_result(job.result)

    # -- On the models' thread

    def _work(self) -> None:
        assert self._loop is not None
        while True:
            with self._changed:
                idle = not self._jobs
                while not self._jobs and not self._stopped:
                    self._changed.wait()
                if self._stopped:
                    return
                if idle and self._limits.window:
                    self._wait_for_more()
                taken = self._take()
            if taken:
                began = time.perf_counter()
                finished = self._tag(taken)
                self._measure(taken, time.perf_counter() - began)
            else:
                finished = []
            try:
                self._loop.call_soon_threadsafe(self._deliver, finished)
            except RuntimeError:
                return  # the loop is closed

    def _wait_for_more(self) -> None:
        end = time.perf_counter() + self._limits.window
        while self._n_tokens < self._limits.batch_tokens and not self._stopped:
            left = end - time.perf_counter()
            if left <= 0:
                break
            self._changed.wait(left)

    def _take(self) -> list[tuple[Job, slice]]:
        """Take the oldest texts, and others that are tagged in the same way, off the queue."""
        taken: list[tuple[Job, slice]] = []
        kept: deque[Job] = deque()
        n_tokens, way = 0, None
        while self._jobs and (not taken or n_tokens < self._limits.batch_tokens):
            job = self._jobs.popleft()
            if job.future.done():
                self._count(-job.n_tokens)  # its client left
                continue
            if taken and (job.way is None or job.way != way):
                kept.append(job)
                continue
            way, first = job.way, job.n_taken
            if way is None:
                taken.append((job, slice(0, 0)))
                break
            while job.n_taken < len(job.texts) and n_tokens < self._limits.batch_tokens:
                n_tokens += estimated_tokens([job.texts[job.n_taken]])
                job.n_taken += 1
            taken.append((job, slice(first, job.n_taken)))
            if job.n_taken < len(job.texts):
                kept.append(job)
        self._jobs.extendleft(reversed(kept))
        return taken

    def _count(self, n_tokens: int) -> None:
        self._n_tokens += n_tokens
        self._metrics.waiting.set(self._n_tokens)

    def _tag(self, taken: list[tuple[Job, slice]]) -> list[Job]:
        """Tag texts and return the jobs that are finished by it."""
        now = time.perf_counter()
        for job, some in taken:
            if some.start == 0:
                self._metrics.waits.observe(now - job.since)
        way = taken[0][0].way
        try:
            if way is not None:
                self._tag_together(way, taken)
        except Exception as error:
            for job, _ in taken:
                job.result, job.n_taken = error, len(job.texts)
            with self._changed:  # the rest of a job that failed
                lost = {id(job) for job, _ in taken}
                self._jobs = deque(job for job in self._jobs if id(job) not in lost)
            return [job for job, _ in taken]
        finished = [job for job, _ in taken if job.n_taken == len(job.texts)]
        for job in finished:
            try:
                job.result = job.finish(job.documents)
            except Exception as error:
                job.result = error
        return finished

    def _tag_together(self, way: Way, taken: list[tuple[Job, slice]]) -> None:
        texts = [text for job, some in taken for text in job.texts[some]]
        threshold = dict(way.threshold) if isinstance(way.threshold, tuple) else way.threshold
        tagger = self._taggers[way.model]
        found: list[Any]
        if way.nbest:
            head = way.heads[0] if way.heads else None
            found = tagger.readings(texts, way.nbest, head=head, threshold=threshold)
            documents = [one.document for one in found]
        else:
            found = documents = tagger.batch(
                texts, way.heads, confidence=way.confidence, threshold=threshold
            )
        self._metrics.count_batch(way.model, documents)
        past = 0
        for job, some in taken:
            first, past = past, past + some.stop - some.start
            job.documents += found[first:past]

    def _measure(self, taken: list[tuple[Job, slice]], seconds: float) -> None:
        n_tokens = sum(estimated_tokens(job.texts[some]) for job, some in taken)
        if n_tokens:
            self._rate += 0.2 * (n_tokens / max(seconds, 1e-6) - self._rate)
        job, some = taken[-1]  # the only one that may have a rest
        if job.n_taken < len(job.texts):
            n_tokens = estimated_tokens(job.texts[some])
            with self._changed:
                job.n_tokens -= n_tokens
                self._count(-n_tokens)
