"""Corpora as ids: vocabulary and tag inventories first, then every sentence."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from tagger.corpus.store import mapped
from tagger.features.forms import FormEncoder, FormFeatures, Ids, take_forms
from tagger.model.choices import TagChoices
from tagger.model.network import IGNORED
from tagger.training.batching import pad

if TYPE_CHECKING:
    import datasets

READ_BATCH = 1000


@dataclass
class Inventory:
    """The forms and tags of training data."""

    forms: Counter[str] = field(default_factory=Counter)
    tags: dict[str, Counter[str]] = field(default_factory=dict)
    """Occurrences of each tag by head; spans in BIO."""

    def add(self, split: datasets.Dataset, heads: Sequence[str]) -> None:
        """Count the forms and tags of a split; ``heads`` are its columns to read."""
        for rows in split.select_columns(["tokens", *heads]).iter(READ_BATCH):
            for tokens in rows["tokens"]:
                self.forms.update(tokens)
            for head in heads:
                counts = self.tags.setdefault(head, Counter())
                for tags in rows[head]:
                    counts.update(tag for tag in tags if tag is not None)


class ListColumn:
    """A column of lists of integers in Arrow, each list a view into mapped memory.

    Args:
        split: The dataset.
        name: A column of lists without nulls.
    """

    def __init__(self, split: datasets.Dataset, name: str) -> None:
        self._values: list[NDArray[Any]] = []
        self._offsets: list[NDArray[Any]] = []
        firsts = [0]
        for chunk in split.data.column(name).chunks:
            offsets = chunk.offsets.to_numpy()
            # `flatten` starts at the chunk's own first list, `offsets` count from the buffer's.
            self._values.append(chunk.flatten().to_numpy())
            self._offsets.append(offsets - offsets[0])
            firsts.append(firsts[-1] + len(chunk))
        self._firsts = np.array(firsts)

    def __getitem__(self, row: int) -> NDArray[Any]:
        chunk = int(np.searchsorted(self._firsts, row, side="right")) - 1
        i = row - int(self._firsts[chunk])
        offsets = self._offsets[chunk]
        return self._values[chunk][offsets[i] : offsets[i + 1]]

    def lengths(self) -> NDArray[np.int32]:
        """Return the number of items of each list."""
        return np.concatenate([np.diff(offsets) for offsets in self._offsets]).astype(np.int32)


@dataclass(frozen=True)
class Batch:
    """Padded ids of some sentences; see `tagger.model.network.TaggingNetwork.forward`."""

    features: FormFeatures[Ids]
    form_index: Ids  # (batch, tokens)
    lengths: Ids  # (batch,)
    form_counts: Ids  # (forms,), how often each form's word occurs in the training data
    tags: dict[str, Ids]  # (batch, tokens) by head, codes of `choices`
    choices: dict[str, TagChoices]  # by head


RECASES: tuple[Callable[[str], str], ...] = (str.lower, str.upper, str.title)


def recased(tokens: Sequence[str], prob: float) -> Sequence[str]:
    """Put a sentence into one of the `RECASES`, as PyTorch's random state has it, or leave it."""
    if prob > 0 and torch.rand(()) < prob:
        recase = RECASES[int(torch.randint(len(RECASES), ()))]
        return [recase(token) for token in tokens]
    return tokens


class FormTable:
    """The ids of every form of the training data, computed once.

    Args:
        forms: The forms and how often each occurs.
        encoder: Turns forms into ids.
        recased: Whether the forms are needed in other cases too.
    """

    def __init__(self, forms: Counter[str], encoder: FormEncoder, *, recased: bool = False) -> None:
        self.rows = {form: row for row, form in enumerate(forms)}
        distinct = dict(self.rows)
        if recased:
            for form in (recase(form) for recase in RECASES for form in forms):
                distinct.setdefault(form, len(distinct))
        self.recased = np.array(
            [[distinct[recase(form)] for form in forms] for recase in RECASES if recased],
            dtype=np.int64,
        )  # (cases, forms), the row of each form in each case
        self.features = encoder(list(distinct))
        counts = np.zeros(len(encoder.vocabulary.words) + 1, dtype=np.int64)
        np.add.at(
            counts,
            self.features.word_ids[: len(forms)],
            np.fromiter(forms.values(), dtype=np.int64),
        )
        self.counts = counts[self.features.word_ids]


class EncodedCorpus:
    """The training sentences of a corpus as ids, memory-mapped.

    Args:
        split: The sentences.
        table: The ids of their forms.
        choices: For each head that the corpus has: how its gold tags are encoded.
    """

    def __init__(
        self, split: datasets.Dataset, table: FormTable, choices: Sequence[TagChoices]
    ) -> None:
        self.table = table
        encoded = _encode(split, table.rows, choices)
        self._forms = ListColumn(encoded, "form_ids")
        self._tags = {one.head.name: ListColumn(encoded, one.head.name) for one in choices}
        self._choices = {one.head.name: one for one in choices}
        self.lengths = self._forms.lengths()

    def batch(self, sentences: Ids, *, recase_prob: float = 0.0) -> Batch:
        """Collect sentences into a batch.

        Args:
            sentences: Their numbers.
            recase_prob: How often a sentence is put into lower case, capitals or title case, as
                PyTorch's random state has it; above 0 only with a table made for it.
        """
        rows = [self._forms[i] for i in sentences.tolist()]
        if recase_prob > 0:
            for i in (torch.rand(len(rows)) < recase_prob).nonzero().flatten().tolist():
                to = int(torch.randint(len(self.table.recased), ()))
                rows[i] = self.table.recased[to][rows[i]]
        forms, lengths = pad(rows, fill=rows[0][0])
        distinct, index = np.unique(forms, return_inverse=True)
        return Batch(
            take_forms(self.table.features, distinct),
            index.reshape(forms.shape),
            lengths,
            self.table.counts[distinct],
            {
                name: pad([column[i] for i in sentences.tolist()], fill=IGNORED)[0]
                for name, column in self._tags.items()
            },
            self._choices,
        )


def _encode(
    split: datasets.Dataset, rows: Mapping[str, int], choices: Sequence[TagChoices]
) -> datasets.Dataset:
    import datasets

    def encode(batch: dict[str, Any]) -> dict[str, list[list[int]]]:
        columns = {"form_ids": [[rows[form] for form in tokens] for tokens in batch["tokens"]]}
        for one in choices:
            columns[one.head.name] = [one.encode(tags) for tags in batch[one.head.name]]
        return columns

    digest = hashlib.blake2b(digest_size=8)
    for part in (split._fingerprint, *rows, *(repr(one) for one in choices)):
        digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
    features = {one.head.name: datasets.List(datasets.Value("int32")) for one in choices}
    return mapped(
        split,
        encode,
        fingerprint=digest.hexdigest(),
        features=datasets.Features(form_ids=datasets.List(datasets.Value("int32")), **features),
        remove_columns=split.column_names,
    )
