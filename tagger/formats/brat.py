"""brat's standoff: a text in ``name.txt``, its spans in ``name.ann`` beside it.

``T1<tab>PER 0 4<tab>John`` is a span; relations, events, attributes and notes are left out. A span
in pieces (``PER 0 4;9 12``) has gaps, and is treated by the policy for misaligned spans, unless
there is only white space between the pieces.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, count, pairwise
from pathlib import Path

from tagger.errors import CorpusError, FormatError, UsageError
from tagger.files import named_errors, new_directory
from tagger.findings import Findings
from tagger.formats.documents import Document, check_span, has_text
from tagger.formats.sample import Sample
from tagger.formats.units import Marked, Unit, find_unit, same, to_characters
from tagger.formats.writing import refuse
from tagger.lines import decode, read_lines, unreadable
from tagger.schemes import Scheme

__all__ = ["check_folder", "files", "read", "sniff", "write", "write_folder"]

_KINDS = {"R": "relation", "*": "relation", "E": "event", "A": "attribute", "M": "attribute"}
_KINDS |= {"N": "normalization", "#": "note"}
_BOUNDS = re.compile(r"(.+?) ([0-9]{1,18} [0-9]{1,18}(?:;[0-9]{1,18} [0-9]{1,18})*)")
_OURS = (".txt", ".ann", ".conf")
_UNSAFE = re.compile(r"[^\w.-]")


def sniff(sample: Sample) -> bool:
    """Return whether a text has a file of annotations beside it."""
    return sample.suffix == ".txt" and sample.path.with_suffix(".ann").exists()


def files(path: Path) -> list[Path]:
    """Return the files of annotations and texts of a folder or pair.

    Raises:
        CorpusError: A folder cannot be read.
    """
    annotations = _annotations_in(path) if path.is_dir() else [path]
    return [found.with_suffix(end) for found in annotations for end in (".ann", ".txt")]


def _annotations_in(folder: Path) -> list[Path]:
    try:
        if folder.is_dir():
            os.scandir(folder).close()  # `rglob` ignores what it may not read
        found = sorted(folder.rglob("*.ann"))
    except OSError as error:
        raise unreadable(folder, error) from None
    return [path for path in found if not path.name.startswith(".")]


def read(path: Path, findings: Findings) -> Iterator[Document]:
    """Yield the documents of a folder, or that of a pair of files.

    Raises:
        FormatError: A line is not an annotation, or does not match the text.
        CorpusError: A file is missing or cannot be read.
    """
    if path.is_dir():
        annotations = _annotations_in(path)
        if not annotations:
            raise CorpusError("no .ann files in this folder, as brat has beside .txt", path=path)
        texts = {text.with_suffix(".ann") for text in path.rglob("*.txt")}
        for lonely in sorted(texts - set(annotations)):
            findings.count(
                "text without a file of annotations", path, example=lonely.stem, action="ignored"
            )
        names = [found.relative_to(path).with_suffix("").as_posix() for found in annotations]
    else:
        annotations, names = [path.with_suffix(".ann")], [path.stem]
    unit = find_unit(map(_marked, annotations))
    for name, found in zip(names, annotations, strict=True):
        yield _document(name, found, unit, findings)


def _marked(path: Path) -> Marked:
    entries = [one for one in _entries(path, Findings()) if len(one[2]) == 1]
    bounds = [bounds[0] for _, _, bounds, _ in entries]
    return Marked(_text(path), bounds, [covered for *_, covered in entries])


def _text(path: Path) -> str:
    text_path = path.with_suffix(".txt")
    try:
        return decode(text_path.read_bytes(), text_path)  # with its line ends, which count
    except OSError as error:
        raise unreadable(text_path, error) from None


def _document(name: str, path: Path, unit: Unit | None, findings: Findings) -> Document:
    text = _text(path)
    entries = list(_entries(path, findings))
    if unit == "CRLF as one character" and "\r\n" in text:  # it got Windows' line ends later
        text = text.replace("\r\n", "\n")
        findings.count(f"offsets count {unit}", path, action="converted to characters")
    elif unit is not None:
        converted = [
            (line, label, to_characters(text, bounds, unit), covered)
            for line, label, bounds, covered in entries
        ]
        if converted != entries:
            findings.count(f"offsets count {unit}", path, action="converted to characters")
        entries = converted
    document = Document(name, path, text=text)
    for line, label, bounds, covered in entries:
        pieces = [check_span(path, line, name, text, *bound, label) for bound in bounds]
        start, end = pieces[0].start, pieces[-1].end
        span = check_span(path, line, name, text, start, end, label)
        if not _fits(text, bounds, covered):
            raise FormatError(
                path,
                line,
                f"{text[start:end]!r:.42} is at {start}–{end} in the text, not {covered!r:.42}",
                hint=f"is {path.with_suffix('.txt').name} the text that was annotated?",
            )
        # Only white space between pieces is a line end, at which brat cuts every span.
        gaps = any(has_text(text, left.end, right.start) for left, right in pairwise(pieces))
        document.chars.append(span._replace(line=line, has_gaps=gaps))
    return document


_Entry = tuple[int, str, list[tuple[int, int]], str | None]


def _entries(path: Path, findings: Findings) -> Iterator[_Entry]:
    """Yield the line, label, pieces and text of each span of a file of annotations."""
    for number, line in read_lines(path):
        if not line.strip():
            continue
        if line[0] in _KINDS:
            findings.count(f"{_KINDS[line[0]]} of brat", path, number, action="ignored")
            continue
        fields = line.split("\t", 2)
        match = _BOUNDS.fullmatch(fields[1]) if len(fields) > 1 else None
        if line[0] != "T" or match is None:
            raise FormatError(
                path,
                number,
                f"{line!r:.42} is not an annotation of brat",
                hint="as in T1<tab>PER 0 4<tab>John",
            )
        pieces = [tuple(map(int, piece.split(" "))) for piece in match[2].split(";")]
        bounds = sorted((start, end) for start, end in pieces)
        yield number, match[1], bounds, fields[2] if len(fields) > 2 else None


def _fits(text: str, bounds: Sequence[tuple[int, int]], covered: str | None) -> bool:
    return covered is None or same("".join(text[start:end] for start, end in bounds), covered)


def write(documents: Sequence[Document], scheme: Scheme, findings: Findings) -> dict[str, bytes]:
    """Lay out documents of text as the files of a folder.

    Raises:
        FormatError: A label contains white space, which brat does not read.
    """
    content: dict[str, bytes] = {}
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
        content[f"{name}.txt"] = text.encode()
        content[f"{name}.ann"] = "".join(lines).encode()
    labels = sorted({span.label for document in documents for span in document.chars})
    sections = ["[entities]", *labels, "", "[relations]", "", "[events]", "", "[attributes]", ""]
    content["annotation.conf"] = "\n".join(sections).encode()
    return content


def check_folder(target: Path, *, force: bool) -> None:
    """Check that a folder may be written, or replaced.

    Raises:
        UsageError: It may not.
    """
    if target.is_dir():
        there = sorted(target.iterdir())
        if there and not force:
            raise UsageError("exists", path=target, hint="replace it with {force=True}")
        # A text without annotations may be any file, such as the one that is converted.
        others = [
            path.name
            for path in there
            if path.suffix not in _OURS
            or path.is_dir()
            or (path.suffix == ".txt" and path.with_suffix(".ann") not in there)
        ]
        if others:
            raise UsageError(
                f"contains {others[0]}, which is not a file of brat",
                path=target,
                hint="name another folder",
            )
    elif target.exists():
        raise UsageError("is a file, and brat's files need a folder", path=target)


def write_folder(target: Path, content: Mapping[str, bytes], *, force: bool) -> None:
    """Write a folder at once: it has all its files, or is as it was before.

    Raises:
        OSError: No space, no permission.
        UsageError: It may not be written or replaced; see `check_folder`.
    """
    with named_errors(target), new_directory(target.resolve()) as new:
        for name, data in content.items():
            (new / name).write_bytes(data)
        check_folder(target, force=force)  # another process may have written it since
