"""What became of a corpus that was converted."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from tagger.formats.documents import Problem

__all__ = ["Report"]

_LISTED = 20  # spans in a summary
_WHAT = {
    "misaligned": "not on token bounds",
    "discontinuous": "with gaps",
    "overlapping": "that overlap with others",
}
_DONE = {
    "kept": "kept as they stand",
    "expanded": "expanded to whole tokens",
    "dropped": "dropped",
}


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was converted.

    Attributes:
        source: the file that was read.
        source_format: the name of its format.
        target: the file that was written.
        target_format: the name of its format.
        documents: how many there are; sentences, where the file does not tell documents.
        sentences: how many there are, by the file or else by the tokenizer.
        tokens: how many there are, by the file or else by the tokenizer.
        spans: how many were written.
        problems: the spans that were not taken as they stand.
        notes: what else was left out or changed, and how often.
    """

    source: str
    source_format: str
    target: str
    target_format: str
    documents: int
    sentences: int
    tokens: int
    spans: int
    problems: list[Problem]
    notes: dict[str, int]

    def lines(self) -> Iterator[str]:
        """Say it to people."""
        yield f"{self.source} ({self.source_format}) -> {self.target} ({self.target_format})"
        yield (
            f"documents {self.documents:,}, sentences {self.sentences:,}, tokens {self.tokens:,}, "
            f"spans {self.spans:,}"
        )
        for (kind, done), problems in _grouped(self.problems).items():
            yield f"spans {_WHAT[kind]}, {_DONE[done]}: {len(problems):,}"
            yield from (f"  {problem.describe()}" for problem in problems[:_LISTED])
            if len(problems) > _LISTED:
                yield f"  and {len(problems) - _LISTED:,} more; --json lists all"
        yield from (f"{what}: {n:,}" for what, n in self.notes.items())


def _grouped(problems: list[Problem]) -> dict[tuple[str, str], list[Problem]]:
    """Group spans by what is wrong with them and what was done."""
    groups: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        groups.setdefault((problem.kind, problem.done), []).append(problem)
    return groups
