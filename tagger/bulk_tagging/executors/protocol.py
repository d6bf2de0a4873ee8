"""The interface between a bulk tagging and what runs its shards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, Protocol, TypeAlias

from tagger.bulk_tagging.job import Work
from tagger.bulk_tagging.sources.rows import Shard
from tagger.bulk_tagging.state import Mark

ExecutorName: TypeAlias = Literal["local", "ray"]


class Executor(Protocol):
    """Runs `tagger.bulk_tagging.work.tag_shard` for each shard, somewhere."""

    def run(self, work: Work, shards: Sequence[Shard]) -> Iterator[Mark]:
        """Yield the mark of each shard as it is finished, in any order.

        A worker that dies costs only its shards, which are run again.

        Raises:
            TaggerError: As `tag_shard`, or workers keep dying.
        """
        ...
