"""`Tagger`: raw text or tokens in, tags and entities with offsets out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from itertools import islice
from typing import Protocol

import numpy as np

from tagger.corpus.schemes import Scheme, spans
from tagger.errors import UsageError, unknown_name
from tagger.features.forms import FormEncoder, take_forms
from tagger.model.heads import HeadSpec
from tagger.runtime.batching import batches_by_length
from tagger.runtime.decoding import Transitions, greedy, viterbi
from tagger.runtime.engine import Engine
from tagger.runtime.results import Document, Entity, Token

BATCH_TOKENS = 4096
WINDOW = 1000
"""Texts or sentences that are looked at together: enough to sort by length, little to hold."""

Offsets = list[tuple[int, int]]


class Splitter(Protocol):
    """Cuts a text into sentences of tokens; `tagger.text.Tokenizer` is one."""

    def sentences(self, text: str) -> list[Offsets]:
        """The offsets of each sentence's tokens."""
        ...


class GivenTokens:
    """Takes each text for one sentence whose tokens stand between tabs, or else between spaces."""

    def sentences(self, text: str) -> list[Offsets]:
        """The offsets of the tokens, in one sentence; none for an empty text.

        Raises:
            UsageError: An empty token, two tabs side by side.
        """
        if "\t\t" in text:
            raise UsageError(f"an empty token, two tabs side by side, in {text[:60]!r}")
        # Not \s: a no-break space may be part of a token.
        pattern = r"[^\t\r\n]+" if "\t" in text else r"[^ \r\n]+"
        offsets = [match.span() for match in re.finditer(pattern, text)]
        return [offsets] if offsets else []


