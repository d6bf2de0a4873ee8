"""Label Studio's JSON export, where predictions count for tasks that are not annotated."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tagger.findings import Findings
from tagger.formats import labelstudio
from tagger.formats.documents import Document
from tagger.formats.labelstudio import sniff, write

__all__ = ["read", "sniff", "write"]


def read(path: Path, findings: Findings) -> Iterator[Document]:
    """Yield the tasks of a file, each with its first annotation, or else its first prediction.

    Raises:
        FormatError: An element is not a task, or a span cannot be one.
        CorpusError: The file cannot be read.
    """
    return labelstudio.read(path, findings, predictions=True)
