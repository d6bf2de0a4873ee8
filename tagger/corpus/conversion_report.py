"""The report of a conversion."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from tagger.findings import Finding, listed

__all__ = ["Report"]

_LISTED = 20  # findings of a kind


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The source, the target and the contents of a conversion.

    Attributes:
        source: The file that was read.
        source_format: The name of its format.
        target: The file that was written.
        target_format: The name of its format.
        documents: The number of documents; of sentences, where the file marks no documents.
        sentences: The number of sentences, by the file or else by the tokenizer.
        tokens: The number of tokens, by the file or else by the tokenizer.
        spans: The number of spans that were written.
        findings: What was left out or changed.
        layout: The columns of a file of columns.
        why: Why each of them is taken for what it is, where that was guessed.
    """

    source: str
    source_format: str
    target: str
    target_format: str
    documents: int
    sentences: int
    tokens: int
    spans: int
    findings: list[Finding]
    layout: str = ""
    why: str = ""

    def lines(self) -> Iterator[str]:
        """Yield the lines of the report."""
        yield f"{self.source} ({self.source_format}) -> {self.target} ({self.target_format})"
        if self.layout:
            yield self.layout
        if self.why:
            yield f"why: {self.why}"
        yield (
            f"documents {self.documents:,}, sentences {self.sentences:,}, tokens {self.tokens:,}, "
            f"spans {self.spans:,}"
        )
        yield from listed(self.findings, _LISTED)
