"""CoNLL-U (https://universaldependencies.org/format.html), through the ``conllu`` library.

Heads are UPOS, XPOS, and entities where MISC has them, as ``NER=B-PER``. The words are those of
the syntax: a range (``3-4 du``) gives way to its words, and empty nodes (``8.1``) are left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tagger.errors import FormatError
from tagger.findings import Findings
from tagger.formats.documents import Document, main_layer
from tagger.formats.records import Columns, Layout, Sentence, TextLabel
from tagger.formats.sample import Sample
from tagger.formats.text_labels import add_label, of_comment
from tagger.formats.writing import (
    count_unwritten,
    encode_lines,
    label_comments,
    refuse,
    sentence_tags,
    space_after,
)
from tagger.lines import as_number, read_rows
from tagger.schemes import OUTSIDE, Scheme, is_tag
from tagger.tables import counted

__all__ = ["detect_layout", "read", "sniff", "write"]

_FIELDS = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
_MISC_KEYS = ("NER", "Entity", "Name")
_MISC = re.compile(rf"(?:^|\|)({'|'.join(_MISC_KEYS)})=([^|]*)", re.IGNORECASE)
_ID = re.compile(r"[0-9]+(?:([-.])[0-9]+)?")
# The library splits at two spaces as at a tab, which a token may hold. No text has a NUL.
_SECOND_SPACE = "\0"
_PLUS = "# global.columns = "
_TEXT = re.compile(r"#\s*text\s*=")
_NO_SPACE = "SpaceAfter=No"
_UPOS = "upos"
_XPOS = ("xpos", "pos")


def sniff(sample: Sample) -> bool:
    """Return whether the first line of tokens has ten columns and number 1."""
    fields = next(iter(sample.data), "").split("\t")
    return len(fields) == len(_FIELDS) and fields[0][:1] == "1"


def detect_layout(paths: Sequence[Path], names: str | Columns | None = None) -> Layout:
    """Find which of UPOS, XPOS and entities in MISC the files have.

    Raises:
        FormatError: A line of tokens does not have ten columns.
    """
    has = {4: False, 5: False}
    misc: dict[str, Counter[str]] = {}
    has_spaces = False
    for path in paths:
        for number, line in read_rows(path):
            if not line.strip() or line.startswith("#"):
                has_spaces = has_spaces or _TEXT.match(line) is not None
                continue
            fields = _checked(path, number, line)
            has_spaces = has_spaces or _NO_SPACE in fields[9].split("|")
            for column in has:
                has[column] = has[column] or fields[column - 1] != "_"
            for key, tag in _MISC.findall(fields[9]):
                misc.setdefault(key, Counter())[tag] += 1
    # `Entity=(e1-person` is a coreference mark, not a tag.
    keys = [
        key
        for key, tags in misc.items()
        if 2 * sum(n for tag, n in tags.items() if is_tag(tag)) >= tags.total() > tags["O"]
    ]
    key = min(keys, key=lambda key: [k.lower() for k in _MISC_KEYS].index(key.lower()), default="")
    columns = {2: "token", 4: "upos", 5: "xpos", 10: "ner"}
    found = {2, *(column for column in has if has[column]), *([10] if key else [])}
    return Layout(
        format="conllu",
        title="CoNLL-U",
        delimiter="tab",
        columns={number: name for number, name in columns.items() if number in found},
        misc_key=key,
        has_spaces=has_spaces,
    )


def read(path: Path, layout: Layout, findings: Findings) -> Iterator[Sentence]:
    """Yield the sentences of a file.

    Raises:
        FormatError: A line is not CoNLL-U.
        CorpusError: The file cannot be read.
    """
    import conllu

    source = _Source(path)
    document = -1
    parsers = dict.fromkeys(_FIELDS, _plain)  # the other fields are not checked
    for parsed in conllu.parse_incr(source, field_parsers=parsers):  # type: ignore[arg-type]
        document += any(key.startswith("newdoc") for key in parsed.metadata)
        lines, labels = source.take()
        if len(parsed):
            sentence = _sentence(list(parsed), lines, document, layout)
            sentence.labels = labels
            if not sentence.tokens:
                raise FormatError(path, lines[0], "a sentence without words")
            yield sentence


def _sentence(rows: list[Any], lines: list[int], document: int, layout: Layout) -> Sentence:
    tokens: list[str] = []
    space_after: list[bool] = []
    kept: list[Any] = []
    kept_lines: list[int] = []
    range_end, range_spaced = 0, True
    for row, line in zip(rows, lines, strict=True):
        match = _ID.fullmatch(row["id"])
        kind = match[1] if match else None
        spaced = _NO_SPACE not in row.get("misc", "_").split("|")
        if kind == "-":
            range_end, range_spaced = as_number(row["id"].split("-")[1]), spaced
        if kind is not None:
            continue
        number = as_number(row["id"])
        if number <= range_end:  # the words of a range stand in the text as one
            spaced = range_spaced and number == range_end
        tokens.append(row["form"])
        space_after.append(spaced)
        kept.append(row)
        kept_lines.append(line)
    heads: dict[str, list[str | None]] = {}
    for name in layout.columns.values():
        if name in ("upos", "xpos"):
            heads[name] = [row[name] if row[name] != "_" else None for row in kept]
        elif name == "ner":
            heads[name] = [_entity(row.get("misc", "_"), layout.misc_key) for row in kept]
    known = space_after if layout.has_spaces else None
    return Sentence(tokens, heads, kept_lines, document, known)


def _entity(misc: str, misc_key: str) -> str:
    for pair in misc.split("|"):
        key, _, tag = pair.partition("=")
        if key == misc_key:
            return tag
    return OUTSIDE


@dataclass
class _Source:
    """A file as the library reads it, which checks each line and keeps the lines of tokens."""

    path: Path
    _lines: list[int] = field(default_factory=list)
    _labels: dict[str, TextLabel] = field(default_factory=dict)

    def read(self) -> str:
        raise NotImplementedError("read by line")

    def take(self) -> tuple[list[int], dict[str, TextLabel]]:
        taken = self._lines, self._labels
        self._lines, self._labels = [], {}
        return taken

    def __iter__(self) -> Iterator[str]:
        for number, line in read_rows(self.path):
            if line.strip() and not line.startswith("#"):
                fields = _checked(self.path, number, line)
                if not _ID.fullmatch(fields[0]):
                    raise FormatError(
                        self.path,
                        number,
                        f"{fields[0]!r} in column 1 is not an id, range or empty node",
                    )
                if not fields[1]:
                    raise FormatError(self.path, number, "column 2 (FORM) is empty")
                self._lines.append(number)
                line = line.replace("  ", " " + _SECOND_SPACE)
            elif line.startswith(_PLUS) and tuple(line[len(_PLUS) :].lower().split()) != _FIELDS:
                raise FormatError(
                    self.path,
                    number,
                    "CoNLL-U Plus is not supported, only the ten columns of CoNLL-U",
                )
            elif said := of_comment(line) if line.startswith("#") else None:
                add_label(self._labels, *said)
            yield line + "\n"


def _plain(fields: Sequence[str], i: int) -> str:
    return fields[i].replace(_SECOND_SPACE, " ")


def _checked(path: Path, number: int, line: str) -> list[str]:
    fields = line.split("\t")
    if len(fields) != len(_FIELDS):
        raise FormatError(
            path,
            number,
            f"{counted(len(fields), 'column')} where CoNLL-U has 10, separated by tabs",
        )
    return fields


def write(documents: Sequence[Document], scheme: Scheme, findings: Findings) -> bytes:
    """Lay out documents of tokens.

    Raises:
        FormatError: The format cannot hold a token or label.
    """
    return encode_lines(documents, _lines(documents, scheme, findings))


def _lines(documents: Sequence[Document], scheme: Scheme, findings: Findings) -> Iterator[str]:
    for number, document in enumerate(documents, start=1):
        if not document.is_part and document.ends:
            yield f"# newdoc id = {document.name}"
        xpos = next((head for head in _XPOS if head in document.tags), "")
        count_unwritten(document, findings, tags=(_UPOS, xpos))
        spaces = space_after(document)
        tags = sentence_tags(document, main_layer(document), scheme)
        for i, ((first, past), entities) in enumerate(zip(document.bounds(), tags, strict=True)):
            yield f"# sent_id = {number}.{i + 1}"
            yield from label_comments(document, i)
            if spaces is not None:
                yield f"# text = {_text(document.tokens[first:past], spaces[first:past])}"
            for n, entity in enumerate(entities):
                token = first + n
                entity = entity or "?"  # not known
                misc = [f"NER={entity}"] if entity != OUTSIDE else []
                if spaces is not None and not spaces[token]:
                    misc.append("SpaceAfter=No")
                fields = [document.tokens[token], _tag(document, _UPOS, token)]
                fields += [_tag(document, xpos, token), entity]
                refuse(document, "\t\r\n", *fields)
                refuse(document, "|", entity)
                form, upos, tag, _ = fields
                yield "\t".join([str(n + 1), form, "_", upos, tag, *"____", "|".join(misc) or "_"])
            yield ""


def _tag(document: Document, head: str, token: int) -> str:
    return (document.tags[head][token] or "_") if head in document.tags else "_"


def _text(tokens: Sequence[str], spaces: Sequence[bool]) -> str:
    pieces = [token + " " * space for token, space in zip(tokens, spaces, strict=True)]
    return "".join(pieces).rstrip(" ")
