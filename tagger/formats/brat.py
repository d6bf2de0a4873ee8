"""brat's standoff: a text in ``name.txt``, its spans in ``name.ann`` beside it.

``T1<tab>PER 0 4<tab>John`` is a span; relations, events, attributes and notes are left out. A span
in pieces (``PER 0 4;9 12``) is one with gaps, on which the policy for misaligned spans decides.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, count, pairwise
from pathlib import Path

from tagger.errors import CorpusError, FormatError, UsageError
from tagger.files import named_errors, new_directory
from tagger.formats.documents import Document, Notes, check_span
from tagger.formats.plain import refuse
from tagger.formats.units import same
from tagger.lines import decode, read_lines, unreadable
from tagger.schemes import Scheme

__all__ = ["annotations_in", "check_folder", "read", "write", "write_folder"]

_KINDS = {"R": "relations", "*": "relations", "E": "events", "A": "attributes", "M": "attributes"}
_KINDS |= {"N": "normalizations", "#": "notes"}
_BOUNDS = re.compile(r"(.+?) ([0-9]{1,18} [0-9]{1,18}(?:;[0-9]{1,18} [0-9]{1,18})*)")
_OURS = (".txt", ".ann", ".conf")
_UNSAFE = re.compile(r"[^\w.-]")


def annotations_in(folder: Path) -> list[Path]:
    """Give the files of annotations in a folder and those below it.

    Raises:
        CorpusError: where it cannot be read.
    """
    try:
        if folder.is_dir():
            os.scandir(folder).close()  # `rglob` passes over what it may not read
        found = sorted(folder.rglob("*.ann"))
    except OSError as error:
        raise unreadable(folder, error) from None
    return [path for path in found if not path.name.startswith(".")]


def read(path: Path, notes: Notes) -> Iterator[Document]:
    """Give the documents of a folder, or that of a pair of files.

    Raises:
        FormatError: for a line that is no annotation, or one that does not fit the text.
        CorpusError: where a file is missing or cannot be read.
    """
    if not path.is_dir():
        yield _document(path.stem, path.with_suffix(".txt"), path.with_suffix(".ann"), notes)
        return
    annotations = annotations_in(path)
    if not annotations:
        raise CorpusError(f"{path}: no .ann files in this folder, as brat has them beside .txt")
    texts = {text.with_suffix(".ann") for text in path.rglob("*.txt")}
    if lonely := len(texts - set(annotations)):
        notes["texts without a file of annotations"] += lonely
    for found in annotations:
        name = found.relative_to(path).with_suffix("").as_posix()
        yield _document(name, found.with_suffix(".txt"), found, notes)


def _document(name: str, text_path: Path, path: Path, notes: Notes) -> Document:
    try:
        text = decode(text_path.read_bytes(), text_path)  # line ends count as they are
    except OSError as error:
        raise unreadable(text_path, error) from None
    entries = list(_entries(path, name, notes))
    plain = text.replace("\r\n", "\n")
    if text != plain and _fits(plain, entries) and not _fits(text, entries):
        notes["texts whose offsets count a Windows line end as one character"] += 1
        text = plain
    document = Document(name, path, text=text)
    for line, label, bounds, covered in entries:
        pieces = [check_span(path, line, name, text, *bound, label) for bound in bounds]
        start, end = pieces[0].start, pieces[-1].end
        span = check_span(path, line, name, text, start, end, label)
        if not _fits(text, [(line, label, bounds, covered)]):
            raise FormatError(
                path,
                line,
                f"{text[start:end]!r:.42} is at {start}–{end} in the text, not {covered!r:.42}; is "
                f"{text_path.name} the text that was annotated?",
            )
        gaps = any(left.end < right.start for left, right in pairwise(pieces))
        document.chars.append(span._replace(line=line, has_gaps=gaps))
    return document


_Entry = tuple[int, str, list[tuple[int, int]], str | None]


def _entries(path: Path, name: str, notes: Notes) -> Iterator[_Entry]:
    """Give the line, label, pieces and text of each span of a file of annotations."""
    for number, line in read_lines(path):
        if not line.strip():
            continue
        if line[0] in _KINDS:
            notes[f"brat's {_KINDS[line[0]]}"] += 1
            continue
        fields = line.split("\t", 2)
        match = _BOUNDS.fullmatch(fields[1]) if len(fields) > 1 else None
        if line[0] != "T" or match is None:
            raise FormatError(
                path,
                number,
                f"{line!r:.42} is no annotation of brat, as in T1<tab>PER 0 4<tab>John",
            )
        pieces = [tuple(map(int, piece.split(" "))) for piece in match[2].split(";")]
        bounds = sorted((start, end) for start, end in pieces)
        yield number, match[1], bounds, fields[2] if len(fields) > 2 else None


def _fits(text: str, entries: Sequence[_Entry]) -> bool:
    return all(
        covered is None or same("".join(text[start:end] for start, end in bounds), covered)
        for _, _, bounds, covered in entries
    )


def write(documents: Sequence[Document], scheme: Scheme, notes: Notes) -> dict[str, bytes]:
    """Lay out documents of text as the files of a folder.

    Raises:
        FormatError: for a label with white space, which brat does not read.
    """
    files: dict[str, bytes] = {}
    width = len(str(len(documents)))
    used: set[str] = set()
    for document in documents:
        text = document.text or ""
        stem = _UNSAFE.sub("_", document.name)[:50].strip(".") or "_"
        stem = stem.zfill(width) if stem.isascii() and stem.isdecimal() else stem
        again = (f"{stem}-{i}" for i in count(2))
        name = next(name for name in chain([stem], again) if name.casefold() not in used)
        used.add(name.casefold())
        lines = []
        for number, span in enumerate(document.chars, start=1):
            refuse(document, "".join(re.findall(r"[\s\0]", span.label)), span.label)
            covered = re.sub(r"[\r\n\0]", " ", text[span.start : span.end])
            lines.append(f"T{number}\t{span.label} {span.start} {span.end}\t{covered}\n")
        files[f"{name}.txt"] = text.encode()
        files[f"{name}.ann"] = "".join(lines).encode()
    labels = sorted({span.label for document in documents for span in document.chars})
    sections = ["[entities]", *labels, "", "[relations]", "", "[events]", "", "[attributes]", ""]
    files["annotation.conf"] = "\n".join(sections).encode()
    return files


def check_folder(target: Path, *, force: bool) -> None:
    """See that a folder may be written, or replaced.

    Raises:
        UsageError: where it may not.
    """
    if target.is_dir():
        there = sorted(target.iterdir())
        if there and not force:
            raise UsageError(f"{target}: exists; replace it with --force")
        # A text without annotations may be anybody's, the one that is converted for instance.
        others = [
            path.name
            for path in there
            if path.suffix not in _OURS
            or path.is_dir()
            or (path.suffix == ".txt" and path.with_suffix(".ann") not in there)
        ]
        if others:
            raise UsageError(
                f"{target}: has {others[0]} in it, which is no file of brat; name another folder"
            )
    elif target.exists():
        raise UsageError(f"{target}: is a file, and brat's files need a folder")


def write_folder(target: Path, files: Mapping[str, bytes]) -> None:
    """Write a folder at once: it is there with all its files, or as it was.

    Raises:
        OSError: No space, no permission.
    """
    with named_errors(target), new_directory(target.resolve()) as new:
        for name, content in files.items():
            (new / name).write_bytes(content)
