"""Corpora as ids: vocabulary and tag inventories first, then every sentence."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from tagger.corpus.store import mapped
from tagger.features.forms import FormEncoder, FormFeatures, Ids, take_forms
from tagger.formats.records import TextLabel
from tagger.formats.text_labels import listed
from tagger.model.choices import TagChoices
from tagger.model.heads import HeadSpec
from tagger.model.network import IGNORED
from tagger.training.batching import pad
from tagger.training.downweighting import SuspectWeights, sentence_key

if TYPE_CHECKING:
    import datasets

READ_BATCH = 1000
FORMS_AT_ONCE = 200_000


@dataclass
class Inventory:
    """The forms and tags of training data."""

    forms: Counter[str] = field(default_factory=Counter)
    tags: dict[str, Counter[str]] = field(default_factory=dict)
    """Occurrences of each tag by head; spans in BIO."""
    n_labels: dict[str, Counter[int | None]] = field(default_factory=dict)
    """By head that labels texts, how many texts have how many labels; None for a missing one."""

    def add(
        self, split: datasets.Dataset, heads: Sequence[str], text_heads: Sequence[str] = ()
    ) -> None:
        """Count the forms, tags and labels of a split.

        Args:
            split: The sentences.
            heads: Columns of tags.
            text_heads: Columns of labels.
        """
        for rows in split.select_columns(["tokens", *heads, *text_heads]).iter(READ_BATCH):
            for tokens in rows["tokens"]:
                self.forms.update(tokens)
            for head in text_heads:
                counts = self.tags.setdefault(head, Counter())
                n_labels = self.n_labels.setdefault(head, Counter())
                for label in rows[head]:
                    labels = listed(label)
                    counts.update(labels or ())
                    n_labels[None if labels is None else len(labels)] += 1
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
class SoftTags:
    """The answers of teachers on a batch for one head."""

    probs: NDArray[np.float32]
    """(batch, tokens, answers); a row sums to 1, or to 0 where nothing is known."""
    answer_of: Ids
    """(tags,), the answer that each tag of the head counts as; -1 where there is none."""


@dataclass(frozen=True)
class Batch:
    """Padded ids of some sentences; see `tagger.model.network.TaggingNetwork.forward`."""

    features: FormFeatures[Ids]
    form_index: Ids  # (batch, tokens)
    lengths: Ids  # (batch,)
    form_counts: Ids  # (forms,), how often each form's word occurs in the training data
    tags: dict[str, Ids]  # (batch, tokens) by head, codes of `choices`
    choices: dict[str, TagChoices]  # by head
    soft: dict[str, SoftTags] = field(default_factory=dict)  # by head
    weights: dict[str, NDArray[np.float32]] = field(default_factory=dict)  # (batch,) by head
    labels: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    """By head that labels texts (batch, labels), 1 for a label of the text; -1 in the row of a text
    whose label is missing."""
    soft_labels: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    """The same for the answers of teachers: probabilities of labels."""


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
        self.features = compact_features(list(distinct), encoder)
        counts = np.zeros(len(encoder.vocabulary.words) + 1, dtype=np.int64)
        np.add.at(
            counts,
            self.features.word_ids[: len(forms)],
            np.fromiter(forms.values(), dtype=np.int64),
        )
        self.counts = counts[self.features.word_ids]


class Sentences(Protocol):
    """The training sentences of a corpus as ids."""

    lengths: NDArray[np.int32]
    """The tokens of each."""

    def batch(self, sentences: Ids) -> Batch:
        """Collect the sentences of these numbers into a batch."""
        ...


class FormBatch(NamedTuple):
    """The forms of a `Batch`."""

    features: FormFeatures[Ids]
    form_index: Ids
    lengths: Ids
    form_counts: Ids


def batch_of_forms(
    table: FormTable, rows: list[NDArray[Any]], *, recase_prob: float = 0.0
) -> FormBatch:
    """Pad sentences.

    Args:
        table: The ids of the forms.
        rows: The forms of each sentence, as rows of the table.
        recase_prob: How often a sentence is put into lower case, capitals or title case, as
            PyTorch's random state has it; above 0 only with a table made for it.
    """
    if recase_prob > 0:
        rows = list(rows)
        for i in (torch.rand(len(rows)) < recase_prob).nonzero().flatten().tolist():
            to = int(torch.randint(len(table.recased), ()))
            rows[i] = table.recased[to][rows[i]]
    forms, lengths = pad(rows, fill=rows[0][0])
    distinct, index = np.unique(forms, return_inverse=True)
    features = wide_features(take_forms(table.features, distinct))
    return FormBatch(features, index.reshape(forms.shape), lengths, table.counts[distinct])


class EncodedCorpus:
    """The training sentences of a corpus as ids, memory-mapped.

    Args:
        split: The sentences.
        table: The ids of their forms.
        choices: For each head that the corpus has: how its gold tags are encoded.
        text_heads: The heads with labels of texts that the corpus has.
        recase_prob: The probability that a sentence is read in another case; above 0 only with a
            table made for it.
        suspects: The weights of sentences that count for less in the loss.
    """

    def __init__(
        self,
        split: datasets.Dataset,
        table: FormTable,
        choices: Sequence[TagChoices],
        text_heads: Sequence[HeadSpec] = (),
        *,
        recase_prob: float = 0.0,
        suspects: SuspectWeights | None = None,
    ) -> None:
        self.table = table
        self.recase_prob = recase_prob
        encoded = _encode(split, table.rows, choices, text_heads)
        self._forms = ListColumn(encoded, "form_ids")
        self._tags = {one.head.name: ListColumn(encoded, one.head.name) for one in choices}
        self._choices = {one.head.name: one for one in choices}
        self._labels = {head.name: ListColumn(encoded, head.name) for head in text_heads}
        self._n_labels = {head.name: len(head.tags) for head in text_heads}
        self.lengths = self._forms.lengths()
        own = {head: of_head for head, of_head in (suspects or {}).items() if head in self._tags}
        self._weights = _weights(split, own)

    def batch(self, sentences: Ids) -> Batch:
        """Collect sentences into a batch."""
        numbers = sentences.tolist()
        rows = [self._forms[i] for i in numbers]
        tags = {
            name: pad([column[i] for i in numbers], fill=IGNORED)[0]
            for name, column in self._tags.items()
        }
        forms = batch_of_forms(self.table, rows, recase_prob=self.recase_prob)
        weights = {name: column[sentences] for name, column in self._weights.items()}
        labels = {
            name: as_targets([column[i] for i in numbers], self._n_labels[name])
            for name, column in self._labels.items()
        }
        return Batch(*forms, tags, self._choices, weights=weights, labels=labels)


def _weights(split: datasets.Dataset, suspects: SuspectWeights) -> dict[str, NDArray[np.float32]]:
    """Return what each sentence counts, (sentences,) by head."""
    if not suspects:
        return {}
    keys = [
        sentence_key(tokens)
        for rows in split.select_columns(["tokens"]).iter(READ_BATCH)
        for tokens in rows["tokens"]
    ]
    return {
        head: np.array([of_head.get(key, 1.0) for key in keys], dtype=np.float32)
        for head, of_head in suspects.items()
    }


_MISSING = -1
"""Stands for the labels of a text where they are missing."""


def label_ids(head: HeadSpec, label: TextLabel) -> list[int]:
    """Return the ids of a text's labels; those that the head does not have are left out."""
    labels = listed(label)
    ids = [head.tags.index(one) for one in labels or () if one in head.tags]
    unlabelled = labels is None or (not ids and head.decoder == "softmax")
    return [_MISSING] if unlabelled else ids


