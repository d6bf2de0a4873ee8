"""Raw text as numbers on disk: one form id per token, with access to any sentence."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from tagger.errors import CorpusError
from tagger.features.forms import FormEncoder, FormFeatures, Ids, take_forms
from tagger.features.vocabulary import normalize
from tagger.files import named_errors
from tagger.pretraining.text import read_lines
from tagger.seals import seal, write_sealed
from tagger.text import Tokenizer
from tagger.training.batching import pad
from tagger.training.encoding import compact_features, wide_features

FORMS, LENGTHS, INVENTORY, WORDS = "forms.bin", "lengths.bin", "inventory.json", "words.txt"
MAX_TOKENS = 100
"""Longer sentences are learned in pieces of this many tokens."""
MIN_SENTENCES = 10
FLUSH = 200_000


class TextInventory(msgspec.Struct, frozen=True, kw_only=True):
    """The forms of the texts, and their counts."""

    forms: dict[str, int]
    """The count of each form, in the order of the ids."""
    n_tokens: int
    n_sentences: int
    names: tuple[str, ...]
    fingerprint: str
    """Of the texts' tokens."""


def encode_texts(
    paths: Sequence[str], directory: Path, *, report: Callable[[int], None]
) -> TextInventory:
    """Tokenize texts into a directory.

    Writes ``forms.bin`` (int32, the form of each token), ``lengths.bin`` (int32, the tokens of
    each sentence) and ``words.txt`` (one line per sentence, of normalised words).

    Args:
        paths: See `read_lines`; a text named twice counts twice.
        directory: Where to write; it exists.
        report: Receives the number of tokens until now.

    Raises:
        FormatError: As `read_lines`.
        CorpusError: There is too little text.
        OSError: No space, no permission.
    """
    tokenizer = Tokenizer()
    counts: Counter[str] = Counter()
    ids: dict[str, int] = {}
    words: list[str] = []
    digest = hashlib.blake2b(digest_size=16)
    n_tokens = n_sentences = 0
    with (
        named_errors(directory),
        (directory / FORMS).open("wb") as forms_file,
        (directory / LENGTHS).open("wb") as lengths_file,
        (directory / WORDS).open("w", encoding="utf-8", newline="\n") as words_file,
    ):
        for sentences in _grouped(_sentences(paths, tokenizer)):
            flat = [form for sentence in sentences for form in sentence]
            counts.update(flat)
            for form in flat:
                if form not in ids:
                    ids[form] = len(ids)
                    words.append(normalize(form))
            row = np.array([ids[form] for form in flat], dtype=np.int32)
            forms_file.write(row.tobytes())
            digest.update(row.tobytes())
            lengths_file.write(np.array([len(s) for s in sentences], dtype=np.int32).tobytes())
            words_file.writelines(
                " ".join([words[ids[form]] for form in sentence]) + "\n" for sentence in sentences
            )
            n_tokens += len(flat)
            n_sentences += len(sentences)
            report(n_tokens)
    if n_sentences < MIN_SENTENCES:
        raise CorpusError(
            f"{n_sentences} sentences are too few to learn from",
            path=", ".join(paths),
            hint="give raw text, one paragraph per line",
        )
    digest.update("\0".join(ids).encode("utf-8", "surrogatepass"))
    inventory = TextInventory(
        forms={form: counts[form] for form in ids},
        n_tokens=n_tokens,
        n_sentences=n_sentences,
        names=tuple(dict.fromkeys(Path(path).name for path in paths)),
        fingerprint=digest.hexdigest(),
    )
    seal(directory / FORMS)
    seal(directory / LENGTHS)
    write_sealed(directory / INVENTORY, msgspec.json.encode(inventory))
    return inventory


def _sentences(paths: Sequence[str], tokenizer: Tokenizer) -> Iterator[list[str]]:
    for path in paths:
        for line in read_lines(path):
            for spans in tokenizer.sentences(line):
                for first in range(0, len(spans), MAX_TOKENS):
                    yield [line[start:end] for start, end in spans[first : first + MAX_TOKENS]]


def _grouped(sentences: Iterator[list[str]]) -> Iterator[list[list[str]]]:
    group: list[list[str]] = []
    n = 0
    for sentence in sentences:
        group.append(sentence)
        n += len(sentence)
        if n >= FLUSH:
            yield group
            group, n = [], 0
    if group:
        yield group


@dataclass(frozen=True)
class TextBatch:
    """Padded sentences; see `tagger.model.network.TaggingNetwork.forward`."""

    features: FormFeatures[Ids]
    form_index: Ids  # (batch, tokens)
    lengths: Ids  # (batch,)

    @property
    def n_tokens(self) -> int:
        """Tokens without padding."""
        return int(self.lengths.sum())


class EncodedText:
    """The sentences that `encode_texts` wrote, memory-mapped.

    Args:
        directory: Where they are.
        inventory: Their forms.
        encoder: Turns forms into ids.
    """

    def __init__(self, directory: Path, inventory: TextInventory, encoder: FormEncoder) -> None:
        self._forms = np.memmap(directory / FORMS, dtype=np.int32, mode="r")
        self.lengths: NDArray[np.int32] = np.fromfile(directory / LENGTHS, dtype=np.int32)
        self._ends = np.cumsum(self.lengths, dtype=np.int64)
        self._features = compact_features(list(inventory.forms), encoder)

    def batch(self, sentences: Ids) -> TextBatch:
        """Collect sentences into a batch."""
        ends, counts = self._ends[sentences].tolist(), self.lengths[sentences].tolist()
        rows = [self._forms[end - n : end] for end, n in zip(ends, counts, strict=True)]
        forms, lengths = pad(rows, fill=rows[0][0])
        distinct, index = np.unique(forms, return_inverse=True)
        features = wide_features(take_forms(self._features, distinct))
        return TextBatch(features, index.reshape(forms.shape), lengths)
