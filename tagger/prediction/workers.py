"""Texts to rendered results, in this process or in several, in the order of the texts."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache, partial
from typing import NamedTuple, TypeVar

from tagger.errors import TaggerError, UsageError
from tagger.executors.processes import check_workers, worker_pool
from tagger.prediction.input import Text, as_available
from tagger.prediction.output_formats import FORMATS, json_line
from tagger.runtime.cutting import GivenTokens
from tagger.runtime.engines.protocol import EngineName, Precision
from tagger.runtime.loading import load
from tagger.runtime.readings import head_of_readings
from tagger.runtime.tagger import Tagger
from tagger.text.sentences import Newline

T = TypeVar("T")
R = TypeVar("R")


class Job(NamedTuple):
    """How texts are tagged and rendered: all that a process needs to know."""

    model: str
    """A model directory."""
    device: str
    engine: EngineName | None
    precision: Precision | None
    threads: int
    heads: tuple[str, ...] | None = None
    """The heads to show; None for all."""
    tokenized: bool = False
    """Whether the texts are sentences of tokens."""
    output_format: str = ""
    """A key of `FORMATS`."""
    confidence: bool = False
    """Whether entities have their probability."""
    newline: Newline = "auto"
    """The meaning of a line end in a text; see `tagger.text.Tokenizer`."""
    whole: bool = False
    """Whether a file is a text."""
    threshold: tuple[tuple[str, float], ...] = ()
    """Thresholds for spans by label, see `tagger.runtime.thresholds`; none for the best tags."""
    nbest: int = 0
    """The number of readings of each sentence; 0 for none."""


class Result(NamedTuple):
    """The rendered results of a block of texts."""

    content: bytes
    """Each result with its line end."""
    n_texts: int
    n_tokens: int
    n_bytes: int
    """Size of the texts, each with a line end."""


def load_tagger(job: Job) -> Tagger:
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
        threshold=dict(job.threshold) or None,
    )
    chosen = tagger.predictor.choose(job.heads)
    if (job.confidence or job.threshold) and all(head.kind != "span" for head in chosen):
        names = ", ".join(head.name for head in chosen)
        wanted = "confidence" if job.confidence else "threshold"
        raise UsageError(
            f"only spans have a {wanted}, and {names} has none", hint="choose other {heads}"
        )
    if job.nbest:
        head_of_readings(tagger.predictor, job.heads, job.nbest)
    return tagger.with_splitter(GivenTokens()) if job.tokenized else tagger


def tag_block(job: Job, tagger: Tagger, texts: Sequence[Text]) -> Result:
    """Tag and render texts."""
    chosen = tagger.predictor.choose(job.heads)
    render = FORMATS[job.output_format]
    if job.nbest:
        head = head_of_readings(tagger.predictor, job.heads, job.nbest).name
        readings = tagger.readings([one.text for one in texts], job.nbest, head=head)
        documents = [found.document for found in readings]
        rendered = [
            json_line(found.to_dict(), one.name) + "\n"
            for one, found in zip(texts, readings, strict=True)
        ]
    else:
        documents = tagger.batch([one.text for one in texts], job.heads, confidence=job.confidence)
        rendered = [
            render(document, chosen, one.name) + "\n"
            for one, document in zip(texts, documents, strict=True)
        ]
    return Result(
        "".join(
            rendered
        ).encode(),  # bytes: neither the platform's encoding nor its line ends apply
        len(texts),
        sum(document.n_tokens for document in documents),
        n_bytes_of(texts),
    )


def n_bytes_of(texts: Iterable[Text]) -> int:
    """Count the bytes of texts as lines of UTF-8."""
    return sum((len(text) if text.isascii() else len(text.encode())) + 1 for text, _ in texts)


def tag_blocks(
    job: Job, tagger: Tagger, blocks: Iterable[Sequence[Text]], workers: int = 1
) -> Iterator[Result]:
    """Tag blocks of texts in order; memory does not grow with their number.

    The results do not depend on the number of workers.

    Args:
        job: What to do.
        tagger: The job's tagger; worker processes load theirs.
        blocks: Texts that are tagged together.
        workers: Number of processes.

    Raises:
        UsageError: More workers than cores.
        TaggerError: A worker has died, or as `load_tagger`.
    """
    check_workers(workers)
    if workers <= 1:
        return (tag_block(job, tagger, block) for block in blocks)
    return in_workers(partial(_tag_in_worker, job._replace(threads=1)), blocks, workers)


def in_workers(
    work: Callable[[Sequence[T]], R], blocks: Iterable[Sequence[T]], workers: int
) -> Iterator[R]:
    """Apply a function to blocks in several processes, and yield what it returns in order.

    Args:
        work: The function, which can be pickled, as can what it takes and returns.
        blocks: What it is applied to; only a few more are read than there are workers.
        workers: Number of processes.

    Raises:
        TaggerError: A worker has died.
    """

    def submit(pool: ProcessPoolExecutor) -> Iterator[Future[R]]:
        # Runs in the thread that reads ahead; what it starts inherits that Ctrl-C is not for it.
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        for block in blocks:
            yield pool.submit(work, block)

    with worker_pool(workers) as pool:
        try:
            # A result is yielded as soon as it is there, also while the next block is waited for.
            for (future,) in as_available(submit(pool), size=1, read_ahead=2 * workers):
                yield future.result()
        except BrokenProcessPool:
            raise TaggerError(
                "a worker has died, perhaps out of memory", hint="use fewer {workers}"
            ) from None


def _tag_in_worker(job: Job, texts: Sequence[Text]) -> Result:
    return tag_block(job, _kept_tagger(job), texts)


@lru_cache(maxsize=1)
def _kept_tagger(job: Job) -> Tagger:
    return load_tagger(job)