class Tagger:
    """A trained model, ready to tag; `tagger.load` makes one.

    Args:
        engine: Runs the network.
        form_encoder: Turns forms into the ids that the network was trained on.
        heads: The model's heads.
        transitions: Scores between tags, by head; a head without them takes each token's best.
        splitter: Cuts raw text as the training corpora were cut.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        form_encoder: FormEncoder,
        heads: Sequence[HeadSpec],
        transitions: Mapping[str, Transitions],
        splitter: Splitter,
    ) -> None:
        self.heads = tuple(heads)
        self.splitter = splitter
        self._engine = engine
        self._form_encoder = form_encoder
        self._transitions = transitions
        self._output_tags = {head.name: np.array(_as_bio(head), dtype=object) for head in heads}

    def with_splitter(self, splitter: Splitter) -> Tagger:
        """The same model over texts that are cut in another way."""
        other = copy(self)
        other.splitter = splitter
        return other

    def __repr__(self) -> str:
        heads = ", ".join(f"{head.name} ({len(head.labels)} labels)" for head in self.heads)
        return f"Tagger({heads})"

    def __call__(self, text: str) -> Document:
        """Tag one text."""
        return self.batch([text])[0]

    def batch(self, texts: Sequence[str], heads: Sequence[str] | None = None) -> list[Document]:
        """Tag several texts.

        Args:
            texts: Raw texts of any length.
            heads: The heads to show; None for all.

        Raises:
            UsageError: The model has no such head, or ``texts`` is one text.
        """
        if isinstance(texts, str):
            raise UsageError("batch takes several texts; call the tagger itself with one")
        chosen = self.choose(heads)
        cut = [self.splitter.sentences(text) for text in texts]
        sentences = [
            [text[start:end] for start, end in sentence]
            for text, offsets in zip(texts, cut, strict=True)
            for sentence in offsets
        ]
        tagged = iter(self.tag(sentences, heads))
        return [
            _document(text, offsets, list(islice(tagged, len(offsets))), chosen)
            for text, offsets in zip(texts, cut, strict=True)
        ]

    def stream(
        self, texts: Iterable[str], heads: Sequence[str] | None = None
    ) -> Iterator[Document]:
        """Tag any number of texts in order, with bounded memory; see `batch`."""
        if isinstance(texts, str):
            raise UsageError("stream takes several texts; call the tagger itself with one")
        remaining = iter(texts)
        while window := list(islice(remaining, WINDOW)):
            yield from self.batch(window, heads)

    def tag(
        self, sentences: Sequence[Sequence[str]], heads: Sequence[str] | None = None
    ) -> list[dict[str, list[str]]]:
        """Tag sentences that are tokenized already.

        Args:
            sentences: The tokens of each sentence; a sentence may be empty.
            heads: The heads to tag; None for all.

        Returns:
            For each sentence its tags by head, spans in BIO.

        Raises:
            UsageError: The model has no such head, or a sentence is a text.
        """
        if any(isinstance(sentence, str) for sentence in sentences):
            raise UsageError("tag takes the tokens of each sentence; `batch` takes texts")
        chosen = self.choose(heads)
        results: list[dict[str, list[str]]] = []
        for first in range(0, len(sentences), WINDOW):
            results.extend(self._tag_window(sentences[first : first + WINDOW], chosen))
        return results

    def choose(self, names: Sequence[str] | None) -> list[HeadSpec]:
        """The heads of the given names.

        Raises:
            UsageError: The model has no such head.
        """
        if names is None:
            return list(self.heads)
        by_name = {head.name: head for head in self.heads}
        for name in names:
            if name not in by_name:
                raise UsageError(unknown_name("head", name, by_name))
        return [head for head in self.heads if head.name in names]

    def _tag_window(
        self, sentences: Sequence[Sequence[str]], heads: Sequence[HeadSpec]
    ) -> list[dict[str, list[str]]]:
        results: list[dict[str, list[str]]] = [
            {head.name: [] for head in heads} for _ in range(len(sentences))
        ]
        filled = [i for i, sentence in enumerate(sentences) if len(sentence)]
        rows: dict[str, int] = {}
        form_ids = [
            np.array([rows.setdefault(form, len(rows)) for form in sentences[i]]) for i in filled
        ]
        features = self._form_encoder(list(rows))
        for batch in batches_by_length([len(ids) for ids in form_ids], BATCH_TOKENS):
            lengths = np.array([len(form_ids[i]) for i in batch], dtype=np.int64)
            padded = np.zeros((len(batch), int(lengths.max())), dtype=np.int64)
            for row, i in enumerate(batch):
                padded[row, : lengths[row]] = form_ids[i]
                padded[row, lengths[row] :] = form_ids[i][0]  # any form of the batch will do
            distinct, index = np.unique(padded, return_inverse=True)
            emissions = self._engine.emissions(
                take_forms(features, distinct), index.reshape(padded.shape), lengths
            )
            for head in heads:
                transitions = self._transitions.get(head.name)
                if transitions is None:
                    tag_ids = greedy(emissions[head.name])
                else:
                    tag_ids = viterbi(emissions[head.name], lengths, transitions)
                tags = self._output_tags[head.name][tag_ids]
                for row, i in enumerate(batch):
                    results[filled[i]][head.name] = tags[row, : lengths[row]].tolist()
        return results


def _as_bio(head: HeadSpec) -> list[str]:
    """Each tag of a head as it is shown: tag by tag, since BIOES only adds to what BIO says."""
    if head.kind == "token":
        return list(head.tags)
    to_bio = {"E": "I", "S": "B"}
    return [to_bio.get(tag[0], tag[0]) + tag[1:] for tag in head.tags]


def _document(
    text: str,
    cut: Sequence[Offsets],
    tagged: Sequence[Mapping[str, list[str]]],
    heads: Sequence[HeadSpec],
) -> Document:
    tokens: list[Token] = []
    sentences: list[tuple[int, int]] = []
    found: dict[str, list[Entity]] = {head.name: [] for head in heads if head.kind == "span"}
    for offsets, tags in zip(cut, tagged, strict=False):
        sentences.append((len(tokens), len(tokens) + len(offsets)))
        for i, (start, end) in enumerate(offsets):
            of_token = {head.name: tags[head.name][i] for head in heads}
            tokens.append(Token(text[start:end], start, end, of_token))
        for name, entities in found.items():
            for first, past, label in spans(tags[name], Scheme.BIO):
                start, end = offsets[first][0], offsets[past - 1][1]
                entities.append(Entity(text[start:end], label, start, end))
    main = "ner" if "ner" in found else next(iter(found), "")
    entities = found.pop(main, [])
    return Document(text, tokens, entities, sentences, found)
