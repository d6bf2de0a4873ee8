"""Suspects for annotation tools: their sentences as they are annotated, the most suspect first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tagger.corpus.writing import write_documents
from tagger.formats.documents import Document
from tagger.formats.table import Format
from tagger.linting.suspects import Doubt

__all__ = ["export"]


def export(doubts: Sequence[Doubt], head: str, path: Path, form: Format, *, force: bool) -> int:
    """Write the sentences of doubts, each once, named by their place and the first doubt.

    Returns:
        The number of sentences.

    Raises:
        OSError: The file cannot be written; nothing is left of it.
        UsageError: It exists by now, and ``force`` does not allow to replace it.
    """
    first: dict[int, Doubt] = {}
    for doubt in doubts:
        first.setdefault(id(doubt.sentence), doubt)
    documents = [_document(doubt, head, number) for number, doubt in enumerate(first.values(), 1)]
    write_documents(documents, path, form, force=force)
    return len(documents)


def _document(doubt: Doubt, head: str, number: int) -> Document:
    sentence = doubt.sentence
    return Document(
        f"{number:04d} {sentence.where()}",
        Path(sentence.path),
        sentence.line(),
        tokens=list(sentence.tokens),
        ends=[len(sentence.tokens)],
        spans={head: list(sentence.spans[head])},
        is_part=True,
        labels={name: [label] for name, label in sentence.labels.items()},
    )
