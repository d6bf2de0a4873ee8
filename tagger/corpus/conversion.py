"""`tagger convert`: a corpus from one format to another, and what became of its spans."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Literal

from tagger.corpus.alignment import Aligner, as_sentences, as_text
from tagger.corpus.conversion_report import Report
from tagger.errors import CorpusError, FormatError, UsageError, unknown_name
from tagger.files import check_new, write_file
from tagger.formats import tokens
from tagger.formats.brat import check_folder, write_folder
from tagger.formats.detect import format_of, format_to_write
from tagger.formats.documents import Document, Notes
from tagger.formats.table import FORMATS, Format, find_format
from tagger.lines import unreadable
from tagger.schemes import Scheme

__all__ = ["convert"]


def convert(
    source: Path,
    target: Path,
    *,
    source_format: str | None = None,
    target_format: str | None = None,
    scheme: str | None = None,
    misaligned: str | None = None,
    overlapping: str = "error",
    columns: str | None = None,
    force: bool = False,
) -> Report:
    """Convert a file, or a folder of brat's; the target is whole or not there.

    Args:
        source: the file to read.
        target: the file to write.
        source_format: the name of its format; told by its suffix and content where not given.
        target_format: the name of the format to write; told by the suffix where not given.
        scheme: how tags are spelt in a format of tags; BIO where not given.
        misaligned: what to do with spans that do not fall on token bounds: ``error``, ``drop`` or
            ``expand``. Where not given it is ``error``, but between formats of characters they
            stay as they are.
        overlapping: what to do with spans that overlap, where the format holds none: ``error``, or
            ``drop`` for all but the longest.
        columns: what the columns hold, for a file of columns.
        force: replace what is there.

    Raises:
        UsageError: for an unknown name or an impossible combination.
        FormatError: for wrong content, at its line.
        CorpusError: where the source cannot be read.
        OSError: where the target cannot be written.
    """
    _check_choice("--misaligned", misaligned, ("error", "drop", "expand"))
    _check_choice("--overlapping", overlapping, ("error", "drop"))
    _check_there(source)
    from_name = source_format or format_of(source)
    reader = find_format(from_name)
    to_name = target_format or format_to_write(target)
    writer = find_format(to_name)
    if scheme is not None and not writer.has_tags:
        tagged = ", ".join(name for name, one in FORMATS.items() if one.has_tags)
        raise UsageError(f"--scheme is for {tagged}; {to_name} has no tags")
    spelling = Scheme(scheme or "BIO")
    if columns is not None and from_name != "conll":
        raise UsageError(f"--columns is for conll; {source} is {from_name}")
    _check_target(target, to_name, force=force)
    if target.resolve() in source.resolve().parents:
        raise UsageError(f"{target}: has the source in it; name another place")

    notes = Notes()
    read = reader.read
    if columns is not None:
        read = partial(tokens.read, kind="columns", columns=columns)
    aligner = Aligner(_policy(misaligned, writer), _overlaps(overlapping, writer), notes=notes)
    documents = list(_prepared(read(source, notes), writer, to_name, aligner))
    n_tokens = sum(len(document.tokens) for document in documents)
    if not n_tokens:
        raise FormatError(source, None, "nothing to convert: there is no text in it")
    aligner.check()
    content = writer.write(documents, spelling, notes)
    if isinstance(content, bytes):
        write_file(target, content)
    else:
        write_folder(target, content)
    return Report(
        source=str(source),
        source_format=from_name,
        target=str(target),
        target_format=to_name,
        documents=len(documents),
        sentences=sum(len(document.ends) for document in documents),
        tokens=n_tokens,
        spans=sum(_n_spans(document, writer) for document in documents),
        problems=aligner.problems,
        notes=dict(notes),
    )


def _prepared(
    documents: Iterator[Document], writer: Format, name: str, aligner: Aligner
) -> Iterator[Document]:
    """Give documents what the format to write needs: tokens for each, text where it has any."""
    for document in documents:
        if document.text is not None:
            aligner.align(document)
        # A line of text is long enough with a sentence in it.
        for part in as_sentences(document) if name == "text" else [document]:
            if writer.has_text and not writer.is_cut:
                as_text(part, aligner.notes)
            yield part


def _n_spans(document: Document, writer: Format) -> int:
    if writer.has_text and not writer.is_cut:
        return len(document.chars)
    return sum(map(len, document.spans.values()))


def _policy(misaligned: str | None, writer: Format) -> Literal["keep", "expand", "drop", "error"]:
    if misaligned == "drop":
        return "drop"
    if misaligned == "expand":
        return "expand"
    return "error" if misaligned or writer.is_cut else "keep"


def _overlaps(overlapping: str, writer: Format) -> Literal["keep", "drop", "error"]:
    if writer.may_overlap:
        return "keep"
    return "drop" if overlapping == "drop" else "error"


def _check_choice(option: str, value: str | None, valid: tuple[str, ...]) -> None:
    if value is not None and value not in valid:
        raise UsageError(unknown_name(f"choice for {option}", value, valid))


def _check_there(source: Path) -> None:
    try:
        source.stat()
    except FileNotFoundError:
        raise CorpusError(f"{source}: no such file or folder") from None
    except OSError as error:
        raise unreadable(source, error) from None


def _check_target(target: Path, name: str, *, force: bool) -> None:
    if name == "brat":
        if target.suffix in (".ann", ".txt") and not target.is_dir():
            raise UsageError(f"{target}: brat's files are written to a folder; name a folder")
        check_folder(target, force=force)
    elif target.is_dir():
        raise UsageError(f"{target}: is a folder; name a file in it")
    else:
        check_new([target], force=force)
    if not target.absolute().parent.is_dir():
        raise UsageError(f"{target}: there is no folder {target.parent}; make it first")
    if not os.access(target.absolute().parent, os.W_OK):
        raise UsageError(f"{target.parent}: no permission to write there; name another folder")
