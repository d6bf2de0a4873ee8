"""The table of formats: all that commands and corpora need to know about each.

A new format is a module and a row here. Modules are imported when they are used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, cast

from tagger.errors import UsageError, unknown_name
from tagger.lines import JSON_LINES

if TYPE_CHECKING:
    from tagger.findings import Findings
    from tagger.formats import (
        bracketed,
        brat,
        columns,
        conllu,
        docbin,
        doccano,
        fasttext,
        inline,
        jsonl,
        labelstudio,
        opennlp,
        parquet,
        prodigy,
        slashed,
        spacy_tuples,
        text_table,
        token_spans,
        webanno,
    )
    from tagger.formats.documents import Document
    from tagger.formats.records import Columns, Layout, Sentence
    from tagger.formats.sample import Sample
    from tagger.schemes import Scheme

__all__ = ["FORMATS", "DocumentModule", "Format", "SentenceModule", "find_format"]

Content = bytes | dict[str, bytes]
"""A file, or the files of a folder by their names."""


class SentenceModule(Protocol):
    """The functions of a format of sentences."""

    def sniff(self, sample: Sample) -> bool:
        """Return whether the content of a file is of the format."""

    def detect_layout(self, paths: Sequence[Path], names: str | Columns | None) -> Layout:
        """Find the columns or heads of files, whose columns the user may name."""

    def read(self, path: Path, layout: Layout, findings: Findings) -> Iterator[Sentence]:
        """Yield the sentences of a file."""

    def write(self, documents: Sequence[Document], scheme: Scheme, findings: Findings) -> Content:
        """Lay out documents of tokens."""


class DocumentModule(Protocol):
    """The functions of a format of documents."""

    def sniff(self, sample: Sample) -> bool:
        """Return whether the content of a file is of the format."""

    def read(self, path: Path, findings: Findings) -> Iterator[Document]:
        """Yield the documents of a file."""

    def write(self, documents: Sequence[Document], scheme: Scheme, findings: Findings) -> Content:
        """Lay out documents of text; of tokens, where spans are of whole tokens."""


class FolderModule(DocumentModule, Protocol):
    """The functions of a format of documents whose files lie in a folder."""

    def files(self, path: Path) -> list[Path]:
        """Return the files of a folder, or those that belong to one of them."""


if TYPE_CHECKING:
    _SENTENCES: tuple[SentenceModule, ...] = (
        *(columns, conllu, jsonl, opennlp, parquet, slashed, token_spans),
    )
    _DOCUMENTS: tuple[DocumentModule, ...] = (
        *(bracketed, inline, webanno, prodigy, doccano, labelstudio, spacy_tuples, docbin),
        *(fasttext, text_table),
    )
    _FOLDERS: tuple[FolderModule, ...] = (brat,)


@dataclass(frozen=True, kw_only=True)
class Format:
    """A way to store annotated text.

    Attributes:
        name: Its name for ``source_format`` and ``target_format``.
        title: Its name in messages.
        module_name: The name of its module in `tagger.formats`.
        reads: Whether it holds sentences of tokens with tags, or documents of text with spans.
        suffixes: Suffixes that no other format has.
        shared_suffixes: Suffixes that others may have too; then the content decides.
        any_suffix: Whether the content is recognised whatever the suffix.
        takes_columns: Whether the user may name its columns.
        is_cut: Whether its spans are of whole tokens.
        may_overlap: Whether its spans may share characters.
        by_sentence: Whether a sentence is written as a document of its own.
        is_folder: Whether its files lie in a folder.
        is_written: Whether it can be written.
        has_numbers: Whether tags may be numbers whose names are in a file beside.
        has_scheme: Whether it spells its spans as tags, in a scheme.
        has_unknown: Whether it distinguishes tokens whose tag is not known from those outside of
            spans.
        labels: Where it holds labels of whole texts: nowhere, under keys among others, or in a
            place that has nothing else.
        of_texts: The name of the format of files with its suffix that hold texts, not tokens.
        predictions: The name of the module that also reads predictions, where files have them.
    """

    name: str
    title: str
    module_name: str
    reads: Literal["sentences", "documents"]
    suffixes: tuple[str, ...] = ()
    shared_suffixes: tuple[str, ...] = ()
    any_suffix: bool = False
    takes_columns: bool = False
    is_cut: bool = False
    may_overlap: bool = False
    by_sentence: bool = False
    is_folder: bool = False
    is_written: bool = True
    has_numbers: bool = False
    has_scheme: bool = False
    has_unknown: bool = False
    labels: Literal["nowhere", "keys", "own place"] = "nowhere"
    of_texts: str = ""
    predictions: str = ""

    @property
    def sentences(self) -> SentenceModule | None:
        """Its module, where it holds sentences."""
        return cast("SentenceModule", self._module) if self.reads == "sentences" else None

    @property
    def documents(self) -> DocumentModule | None:
        """Its module, where it holds documents."""
        return cast("DocumentModule", self._module) if self.reads == "documents" else None

    @property
    def module(self) -> SentenceModule | DocumentModule:
        """Its module."""
        return cast("SentenceModule | DocumentModule", self._module)

    @property
    def _module(self) -> object:
        return import_module(f"tagger.formats.{self.module_name}")

    def read_documents(
        self, path: Path, findings: Findings, columns: str | Columns | None = None
    ) -> Iterator[Document]:
        """Yield the documents of a file, of whose columns the user may state something."""
        assert self.documents is not None
        if columns is None or not self.takes_columns:
            return self.documents.read(path, findings)
        from tagger.formats import text_table
        from tagger.formats.records import Columns

        return text_table.read(path, findings, Columns.of(columns))

    def files(self, path: Path) -> list[Path]:
        """Return the files that make up a path."""
        return cast("FolderModule", self._module).files(path) if self.is_folder else [path]

    def with_predictions(self, path: Path) -> Format:
        """Return the format that reads predictions of a file where it has no annotations.

        Raises:
            UsageError: The format has no predictions.
        """
        if not self.predictions:
            raise UsageError(
                f"{self.title} has no predictions", path=path, hint="leave out {read_predictions}"
            )
        return replace(self, name=f"{self.name} with predictions", module_name=self.predictions)

    def has_suffix(self, suffix: str) -> bool:
        """Return whether its files may have a suffix."""
        return suffix in self.suffixes or suffix in self.shared_suffixes


_COLUMNS = (
    *(".conll", ".bio", ".bio2", ".bioes", ".iob", ".iob1", ".iobes", ".bilou"),
    *(".bmes", ".bmeso", ".ner", ".pos", ".tsv", ".csv", ".txt", ".col", ".cols"),
    *(".v4_gold_conll", ".gold_conll", ".v4_auto_conll", ".v9_gold_conll"),
)

# In the order of messages. A format is detected before all those above it.
_ROWS = (
    Format(
        name="text",
        title="text with brackets",
        module_name="bracketed",
        reads="documents",
        shared_suffixes=(".txt",),
        by_sentence=True,
    ),
    Format(
        name="inline",
        title="text with inline XML",
        module_name="inline",
        reads="documents",
        shared_suffixes=(".xml", ".sgml"),
        any_suffix=True,
        by_sentence=True,
    ),
    Format(
        name="conll",
        title="CoNLL columns",
        module_name="columns",
        reads="sentences",
        suffixes=(".iob2",),
        shared_suffixes=_COLUMNS,
        takes_columns=True,
        is_cut=True,
        has_scheme=True,
        has_unknown=True,
        labels="keys",
    ),
    Format(
        name="wikiner",
        title="words with tags after |",
        module_name="slashed",
        reads="sentences",
        any_suffix=True,
        is_cut=True,
        has_scheme=True,
        has_unknown=True,
    ),
    Format(
        name="opennlp",
        title="OpenNLP",
        module_name="opennlp",
        reads="sentences",
        any_suffix=True,
        is_cut=True,
    ),
    Format(
        name="webanno",
        title="WebAnno TSV 3",
        module_name="webanno",
        reads="documents",
        any_suffix=True,
        is_cut=True,
    ),
    Format(
        name="conllu",
        title="CoNLL-U",
        module_name="conllu",
        reads="sentences",
        suffixes=(".conllu",),
        any_suffix=True,
        is_cut=True,
        has_scheme=True,
        has_unknown=True,
        labels="keys",
    ),
    Format(
        name="jsonl",
        title="JSON lines by tokens",
        module_name="jsonl",
        reads="sentences",
        shared_suffixes=JSON_LINES,
        any_suffix=True,
        is_cut=True,
        has_numbers=True,
        has_scheme=True,
        has_unknown=True,
        labels="keys",
    ),
    Format(
        name="prodigy",
        title="Prodigy's JSON lines",
        module_name="prodigy",
        reads="documents",
        shared_suffixes=JSON_LINES,
        any_suffix=True,
        may_overlap=True,
        labels="keys",
    ),
    Format(
        name="doccano",
        title="doccano's JSON lines",
        module_name="doccano",
        reads="documents",
        shared_suffixes=JSON_LINES,
        any_suffix=True,
        may_overlap=True,
        labels="keys",
    ),
    Format(
        name="labelstudio",
        title="Label Studio's JSON",
        module_name="labelstudio",
        predictions="labelstudio_predictions",
        reads="documents",
        shared_suffixes=(".json",),
        any_suffix=True,
        may_overlap=True,
        labels="own place",
    ),
    Format(
        name="gliner",
        title="JSON by spans of tokens",
        module_name="token_spans",
        reads="sentences",
        any_suffix=True,
        is_cut=True,
    ),
    Format(
        name="spacy2",
        title="spaCy 2's tuples",
        module_name="spacy_tuples",
        reads="documents",
        any_suffix=True,
        may_overlap=True,
    ),
    Format(
        name="spacyjson",
        title="spaCy's JSON",
        module_name="spacy_json",
        reads="documents",
        any_suffix=True,
        is_cut=True,
        is_written=False,
    ),
    Format(
        name="spacy",
        title="spaCy's DocBin",
        module_name="docbin",
        reads="documents",
        suffixes=(".spacy",),
        is_cut=True,
        has_unknown=True,
        labels="own place",
    ),
    Format(
        name="parquet",
        title="Parquet",
        module_name="parquet",
        reads="sentences",
        suffixes=(".parquet",),
        any_suffix=True,
        is_cut=True,
        has_numbers=True,
        has_scheme=True,
        has_unknown=True,
        labels="keys",
        of_texts="table",
    ),
    Format(
        name="brat",
        title="brat's standoff",
        module_name="brat",
        reads="documents",
        suffixes=(".ann",),
        any_suffix=True,
        may_overlap=True,
        is_folder=True,
    ),
    Format(
        name="table",
        title="a table of texts",
        module_name="text_table",
        reads="documents",
        any_suffix=True,
        takes_columns=True,
        labels="keys",
    ),
    Format(
        name="fasttext",
        title="fastText's labelled texts",
        module_name="fasttext",
        reads="documents",
        any_suffix=True,
        labels="own place",
    ),
)

FORMATS = {row.name: row for row in _ROWS}


def find_format(name: str) -> Format:
    """Find a format by its name.

    Raises:
        UsageError: There is no format of this name.
    """
    if name not in FORMATS:
        raise UsageError(unknown_name("format", name, FORMATS), expected=FORMATS)
    return FORMATS[name]
