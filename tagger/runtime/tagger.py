"""`Tagger`: raw text or tokens in, tags and entities with offsets out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from itertools import accumulate, islice, pairwise
from typing import Protocol

import numpy as np

from tagger.errors import UsageError, unknown_name
from tagger.features.forms import FormEncoder, Ids
from tagger.model.heads import HeadSpec
from tagger.runtime.batching import batches_by_length
from tagger.runtime.decoding import Transitions, greedy, viterbi
from tagger.runtime.engine import Engine
from tagger.runtime.form_cache import FormCache
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
        threads: So many batches are computed at once.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        form_encoder: FormEncoder,
        heads: Sequence[HeadSpec],
        transitions: Mapping[str, Transitions],
        splitter: Splitter,
        threads: int = 1,
    ) -> None:
        self.heads = tuple(heads)
        self.engine = engine
        self.splitter = splitter
        self.threads = threads
        self._forms = FormCache(form_encoder, engine.embed)
        self._transitions = transitions
        self._tables = {head.name: TagTable(head) for head in heads}

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
        documents: list[Document] = []
        for first in range(0, len(texts), WINDOW):
            window = texts[first : first + WINDOW]
            cut = [self.splitter.sentences(text) for text in window]
            forms = [
                text[start:end]
                for text, sentences in zip(window, cut, strict=True)
                for sentence in sentences
                for start, end in sentence
            ]
            lengths = [len(sentence) for sentences in cut for sentence in sentences]
            tag_ids = self._decode(forms, lengths, chosen)
            documents += self._documents(window, cut, forms, tag_ids, chosen)
        return documents

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
            window = sentences[first : first + WINDOW]
            lengths = [len(sentence) for sentence in window]
            forms = [form for sentence in window for form in sentence]
            tag_ids = self._decode(forms, [n for n in lengths if n], chosen)
            tags = {h.name: self._tables[h.name].strings(tag_ids[h.name]) for h in chosen}
            past = 0
            for n in lengths:
                start, past = past, past + n
                results.append({name: of_head[start:past] for name, of_head in tags.items()})
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

    def _decode(
        self, forms: Sequence[str], lengths: Sequence[int], heads: Sequence[HeadSpec]
    ) -> dict[str, Ids]:
        """Tag the sentences of a window.

        Args:
            forms: All tokens, sentence after sentence.
            lengths: Tokens of each sentence, each at least 1.
            heads: The heads.

        Returns:
            A tag id for each of ``forms``, by head.
        """
        results = {head.name: np.zeros(len(forms), dtype=np.int64) for head in heads}
        if not forms:
            return results
        vectors, rows = self._forms.lookup(forms)
        n_tokens = np.array(lengths, dtype=np.int64)
        starts = np.cumsum(n_tokens) - n_tokens
        names = [head.name for head in heads]

        def run(batch: list[int]) -> None:
            of_batch = n_tokens[batch]
            positions = np.arange(of_batch.max())
            inside = positions < of_batch[:, None]  # (batch, tokens)
            places = np.where(inside, starts[batch][:, None] + positions, 0)
            index = np.where(inside, rows[places], 0)
            emissions = self.engine.emissions(vectors, index, of_batch, names)
            for name in names:
                transitions = self._transitions.get(name)
                if transitions is None:
                    tag_ids = greedy(emissions[name])
                else:
                    tag_ids = viterbi(emissions[name], of_batch, transitions)
                results[name][places[inside]] = tag_ids[inside]

        batches = batches_by_length(n_tokens, BATCH_TOKENS)
        if self.threads > 1 and len(batches) > 1:
            with ThreadPoolExecutor(self.threads) as pool:
                for _ in pool.map(run, batches):
                    pass
        else:
            for batch in batches:
                run(batch)
        return results

    def _documents(
        self,
        texts: Sequence[str],
        cut: Sequence[Sequence[Offsets]],
        forms: Sequence[str],
        tag_ids: Mapping[str, Ids],
        heads: Sequence[HeadSpec],
    ) -> Iterator[Document]:
        """Put a window's answers together."""
        names = [head.name for head in heads]
        tags = [self._tables[name].strings(tag_ids[name]) for name in names]
        of_tokens = [dict(zip(names, row, strict=True)) for row in zip(*tags, strict=True)]
        found = {
            head.name: self._tables[head.name].spans(tag_ids[head.name])
            for head in heads
            if head.kind == "span"
        }
        main = "ner" if "ner" in found else next(iter(found), "")
        following = dict.fromkeys(found, 0)
        past = 0
        for text, sentences in zip(texts, cut, strict=True):
            first = past
            offsets = [offset for sentence in sentences for offset in sentence]
            past = first + len(offsets)
            spans: dict[str, list[Entity]] = {}
            for name, all_spans in found.items():
                entities = spans[name] = []
                i = following[name]
                while i < len(all_spans) and all_spans[i][0] < past:
                    begin, last, label = all_spans[i]
                    start, end = offsets[begin - first][0], offsets[last - first][1]
                    entities.append(Entity(text[start:end], label, start, end))
                    i += 1
                following[name] = i
            bounds = list(accumulate(map(len, sentences), initial=0))
            yield Document(
                text,
                [
                    Token(form, start, end, of_token)
                    for form, (start, end), of_token in zip(
                        forms[first:past], offsets, of_tokens[first:past], strict=True
                    )
                ],
                spans.pop(main, []),
                list(pairwise(bounds)),
                spans,
            )


class TagTable:
    """The tags of a head as they are shown: spans in BIO, tag by tag, since BIOES only adds to it.

    Args:
        head: The head.
    """

    def __init__(self, head: HeadSpec) -> None:
        shown = list(head.tags)
        if head.kind == "span":
            to_bio = {"E": "I", "S": "B"}
            shown = [to_bio.get(tag[0], tag[0]) + tag[1:] for tag in shown]
        self._shown = np.array(shown, dtype=object)
        self._labels = [tag[2:] for tag in shown]
        self._begins = np.array([tag[0] == "B" for tag in shown])
        self._goes_on = np.array([tag[0] == "I" for tag in shown])

    def strings(self, tag_ids: Ids) -> list[str]:
        """The tags of tag ids."""
        shown: list[str] = self._shown[tag_ids].tolist()
        return shown

    def spans(self, tag_ids: Ids) -> list[tuple[int, int, str]]:
        """The spans as (first token, last token, label), in order.

        Decoding is constrained: a span begins with ``B`` and no sentence with ``I``.
        """
        first = np.flatnonzero(self._begins[tag_ids])
        goes_on = np.append(self._goes_on[tag_ids], False)
        # A span ends where the next token does not go on with it.
        last = np.flatnonzero((self._begins[tag_ids] | goes_on[:-1]) & ~goes_on[1:])
        labels = [self._labels[i] for i in tag_ids[first].tolist()]
        return list(zip(first.tolist(), last.tolist(), labels, strict=True))
