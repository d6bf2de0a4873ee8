"""The formats by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tagger.errors import UsageError, unknown_name
from tagger.formats import (
    bracketed,
    brat,
    columns_writer,
    conllu_writer,
    docbin,
    jsonl_writer,
    labelstudio,
    offsets,
    tokens,
)
from tagger.formats.documents import Document, Notes
from tagger.schemes import Scheme

__all__ = ["FORMATS", "JSON_SUFFIXES", "Format", "find_format", "formats_for"]

Content = bytes | dict[str, bytes]


@dataclass(frozen=True)
class Format:
    """One way to store annotated documents.

    Attributes:
        title: what it is called in messages.
        suffixes: those of its files; where several formats have one, the content decides.
        read: gives the documents of a file.
        write: lays documents out as a file, or as the files of a folder.
        has_text: whether its spans are of characters in a text; else it holds tokens alone.
        is_cut: whether its spans are of whole tokens.
        may_overlap: whether its spans may share characters.
        has_tags: whether it spells spans as tags, in a scheme.
    """

    title: str
    suffixes: tuple[str, ...]
    read: Callable[[Path, Notes], Iterator[Document]]
    write: Callable[[Sequence[Document], Scheme, Notes], Content]
    has_text: bool = True
    is_cut: bool = False
    may_overlap: bool = True
    has_tags: bool = False


_COLUMNS = (
    *(".conll", ".bio", ".bio2", ".bioes", ".iob", ".iob1", ".iob2", ".iobes", ".bilou"),
    *(".ner", ".pos", ".tsv", ".txt", ".col", ".cols"),
)
_JSON_LINES = (".jsonl", ".ndjson")
JSON_SUFFIXES = (*_JSON_LINES, ".json")

_sentences = partial(Format, has_text=False, is_cut=True, may_overlap=False, has_tags=True)

FORMATS: dict[str, Format] = {
    "conll": _sentences(
        "CoNLL columns", _COLUMNS, partial(tokens.read, kind="columns"), columns_writer.write
    ),
    "conllu": _sentences(
        "CoNLL-U", (".conllu",), partial(tokens.read, kind="conllu"), conllu_writer.write
    ),
    "jsonl": _sentences(
        "JSON lines by tokens", _JSON_LINES, partial(tokens.read, kind="jsonl"), jsonl_writer.write
    ),
    "prodigy": Format("Prodigy's JSON lines", _JSON_LINES, offsets.read, offsets.write_prodigy),
    "doccano": Format("doccano's JSON lines", _JSON_LINES, offsets.read, offsets.write_doccano),
    "labelstudio": Format("Label Studio's JSON", (".json",), labelstudio.read, labelstudio.write),
    "spacy": Format(
        "spaCy's DocBin", (".spacy",), docbin.read, docbin.write, is_cut=True, may_overlap=False
    ),
    "brat": Format("brat's standoff", (".ann",), brat.read, brat.write),
    "text": Format(
        "text with brackets", (".txt",), bracketed.read, bracketed.write, may_overlap=False
    ),
}


def find_format(name: str) -> Format:
    """Find a format by its name.

    Raises:
        UsageError: for an unknown name, with the valid ones.
    """
    if name not in FORMATS:
        raise UsageError(unknown_name("format", name, FORMATS))
    return FORMATS[name]


def formats_for(path: Path) -> list[str]:
    """Name the formats whose files have the suffix of ``path``."""
    return [name for name, one in FORMATS.items() if path.suffix.lower() in one.suffixes]
