"""The interface between work that is cut into pieces and what runs them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, Protocol, TypeAlias, TypeVar

from tagger.errors import TaggerError

ExecutorName: TypeAlias = Literal["local", "ray"]

Measures: TypeAlias = tuple[float, float, float]
"""How much of a task is done, in up to three measures of its own, such as documents and words."""
Tell: TypeAlias = Callable[[Measures], None]
"""Takes how much of something is done; cheap enough to be called some times a second."""


class Task(Protocol):
    """A piece of work: a shard of a table, a trial of a comparison."""

    @property
    def place(self) -> str:
        """The file or name that an error of it is about."""
        ...


T = TypeVar("T", bound=Task)
R = TypeVar("R")


class Executor(Protocol):
    """Runs a function for each of many tasks, somewhere."""

    def run(
        self, work: Callable[[T, Tell], R], tasks: Sequence[T], progress: Tell
    ) -> Iterator[tuple[T, R]]:
        """Yield each task with its result when it is finished, in any order.

        A worker that dies costs only its tasks, which are run again.

        Args:
            work: A function that can be imported by other processes, or a `functools.partial` of
                one; it takes a task, and what it may tell its progress to.
            tasks: What it is called with.
            progress: Called now and then with the sum over the tasks that are running, where the
                executor knows it.

        Raises:
            TaggerError: As ``work``, or workers keep dying.
        """
        ...


def check_shared(is_there: bool, folder: str) -> None:
    """Check that what a worker has written into a folder is there for this process.

    Args:
        is_there: Whether it is.
        folder: The folder or URL.

    Raises:
        TaggerError: It is not.
    """
    if not is_there:
        raise TaggerError(
            "the workers write to their own disks",
            path=folder,
            hint="name one that all machines share with {output}",
        )


def ignore(measures: Measures) -> None:
    """Ignore the progress."""


def without(running: Measures, finished: Measures) -> Measures:
    """Return the measures of what is running when a part of it has finished."""
    a, b, c = (max(one - other, 0.0) for one, other in zip(running, finished, strict=True))
    return a, b, c
