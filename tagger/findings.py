"""Problems in data: one record, whichever reader finds them and wherever they are shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec

from tagger.errors import FormatError
from tagger.printable import one_line

__all__ = ["Finding", "Findings", "listed", "refuse", "summary"]

_NAMED = 5  # examples in an error


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of problem in one or more places of a file.

    Attributes:
        kind: What is wrong, in a few words that are the same for all problems of the kind.
        path: The file.
        line: The line of the first place, from 1; None where the file has no lines.
        head: The head whose annotation it concerns; None where it concerns tokens or text.
        example: The first place in words.
        count: The number of places.
        action: What was done about it: ``expanded``, ``dropped``, ``ignored``, ...; empty where
            nothing was done.
    """

    kind: str
    path: str = ""
    line: int | None = None
    head: str | None = None
    example: str = ""
    count: int = 1
    action: str = ""

    def where(self) -> str:
        """Return ``path:line``, as editors and terminals link it.

        >>> Finding(kind="misaligned span", path="a.jsonl", line=3).where()
        'a.jsonl:3'
        """
        return self.path if self.line is None else f"{self.path}:{self.line}"

    def what(self) -> str:
        """Return the kind with its head."""
        return f"{self.head} {self.kind}" if self.head else self.kind

    def describe(self) -> str:
        """Word the finding in one line.

        >>> print(Finding(kind="tag outside its scheme", path="a.tsv", line=2, head="ner",
        ...     example="I-PER after O", count=3, action="begins a span").describe())
        a.tsv:2: ner tag outside its scheme: I-PER after O (3 times, begins a span)
        """
        times = f"{self.count:,} times" if self.count > 1 else ""
        remarks = ", ".join(filter(None, [times, self.action]))
        text = ": ".join(filter(None, [self.where(), self.what(), self.example]))
        return one_line(f"{text} ({remarks})" if remarks else text)


class Findings:
    """The findings of one or several files, in the order in which they were made."""

    def __init__(self) -> None:
        self._found: list[Finding] = []
        self._counted: dict[tuple[str, str, str | None, str], int] = {}

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._found)

    def add(self, finding: Finding) -> None:
        """Keep a finding that is listed by itself."""
        self._found.append(finding)

    def reject(self, error: FormatError) -> None:
        """Raise the error of a line or record; a subclass may keep it, and the rest is read.

        Raises:
            FormatError: The error.
        """
        raise error

    def remove(self, kind: str) -> None:
        """Forget the findings of a kind."""
        self._found = [finding for finding in self._found if finding.kind != kind]
        self._counted = {}

    def count(
        self,
        kind: str,
        path: object,
        line: int | None = None,
        *,
        head: str | None = None,
        example: str = "",
        count: int = 1,
        action: str = "",
    ) -> None:
        """Count a further place of a kind in a file; the first one is kept as the example."""
        key = (kind, str(path), head, action)
        at = self._counted.setdefault(key, len(self._found))
        if at < len(self._found):
            known = self._found[at]
            self._found[at] = msgspec.structs.replace(known, count=known.count + count)
            return
        self._found.append(
            Finding(
                kind=kind,
                path=str(path),
                line=line,
                head=head,
                example=example,
                count=count,
                action=action,
            )
        )


def summary(findings: Iterable[Finding]) -> list[Finding]:
    """Merge findings of the same kind, head and action; the first one is the example."""
    return [
        msgspec.structs.replace(group[0], count=sum(one.count for one in group))
        for group in _groups(findings)
    ]


def listed(findings: Iterable[Finding], limit: int) -> Iterator[str]:
    """Word findings in a line each, at most ``limit`` of a kind."""
    for group in _groups(findings):
        yield from (finding.describe() for finding in islice(group, limit))
        if len(group) > limit:
            yield f"and {sum(one.count for one in group[limit:]):,} more of this kind"


def refuse(findings: Iterable[Finding], hint: str) -> None:
    """Raise an error for findings, if there are any.

    Args:
        findings: The findings.
        hint: What to do about them.

    Raises:
        FormatError: For the first finding, with some of the others of its kind.
    """
    for group in _groups(findings):
        first, n = group[0], sum(one.count for one in group)
        examples = ", ".join(one.example for one in group[:_NAMED] if one.example)
        message = ": ".join(filter(None, [first.what(), examples]))
        in_all = f" ({n:,} in all)" if n > 1 else ""
        raise FormatError(first.path, first.line, message + in_all, hint=hint)


def _groups(findings: Iterable[Finding]) -> list[list[Finding]]:
    groups: dict[tuple[str, str | None, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.kind, finding.head, finding.action), []).append(finding)
    return list(groups.values())
