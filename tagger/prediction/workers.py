"""Texts to rendered answers, in this process or in several, in the order of the texts."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess
from typing import NamedTuple

from tagger.errors import TaggerError, UsageError
from tagger.interrupt import deferred_interrupt
from tagger.prediction.input import pieces as as_they_come
from tagger.prediction.rendering import FORMATS
from tagger.runtime.cutting import GivenTokens
from tagger.runtime.engines.processor import n_cores
from tagger.runtime.engines.protocol import EngineName, Precision
from tagger.runtime.loading import load
from tagger.runtime.tagger import Tagger
from tagger.text.sentences import Newline


class Job(NamedTuple):
    """What is done with each text; a process knows all that it needs from it."""

    model: str
    """A model directory."""
    device: str
    engine: EngineName | None
    precision: Precision | None
    threads: int
    heads: tuple[str, ...] | None
    """The heads to show; None for all."""
    tokenized: bool
    """Whether the texts are sentences of tokens."""
    output_format: str
    """A key of `FORMATS`."""
    confidence: bool = False
    """Whether entities say how probable they are."""
    newline: Newline = "auto"
    """What a line end in a text is; see `tagger.text.Tokenizer`."""


class Answer(NamedTuple):
    """The rendered answers to some texts."""

    content: bytes
    """Each with its line end."""
    n_texts: int
    n_tokens: int


def tagger_of(job: Job) -> Tagger:
    """Load the tagger of a job.

    Raises:
        TaggerError: As `tagger.runtime.loading.load`; or the model lacks a head.
    """
    tagger = load(
        job.model,
        device=job.device,
        engine=job.engine,
        precision=job.precision,
        threads=job.threads,
        newline=job.newline,
    )
    chosen = tagger.predictor.choose(job.heads)
    if job.confidence and all(head.kind == "token" for head in chosen):
        names = ", ".join(head.name for head in chosen)
        raise UsageError(f"--confidence is of spans, and {names} finds none; choose other --heads")
    return tagger.with_splitter(GivenTokens()) if job.tokenized else tagger


def answer(job: Job, tagger: Tagger, texts: Sequence[str]) -> Answer:
    """Tag texts and render what was found."""
    chosen = tagger.predictor.choose(job.heads)
    render = FORMATS[job.output_format]
    documents = tagger.batch(texts, job.heads, confidence=job.confidence)
    # Bytes, so that neither the platform's encoding nor its line ends get in the way.
    content = "".join([render(document, chosen) + "\n" for document in documents]).encode()
    return Answer(content, len(texts), sum(document.n_tokens for document in documents))


def answers(
    job: Job, tagger: Tagger, pieces: Iterable[Sequence[str]], workers: int = 1
) -> Iterator[Answer]:
    """Answer pieces of text in order, some of them at once; memory does not grow with their number.

    The answers do not depend on the number of workers.

    Args:
        job: What to do.
        tagger: The job's tagger; further processes load their own.
        pieces: Each is tagged together.
        workers: Processes.

    Raises:
        UsageError: More workers than cores.
        TaggerError: A worker has died, or as `tagger_of`.
    """
    if workers > (cores := n_cores()):
        raise UsageError(
            f"--workers {workers}: more than the {cores} cores that this process may use, "
            "which would be slower"
        )
    if workers <= 1:
        for piece in pieces:
            yield answer(job, tagger, piece)
        return
    job = job._replace(threads=1)
    context = get_context("spawn")  # a fork of a process with threads may hang
    pool = ProcessPoolExecutor(workers, context, initializer=_follow_parent)

    def submit() -> Iterator[Future[Answer]]:
        # Runs in the thread that reads ahead; what it starts inherits that Ctrl-C is not for it.
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        for piece in pieces:
            yield pool.submit(_answer_in_worker, job, piece)

    try:
        # An answer is given when it is there, also while the next piece is waited for.
        for (future,) in as_they_come(submit(), size=1, read_ahead=2 * workers):
            yield future.result()
    except BrokenProcessPool:
        raise TaggerError("a worker has died, out of memory perhaps; use fewer --workers") from None
    finally:
        with deferred_interrupt():  # a second Ctrl-C must not leave workers behind
            pool.shutdown(wait=True, cancel_futures=True)


def _answer_in_worker(job: Job, texts: Sequence[str]) -> Answer:
    return answer(job, _kept_tagger(job), texts)


@lru_cache(maxsize=1)
def _kept_tagger(job: Job) -> Tagger:
    return tagger_of(job)


def _follow_parent() -> None:
    """Leave Ctrl-C to the process that writes, and end with it, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)
