"""`tagger.read`: the sentences of a corpus, with gold tags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

import msgspec

from tagger.arguments import as_name
from tagger.corpus.load import load_corpus
from tagger.corpus.records import HeadColumn
from tagger.errors import UsageError, unknown_name
from tagger.formats.records import Columns, TextLabel
from tagger.tables import counted

if TYPE_CHECKING:
    import datasets

__all__ = ["GoldSentence", "GoldSentences", "read"]

PIECE = 1000
"""Sentences that are read together."""


class GoldSentence(msgspec.Struct, frozen=True):
    """A sentence of a corpus."""

    tokens: list[str]
    heads: dict[str, list[str | None]]
    """The tags of each head, spans in BIO; None for a token without a tag."""
    labels: dict[str, TextLabel] = {}  # msgspec copies it
    """By head the label of the whole text, or its labels; None where it is missing."""

    def __repr__(self) -> str:
        rows = zip(self.tokens, *self.heads.values(), strict=True)
        labels = (f" {head}={label!r}" for head, label in self.labels.items())
        return " ".join("/".join(tag or "_" for tag in row) for row in rows) + "".join(labels)


class GoldSentences(Sequence[GoldSentence]):
    """The sentences of a split, which are read from disk as they are needed.

    Attributes:
        name: The name of the corpus.
        split: The split.
        heads: The heads that are annotated.
    """

    def __init__(
        self, name: str, split: str, data: datasets.Dataset, heads: Sequence[HeadColumn]
    ) -> None:
        self.name = name
        self.split = split
        self.heads = tuple(head.name for head in heads)
        self._of_texts = {head.name for head in heads if head.kind == "text"}
        self._data = data.select_columns(["tokens", *self.heads])

    def __len__(self) -> int:
        return len(self._data)

    @overload
    def __getitem__(self, index: int) -> GoldSentence: ...

    @overload
    def __getitem__(self, index: slice) -> list[GoldSentence]: ...

    def __getitem__(self, index: int | slice) -> GoldSentence | list[GoldSentence]:
        if isinstance(index, slice):
            return self._sentences(self._data[index])
        place = range(len(self))[index]  # raises IndexError, counts negative ones from the end
        (sentence,) = self._sentences(self._data[place : place + 1])
        return sentence

    def __iter__(self) -> Iterator[GoldSentence]:
        for rows in self._data.iter(PIECE):
            yield from self._sentences(rows)

    def _sentences(self, rows: dict[str, list[Any]]) -> list[GoldSentence]:
        return [
            GoldSentence(
                tokens,
                {head: list(rows[head][i]) for head in self.heads if head not in self._of_texts},
                {head: rows[head][i] for head in self.heads if head in self._of_texts},
            )
            for i, tokens in enumerate(rows["tokens"])
        ]

    def __repr__(self) -> str:
        size = counted(len(self), "sentence")
        return f"<{size} of {self.name} {self.split}: {', '.join(self.heads)}>"


def read(
    corpus: str | Path,
    split: Literal["train", "dev", "test"] | None = None,
    *,
    columns: str | Columns | None = None,
    read_predictions: bool = False,
    strict: bool = False,
    data_dir: str | Path | None = None,
) -> GoldSentences:
    """Read a corpus as sentences of tokens with gold tags.

    Args:
        corpus: The name of a corpus, a folder, a file, or ``hub:owner/name``.
        split: The split; None for train, or for the only one.
        columns: The columns of the corpus's files, as in ``token,pos,chunk,ner``, or a
            `tagger.Columns`.
        read_predictions: Read the predictions in exports of Label Studio where a task is not
            annotated.
        strict: Stop at a tag outside its scheme instead of repairing it.
        data_dir: Where to look for named corpora first.

    Raises:
        UsageError: There is no such corpus or split.
        CorpusError: The corpus is not found or cannot be read.

    >>> sentences = read("sample", "dev")
    >>> sentences
    <274 sentences of sample dev: upos, ner>
    >>> sentences[0].tokens[:3], sentences[0].heads["ner"][:3]
    (['Jakarta', 'is', 'sinking'], ['B-LOC', 'O', 'O'])
    """
    loaded = load_corpus(
        as_name("corpus", corpus),
        data_dir=None if data_dir is None else Path(data_dir),
        columns=as_name("columns", columns, "names with commas, or Columns")
        if columns is not None and not isinstance(columns, Columns)
        else columns,
        strict=strict,
        read_predictions=read_predictions,
    )
    default = "train" if "train" in loaded.splits else next(iter(loaded.splits))
    chosen: str = split or default
    if chosen not in loaded.splits:
        message = f"{loaded.name}: {unknown_name('split', chosen, loaded.splits)}"
        raise UsageError(message, expected=loaded.splits)
    return GoldSentences(loaded.name, chosen, loaded.splits[chosen], loaded.heads)
