"""Repairs of files of columns: shown as a diff, and written at once or not at all."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tagger.errors import CorpusError
from tagger.files import named_errors, new_file
from tagger.formats.fields import MARKS
from tagger.formats.records import Layout
from tagger.lines import BOM
from tagger.linting.records import LINE_ENDS, CodedFinding, Edit

__all__ = ["Patch", "make_patches", "write_patches"]

_FIELD = re.compile(r"[^ \t]+")


@dataclass(frozen=True)
class Patch:
    """The new content of a file.

    Attributes:
        path: The file.
        old: What was read.
        new: What is to be written.
        fixed: The findings that the new content no longer has.
    """

    path: Path
    old: bytes
    new: bytes
    fixed: tuple[CodedFinding, ...]

    def diff(self) -> Iterator[str]:
        """Yield the lines of a unified diff, in which line ends that differ are written out."""
        old, new = (content.decode().split("\n") for content in (self.old, self.new))
        if any(line.endswith("\r") for line in old) and old != new:
            old, new = ([line.replace("\r", "\\r") for line in lines] for lines in (old, new))
        name = str(self.path)
        yield from difflib.unified_diff(old, new, name, name, n=1, lineterm="")


def make_patches(
    edits: Sequence[tuple[CodedFinding, Edit]], layouts: Mapping[str, Layout]
) -> list[Patch]:
    """Apply repairs to the contents of files; those that do not fit are left out.

    Args:
        edits: The repairs, each with its finding.
        layouts: The layout of each file.

    Raises:
        OSError: A file cannot be read.
    """
    by_path: dict[str, list[tuple[CodedFinding, Edit]]] = {}
    for finding, edit in edits:
        by_path.setdefault(edit.path, []).append((finding, edit))
    patches = []
    for name, of_file in by_path.items():
        path = Path(name)
        old = path.read_bytes()
        lines = old.decode().split("\n")
        fixed: list[CodedFinding] = []
        ends = [one for one in of_file if one[1].column == LINE_ENDS]
        for finding, edit in of_file:
            if edit.column == LINE_ENDS:
                continue
            line = lines[edit.line - 1]
            new = _edited(line, edit, layouts[name])
            if new is not None and new != line:
                lines[edit.line - 1] = new
                fixed.append(finding)
        if ends:
            n_windows = sum(line.endswith("\r") for line in lines)
            end = "\r" if 2 * n_windows > len(lines) else ""
            last = lines.pop()
            lines = [line.removesuffix("\r") + end for line in lines]
            lines.append(last)
            fixed += [finding for finding, _ in ends]
        content = "\n".join(lines).encode()
        if content != old:
            patches.append(Patch(path, old, content, tuple(fixed)))
    return patches


def _edited(line: str, edit: Edit, layout: Layout) -> str | None:
    """Return a line with one of its fields repaired; None where it cannot be found."""
    number = next((i for i, name in layout.columns.items() if name == edit.column), 0)
    start = BOM if line.startswith(BOM) else ""
    end = "\r" if line.endswith("\r") else ""
    line = line.removeprefix(start).removesuffix(end)
    if not number or number in layout.brackets or (layout.is_quoted and '"' in line):
        return None
    if layout.delimiter == "spaces":
        fields = [match.span() for match in _FIELD.finditer(line)]
    else:
        ends_of = [i for i, mark in enumerate(line) if mark == MARKS[layout.delimiter]]
        fields = list(zip([0, *(i + 1 for i in ends_of)], [*ends_of, len(line)], strict=True))
    if len(fields) < number:
        return None
    first, past = fields[number - 1]
    new = edit.repair(line[first:past])
    # A field that becomes empty or gets a separator would break the line.
    if not new.strip() or set(new) & set(MARKS.get(layout.delimiter, " \t")):
        return None
    return f"{start}{line[:first]}{new}{line[past:]}{end}"


def write_patches(patches: Sequence[Patch]) -> None:
    """Write the new contents, each file at once; first all are checked.

    Raises:
        CorpusError: A file has changed since it was read, or may not be written; then none is.
        OSError: One cannot be written; its old content stays.
    """
    for patch in patches:
        _check_unchanged(patch)
        folder = patch.path.resolve().parent
        if not os.access(patch.path, os.W_OK) or not os.access(folder, os.W_OK):
            raise CorpusError(
                "no permission to write it", path=patch.path, hint="no file was changed"
            )
    for patch in patches:
        with named_errors(patch.path), new_file(patch.path, wait=True) as file:
            os.fchmod(file.fileno(), patch.path.stat().st_mode)
            file.write(patch.new)
            _check_unchanged(patch)  # another process may have repaired it since


def _check_unchanged(patch: Patch) -> None:
    if patch.path.read_bytes() != patch.old:
        raise CorpusError("changed while it was read", path=patch.path, hint="start again")
