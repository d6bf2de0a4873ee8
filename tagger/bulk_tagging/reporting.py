"""Progress and summary of a bulk tagging: for a terminal, for machines, none."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tagger.bulk_tagging.sources.rows import Shard
from tagger.bulk_tagging.state import Mark
from tagger.bulk_tagging.tally import Tally
from tagger.executors.protocol import Measures, without
from tagger.progress import Screen
from tagger.tables import counted, fields_table, plain_table

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from tagger.bulk_tagging.run import BulkSummary

_EVERY = 30.0
"""Seconds between two lines where no bar can be drawn."""
_JSON_EVERY = 1.0


class Progress:
    """How much of the work is done.

    Args:
        shards: All shards of this process.
        left: Those that are still to do.
        marks: Those that are finished, by name.
    """

    def __init__(
        self, shards: Sequence[Shard], left: Sequence[Shard], marks: Mapping[str, Mark]
    ) -> None:
        self.n_shards, self.n_finished = len(shards), len(shards) - len(left)
        self.tally = Tally()
        self._sizes = {shard.name: max(shard.size, 1) for shard in shards}
        self._size = sum(self._sizes.values())
        self._size_before = self._size_done = self._size - sum(
            self._sizes[shard.name] for shard in left
        )
        self._started = time.perf_counter()
        self._running: Measures = (0.0, 0.0, 0.0)

    def add(self, mark: Mark) -> None:
        """Count a shard that this run has finished."""
        size = self._sizes[mark.name]
        self._running = without(self._running, (mark.tally.n_documents, mark.tally.n_words, size))
        self.n_finished += 1
        self.tally.add(mark.tally)
        self._size_done += size

    def tell(self, running: Measures) -> None:
        """Note the documents, words and bytes of shards that are done in part."""
        self._running = running

    @property
    def share(self) -> float:
        """How much is done, 0 to 1, by size."""
        return self._size_so_far / self._size if self._size else 1.0

    @property
    def _size_so_far(self) -> float:
        return min(self._size_done + self._running[2], self._size)

    def measures(self) -> dict[str, Any]:
        """Return the numbers for machines; those a second are of this run."""
        seconds = time.perf_counter() - self._started
        done = self._size_so_far - self._size_before
        left = (self._size - self._size_so_far) * seconds / done if done else None
        documents = self.tally.n_documents + int(self._running[0])
        words = self.tally.n_words + int(self._running[1])
        return {
            "shards": self.n_shards,
            "finished": self.n_finished,
            "share": round(self.share, 4),
            "documents": documents,
            "words": words,
            "errors": self.tally.n_errors,
            "seconds": round(seconds, 1),
            "documents_per_second": round(documents / seconds, 1),
            "words_per_second": round(words / seconds, 1),
            "seconds_left": None if left is None else round(left, 1),
        }


class Reporter:
    """Receives the progress and ignores it; subclasses show it."""

    def begin(self, progress: Progress) -> None:
        """Receive the start."""

    def progress(self, progress: Progress) -> None:
        """Receive that a shard is finished, or more of one is done."""

    def stop(self) -> None:
        """Receive the end, however it ended."""


class Terminal(Reporter):
    """Draws a bar; where none can be drawn, prints a line from time to time.

    Args:
        console: Where to write.
    """

    def __init__(self, console: Console) -> None:
        self._screen = Screen(console)
        self._printed = time.monotonic()

    def begin(self, progress: Progress) -> None:
        """Draw the bar."""
        if progress.n_finished:
            n, of = progress.n_finished, progress.n_shards
            self._screen.line(f"{n:,} of {of:,} shards are finished already")
        self._screen.show("tagging", progress.share)

    def progress(self, progress: Progress) -> None:
        """Move the bar, or print a line."""
        now = progress.measures()
        text = (
            f"{now['documents']:,} documents, {now['documents_per_second']:,.0f}/s, "
            f"{now['words_per_second']:,.0f} words/s"
        )
        if progress.tally.n_errors:
            text += f", {progress.tally.n_errors:,} errors"
        self._screen.show("tagging", progress.share, text)
        if not self._screen.redraws and time.monotonic() - self._printed > _EVERY:
            self._printed = time.monotonic()
            left = now["seconds_left"]
            more = "" if not left else f", {left:,.0f} s left"
            self._screen.line(f"{progress.share:4.0%}: {text}{more}")

    def stop(self) -> None:
        """Remove the bar."""
        self._screen.stop()


class Json(Reporter):
    """Passes on the progress for machines, at most once a second and at the end.

    Args:
        write: Takes an object to print as JSON.
    """

    def __init__(self, write: Callable[[object], None]) -> None:
        self._write = write
        self._written = 0.0

    def progress(self, progress: Progress) -> None:
        """Write the numbers."""
        now = time.monotonic()
        if now - self._written >= _JSON_EVERY or progress.n_finished == progress.n_shards:
            self._written = now
            self._write({"event": "progress", **progress.measures()})


def summary_tables(summary: BulkSummary) -> list[RenderableType]:
    """Make the tables that a bulk tagging ends with."""
    found = summary.total
    fields = {
        "shards": f"{summary.n_finished:,} of {summary.n_shards:,}, {summary.n_now:,} now",
        "documents": f"{found.n_documents:,}",
        "words": f"{found.n_words:,}",
        "entities": f"{sum(found.n_entities.values()):,}",
        "errors": f"{found.n_errors:,}",
        "seconds": f"{summary.elapsed:,.1f}",
    }
    if summary.left_out:
        shown = ", ".join(summary.left_out[:3])
        n_left_out = counted(len(summary.left_out), "file")
        fields["left out"] = f"{n_left_out} of no known format ({shown})"
    tables: list[RenderableType] = [fields_table(fields, style="bold")]
    if found.n_entities:
        ranked = sorted(found.n_entities.items(), key=lambda item: -item[1])
        tables += ["", plain_table(["label", "entities"], [[k, f"{n:,}"] for k, n in ranked])]
    if summary.n_now:
        rows = [
            [name, f"{one.n_words:,}", f"{one.n_words / max(one.seconds, 1e-9):,.0f}"]
            for name, one in found.workers.items()
        ]
        tables += ["", plain_table(["worker", "words", "words/s"], rows)]
    if found.errors:
        rows = [[one.file, f"{one.row:,}", one.message] for one in found.errors]
        more = found.n_errors - len(rows)
        if more > 0:
            rows.append(["…", "", f"and {more:,} more; each has its error in the output"])
        tables += ["", plain_table(["file", "row", "error"], rows, left=(0, 2))]
    return tables