def as_targets(rows: Sequence[NDArray[Any]], n_labels: int) -> NDArray[np.float32]:
    """Return what `TextHead.loss` takes of the label ids of each text."""
    targets = np.zeros((len(rows), n_labels), dtype=np.float32)
    for target, ids in zip(targets, rows, strict=True):
        if _MISSING in ids:
            target[:] = -1
        else:
            target[ids] = 1
    return targets


def _encode(
    split: datasets.Dataset,
    rows: Mapping[str, int],
    choices: Sequence[TagChoices],
    text_heads: Sequence[HeadSpec],
) -> datasets.Dataset:
    import datasets

    def encode(batch: dict[str, Any]) -> dict[str, list[list[int]]]:
        columns = {"form_ids": [[rows[form] for form in tokens] for tokens in batch["tokens"]]}
        for one in choices:
            columns[one.head.name] = [one.encode(tags) for tags in batch[one.head.name]]
        for head in text_heads:
            columns[head.name] = [label_ids(head, label) for label in batch[head.name]]
        return columns

    digest = hashlib.blake2b(digest_size=8)
    for part in (split._fingerprint, *rows, *map(repr, (*choices, *text_heads))):
        digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
    names = [*(one.head.name for one in choices), *(head.name for head in text_heads)]
    features = {name: datasets.List(datasets.Value("int32")) for name in names}
    return mapped(
        split,
        encode,
        fingerprint=digest.hexdigest(),
        features=datasets.Features(form_ids=datasets.List(datasets.Value("int32")), **features),
        remove_columns=split.column_names,
    )


def compact_features(forms: Sequence[str], encoder: FormEncoder) -> FormFeatures[Ids]:
    """Return the features of many forms, in half the memory of a batch's."""
    starts = range(0, len(forms), FORMS_AT_ONCE)
    parts = [encoder(forms[first : first + FORMS_AT_ONCE]) for first in starts]
    n_chars = max(part.char_ids.shape[1] for part in parts)
    columns: list[NDArray[np.int32]] = []
    for name in FormFeatures._fields:
        arrays = [getattr(part, name).astype(np.int32) for part in parts]
        if name == "char_ids":
            arrays = [np.pad(a, ((0, 0), (0, n_chars - a.shape[1]))) for a in arrays]
        columns.append(np.concatenate(arrays))
    return FormFeatures(*columns)  # type: ignore[arg-type]


def wide_features(features: FormFeatures[Ids]) -> FormFeatures[Ids]:
    """Return what `compact_features` holds in the type that a network takes."""
    return FormFeatures(*(array.astype(np.int64) for array in features))
