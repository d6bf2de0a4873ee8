"""The formats by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tagger.corpus.formats import (
    bracketed,
    brat,
    columns,
    conllu,
    docbin,
    jsonl,
    labelstudio,
    offsets,
    tokens,
)
from tagger.corpus.formats.documents import Document, Notes
from tagger.corpus.schemes import Scheme
from tagger.errors import UsageError, unknown_name

__all__ = ["FORMATS", "Format", "find_format"]

Content = bytes | dict[str, bytes]


@dataclass(frozen=True)
class Format:
    """One way to store annotated documents.

    Attributes:
        title: what it is called in messages.
        read: gives the documents of a file.
        write: lays documents out as a file, or as the files of a folder.
        has_text: whether its spans are of characters in a text; else it holds tokens alone.
        is_cut: whether its spans are of whole tokens.
        may_overlap: whether its spans may share characters.
        has_tags: whether it spells spans as tags, in a scheme.
    """

    title: str
    read: Callable[[Path, Notes], Iterator[Document]]
    write: Callable[[Sequence[Document], Scheme, Notes], Content]
    has_text: bool = True
    is_cut: bool = False
    may_overlap: bool = True
    has_tags: bool = False


_sentences = partial(Format, has_text=False, is_cut=True, may_overlap=False, has_tags=True)

FORMATS: dict[str, Format] = {
    "conll": _sentences("CoNLL columns", partial(tokens.read, kind="columns"), columns.write),
    "conllu": _sentences("CoNLL-U", partial(tokens.read, kind="conllu"), conllu.write),
    "jsonl": _sentences("JSON lines by tokens", partial(tokens.read, kind="jsonl"), jsonl.write),
    "prodigy": Format("Prodigy's JSON lines", offsets.read, offsets.write_prodigy),
    "doccano": Format("doccano's JSON lines", offsets.read, offsets.write_doccano),
    "labelstudio": Format("Label Studio's JSON", labelstudio.read, labelstudio.write),
    "spacy": Format("spaCy's DocBin", docbin.read, docbin.write, is_cut=True, may_overlap=False),
    "brat": Format("brat's standoff", brat.read, brat.write),
    "text": Format("text with brackets", bracketed.read, bracketed.write, may_overlap=False),
}


def find_format(name: str) -> Format:
    """Find a format by its name.

    Raises:
        UsageError: for an unknown name, with the valid ones.
    """
    if name not in FORMATS:
        raise UsageError(unknown_name("format", name, FORMATS))
    return FORMATS[name]
