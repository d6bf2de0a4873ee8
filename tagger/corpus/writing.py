"""Documents as a file of any format that is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tagger.corpus.alignment import as_text
from tagger.errors import UsageError
from tagger.files import check_new, write_file
from tagger.findings import Findings
from tagger.formats.brat import check_folder, write_folder
from tagger.formats.detect import format_to_write
from tagger.formats.documents import Document
from tagger.formats.table import Format, find_format
from tagger.schemes import Scheme

__all__ = ["find_writer", "write_content", "write_documents"]


def find_writer(path: Path, name: str | None, *, argument: str, force: bool) -> Format:
    """Return the format of a file to write, before anything is computed.

    Args:
        path: The file, or the folder of brat.
        name: The name of the format; by the suffix where it is None.
        argument: The argument that names the format, for errors.
        force: The file may be replaced.

    Raises:
        UsageError: The file exists, or its format is not known or only read.
    """
    form = find_format(name) if name else format_to_write(path)
    if not form.is_written:
        raise UsageError(f"{form.title} is only read", hint=f"name another with {{{argument}}}")
    if form.is_folder:
        check_folder(path, force=force)
    else:
        check_new([path], force=force)
    return form


def write_documents(
    documents: Sequence[Document], path: Path, form: Format, *, force: bool
) -> None:
    """Write documents of tokens at once.

    Raises:
        FormatError: The format cannot hold something.
        UsageError: The file exists by now, and ``force`` does not allow to replace it.
        OSError: The file cannot be written; nothing is left of it.
    """
    findings = Findings()
    if not form.is_cut:
        for document in documents:
            as_text(document, findings)
    write_content(path, form.module.write(documents, Scheme.BIO, findings), force=force)


def write_content(path: Path, content: bytes | Mapping[str, bytes], *, force: bool) -> None:
    """Write at once what a format makes of documents: a file, or the files of a folder.

    Raises:
        UsageError: It exists by now, and ``force`` does not allow to replace it.
        OSError: It cannot be written; nothing is left of it.
    """
    if isinstance(content, bytes):
        write_file(path, content, force=force)
    else:
        write_folder(path, content, force=force)
