"""Conversion of a corpus from one format to another."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, get_args

from tagger.arguments import as_name
from tagger.corpus.alignment import Aligner, as_sentences, as_text
from tagger.corpus.as_documents import read_documents
from tagger.corpus.conversion_report import Report
from tagger.corpus.policies import Misaligned, Overlapping
from tagger.corpus.resolve import files_of_split
from tagger.corpus.writing import write_content
from tagger.errors import FormatError, UsageError, unknown_name
from tagger.files import check_new
from tagger.findings import Findings
from tagger.formats.brat import check_folder
from tagger.formats.detect import format_of, format_to_write
from tagger.formats.documents import ENTITIES, Document
from tagger.formats.records import Columns
from tagger.formats.table import FORMATS, Format, find_format
from tagger.formats.text_table import is_stated
from tagger.formats.writing import count_labels
from tagger.lines import read_whole
from tagger.schemes import Scheme

__all__ = ["convert"]


def convert(
    source: Path | str,
    target: Path | str,
    *,
    source_format: str | None = None,
    target_format: str | None = None,
    scheme: str | None = None,
    misaligned: Misaligned | None = None,
    overlapping: Overlapping = "error",
    columns: str | Columns | None = None,
    read_predictions: bool = False,
    document: bool = False,
    force: bool = False,
) -> Report:
    """Convert a file, or several as one; the target is whole or not there.

    Args:
        source: The file to read, a folder or a pattern of files of one split, or a folder of
            brat's.
        target: The file to write.
        source_format: The name of its format; detected by suffix and content where not given.
        target_format: The name of the format to write; by the suffix where not given.
        scheme: The scheme of tags in a format of tags; BIO where not given.
        misaligned: What to do with spans that do not fall on token bounds: ``error``, ``drop`` or
            ``expand``. Where not given it is ``error``, but between formats of characters they
            stay as they are.
        overlapping: What to do with spans that overlap, where the format cannot hold them:
            ``error``, or ``drop`` for all but the longest.
        columns: The columns of a file of columns, as ``token,pos,-,ner``, or a `tagger.Columns`.
        read_predictions: Read the predictions in exports of Label Studio where a task is not
            annotated.
        document: Read the source as the text of one document, without annotation.
        force: Replace an existing target.

    Raises:
        UsageError: A name is unknown, or a combination impossible.
        FormatError: Content is wrong, at its line.
        CorpusError: The source cannot be read.
        OSError: The target cannot be written.
    """
    source, target = str(as_name("source", source)), Path(as_name("target", target))
    _check_choice("misaligned", misaligned, get_args(Misaligned))
    _check_choice("overlapping", overlapping, get_args(Overlapping))
    if document and source_format:
        raise UsageError("a document has no format", hint="leave {source_format} out")
    if document:
        source_format = "text"
    paths = files_of_split(source, any_format=document)
    if source_format is None and is_stated(Columns.of(columns)):
        source_format = "table"
    reader = find_format(source_format) if source_format else _format_of_all(paths)
    if read_predictions:
        reader = reader.with_predictions(paths[0])
    writer = find_format(target_format) if target_format else format_to_write(target)
    if not writer.is_written:
        written = [name for name, form in FORMATS.items() if form.is_written]
        raise UsageError(f"{writer.title} is only read", expected=written, hint="name another")
    if scheme is not None and not writer.has_scheme:
        tagged = [name for name, form in FORMATS.items() if form.has_scheme]
        raise UsageError(
            f"{writer.name} has no tags",
            expected=tagged,
            hint=f"{{scheme}} is for {', '.join(tagged)}",
        )
    spelling = Scheme(scheme or "BIO")
    if Columns.of(columns).without_labels() is not None and not reader.takes_columns:
        raise UsageError(f"is {reader.name}, whose columns are fixed", path=source)
    _check_target(target, writer, force=force)
    if any(target.resolve() in path.resolve().parents for path in paths) and writer.is_folder:
        raise UsageError("contains the source", path=target, hint="name another place")

    findings = Findings()
    aligner = Aligner(_policy(misaligned, writer), _overlaps(overlapping, writer), findings)
    layout, read = read_documents(paths, reader, findings, columns)
    if document:
        read = map(_whole, paths)
    documents = list(_prepared(read, writer, aligner))
    n_tokens = sum(len(document.tokens) for document in documents)
    if not n_tokens:
        raise FormatError(paths[0], None, "nothing to convert: it has no text")
    aligner.check()
    is_labelled = any(document.labels for document in documents)
    if is_labelled and not any(document.spans.get(ENTITIES) for document in documents):
        for one in documents:  # texts with labels alone
            one.spans.pop(ENTITIES, None)
    is_annotated = any(d.spans or d.tags or d.chars for d in documents)
    if not is_annotated and not _holds_tokens_alone(writer, is_labelled):
        # Formats of tags cannot hold tokens alone: their readers would refuse the file.
        for one in documents:
            one.spans[ENTITIES] = []
        findings.count("no annotation", source, action="written as O")
    write_content(target, writer.module.write(documents, spelling, findings), force=force)
    return Report(
        source=source,
        source_format=reader.name,
        target=str(target),
        target_format=writer.name,
        documents=len(documents),
        sentences=sum(len(document.ends) for document in documents),
        tokens=n_tokens,
        spans=sum(_n_spans(document, writer) for document in documents),
        findings=list(findings),
        layout=layout.describe() if layout and reader.takes_columns else "",
        why=layout.reasons() if layout and reader.takes_columns else "",
    )


def _whole(path: Path) -> Document:
    """Read a file as the text of one document."""
    return Document(path.stem, path, 1, text=read_whole(path))


def _prepared(
    documents: Iterator[Document], writer: Format, aligner: Aligner
) -> Iterator[Document]:
    """Yield documents with what the format to write needs: tokens, and text where it has any."""
    for document in documents:
        if document.text is not None:
            aligner.align(document)
        for head in document.unknown if not writer.has_unknown else ():
            if unknown := document.unknown_tokens(head):
                aligner.findings.count(
                    "token whose tag is not known",
                    document.path,
                    document.line,
                    head=head,
                    count=len(unknown),
                    action=f"written as outside of spans, as {writer.name} cannot say so",
                )
        if writer.labels == "nowhere":
            count_labels(document, aligner.findings)
        holds_one = not writer.is_cut or (
            writer.reads == "documents" and writer.labels != "nowhere"
        )
        by_sentence = writer.by_sentence or (document.labels and holds_one)
        for part in as_sentences(document) if by_sentence else [document]:
            if not writer.is_cut:
                as_text(part, aligner.findings)
            yield part


def _holds_tokens_alone(writer: Format, is_labelled: bool) -> bool:
    """Return whether a format needs no tags, or none beside the labels of texts."""
    return writer.name == "conllu" or (is_labelled and writer.name != "conll")


def _n_spans(document: Document, writer: Format) -> int:
    if not writer.is_cut:
        return len(document.chars)
    return sum(map(len, document.spans.values()))


def _policy(
    misaligned: Misaligned | None, writer: Format
) -> Literal["keep", "expand", "drop", "error"]:
    return misaligned or ("error" if writer.is_cut else "keep")


def _overlaps(overlapping: Overlapping, writer: Format) -> Literal["keep", "drop", "error"]:
    return "keep" if writer.may_overlap else overlapping


def _check_choice(argument: str, value: str | None, valid: tuple[str, ...]) -> None:
    if value is not None and value not in valid:
        raise UsageError(unknown_name(f"choice for {argument}", value, valid), expected=valid)


def _format_of_all(paths: Sequence[Path]) -> Format:
    """Return the format of files.

    Raises:
        UsageError: It is not known, or not the same.
    """
    form = format_of(paths[0])
    for path in paths[1:]:
        if (other := format_of(path)) is not form:
            raise UsageError(
                f"is {other.title}, other files are {form.title}",
                path=path,
                hint="convert those of each format alone",
            )
    return form


def _check_target(target: Path, writer: Format, *, force: bool) -> None:
    if writer.is_folder:
        if target.suffix in (".ann", ".txt") and not target.is_dir():
            raise UsageError(
                f"{writer.title} is written to a folder", path=target, hint="name a folder"
            )
        check_folder(target, force=force)
    elif target.is_dir():
        raise UsageError("is a folder", path=target, hint="name a file in it")
    else:
        check_new([target], force=force)
    if not target.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {target.parent}", path=target, hint="make it first")
    if not os.access(target.absolute().parent, os.W_OK):
        raise UsageError(
            "no permission to write there", path=target.parent, hint="name another folder"
        )
