"""A loaded corpus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tagger.findings import Finding
from tagger.formats.records import Layout
from tagger.schemes import Scheme

if TYPE_CHECKING:
    import datasets

__all__ = ["SPLITS", "Corpus", "HeadColumn", "Kind", "name_parts", "split_of_part"]

SPLITS = ("train", "dev", "test")

Kind = Literal["span", "token", "text"]
"""``text`` for labels of whole texts, one for each row of a split."""


def name_parts(files: Mapping[str, Sequence[Path]]) -> dict[str, Path]:
    """Name each file of the splits: the first one by the split, the others ``train#2``, ...

    >>> name_parts({"train": [Path("a"), Path("b")]})
    {'train': PosixPath('a'), 'train#2': PosixPath('b')}
    """
    return {
        f"{split}#{number}" if number > 1 else split: path
        for split in SPLITS
        for number, path in enumerate(files.get(split, ()), start=1)
    }


def split_of_part(part: str) -> str:
    """Return the split of one of its files."""
    return part.partition("#")[0]


@dataclass(frozen=True)
class HeadColumn:
    """A head that the corpus annotates; ``scheme`` is the one found in the files (span heads)."""

    name: str
    kind: Kind
    scheme: Scheme | None
    multi_label: bool = False
    """Whether a text has a list of labels (text heads)."""


@dataclass(frozen=True)
class Corpus:
    """Sentences with gold tags.

    Attributes:
        name: The name by which it was asked for, or that of its folder.
        splits: Those of ``train``, ``dev`` and ``test`` that exist. Columns: ``tokens``; the tags
            of each head under its name (span heads in BIO whatever the files have, token heads
            with None where a token has no tag; text heads with a label, or with a list of labels
            where the head is ``multi_label``, and None where the text has not been labelled);
            ``document``, the number of the document in the
            split; ``line``, the line of the sentence's first token in the file; ``space_after``,
            only where the files have it, None for a sentence that does not match its text.
        heads: The heads that are annotated.
        main_heads: The heads that are trained unless the user names others.
        layout: The layout of the files.
        findings: What is read differently than it stands in the files: tags outside their scheme,
            empty tokens, spans off token bounds, ...; the same kinds merged.
        files: The path or hub address of each split; further files of it as ``train#2``, ...
        licence: The name of its licence; empty where unknown.
        citation: The publication to cite; empty where unknown.
        fingerprint: A hash over the content of all splits.
    """

    name: str
    splits: Mapping[str, datasets.Dataset]
    heads: tuple[HeadColumn, ...]
    main_heads: tuple[str, ...]
    layout: Layout
    findings: tuple[Finding, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    licence: str = ""
    citation: str = ""
    fingerprint: str = ""
