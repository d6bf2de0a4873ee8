"""Suspects for annotation tools: their sentences as they are annotated, the most suspect first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tagger.corpus.alignment import as_text
from tagger.errors import UsageError
from tagger.files import check_new, write_file
from tagger.findings import Findings
from tagger.formats.brat import check_folder, write_folder
from tagger.formats.detect import format_to_write
from tagger.formats.documents import Document
from tagger.formats.table import Format, find_format
from tagger.linting.suspects import Doubt
from tagger.schemes import Scheme

__all__ = ["check_export", "export"]


def check_export(path: Path, name: str | None, *, force: bool) -> Format:
    """Return the format of a file to write, before anything is computed.

    Args:
        path: The file.
        name: The name of the format; by the suffix where it is None.
        force: The file may be replaced.

    Raises:
        UsageError: The file exists, or its format is not known or only read.
    """
    form = find_format(name) if name else format_to_write(path)
    if not form.is_written:
        raise UsageError(f"{form.title} is only read", hint="name another with {export_format}")
    if form.is_folder:
        check_folder(path, force=force)
    else:
        check_new([path], force=force)
    return form


def export(doubts: Sequence[Doubt], head: str, path: Path, form: Format) -> int:
    """Write the sentences of doubts, each once, named by their place and the first doubt.

    Returns:
        The number of sentences.

    Raises:
        OSError: The file cannot be written; nothing is left of it.
    """
    first: dict[int, Doubt] = {}
    for doubt in doubts:
        first.setdefault(id(doubt.sentence), doubt)
    findings = Findings()
    documents = [_document(doubt, head, number) for number, doubt in enumerate(first.values(), 1)]
    if not form.is_cut:
        for document in documents:
            as_text(document, findings)
    content = form.module.write(documents, Scheme.BIO, findings)
    if isinstance(content, bytes):
        write_file(path, content)
    else:
        write_folder(path, content)
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
    )
