"""Detection of the format of a file, by its suffix and content."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from tagger.errors import FormatError, UsageError
from tagger.formats.sample import Sample
from tagger.formats.table import FORMATS, Format
from tagger.lines import JSON_SUFFIXES

__all__ = ["detect", "format_of", "format_to_write"]

_NAME_IT = "name it with {source_format}"


def detect(path: Path) -> Format | None:
    """Detect the format of a file or folder; None where neither suffix nor content shows it.

    Raises:
        FormatError: JSON that cannot be read, or that has none of the known keys.
        CorpusError: It cannot be read.
    """
    if path.is_dir():
        return next(row for row in FORMATS.values() if row.is_folder)
    sample = Sample(path)
    claims = [row for row in FORMATS.values() if row.has_suffix(sample.suffix)]
    for row in claims:
        if sample.suffix in row.suffixes:
            of_texts = FORMATS.get(row.of_texts)
            return of_texts if of_texts and of_texts.module.sniff(sample) else row
    for row in reversed(FORMATS.values()):
        may_be = row.any_suffix or row in claims or not claims
        if may_be and row.module.sniff(sample):
            return row
    if sample.suffix in JSON_SUFFIXES:
        raise _unknown_json(sample)
    return claims[0] if len(claims) == 1 else None


def format_of(path: Path) -> Format:
    """Detect the format of a file or folder.

    Raises:
        UsageError: It has none of the formats.
        FormatError: JSON that cannot be read, or that has none of the known keys.
        CorpusError: It cannot be read.
    """
    found = detect(path)
    if found is None:
        raise UsageError(
            f"its format cannot be detected (known are {', '.join(FORMATS)})",
            path=path,
            expected=FORMATS,
            hint=_NAME_IT,
        )
    return found


def format_to_write(path: Path) -> Format:
    """Return the format that the name of a file to write stands for.

    Raises:
        UsageError: The name leaves it open.
    """
    if path.is_dir():
        return next(row for row in FORMATS.values() if row.is_folder)
    written = [row for row in FORMATS.values() if row.is_written]
    meant = [row for row in written if row.has_suffix(path.suffix.lower())]
    if len(meant) == 1:
        return meant[0]
    names = [row.name for row in meant or written]
    what = f"{path.suffix} leaves the format open" if meant else "its name has no known suffix"
    raise UsageError(
        f"{what}: {', '.join(names)}",
        path=path,
        expected=names,
        hint="name one with {target_format}",
    )


def _unknown_json(sample: Sample) -> FormatError:
    if sample.value is None:
        return FormatError(sample.path, None, "the file has no documents or sentences")
    line, record = sample.value
    if not isinstance(record, dict):
        return FormatError(
            sample.path, line, f"{record!r:.40} where the JSON object of a document should be"
        )
    keys = ", ".join(map(repr, islice(record, 6))) or "no keys"
    return FormatError(
        sample.path,
        line,
        f"JSON with {keys}, but neither 'text' nor 'tokens' nor 'data'",
        expected=("text", "tokens", "data"),
        hint="write texts under 'text' with 'entities', or words under 'tokens' with 'ner_tags'",
    )
