"""`Tagger`: raw text or tokens in, tags and entities with offsets out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy

import numpy as np

from tagger.errors import UsageError, unknown_name
from tagger.features.forms import FormEncoder, Ids
from tagger.model.heads import HeadSpec
from tagger.prediction.input import full_pieces
from tagger.runtime.batching import batches_by_length
from tagger.runtime.cutting import Splitter, cut_texts
from tagger.runtime.decoding import Floats, Transitions, Viterbi, greedy
from tagger.runtime.documents import build_documents
from tagger.runtime.engines.form_cache import FormCache
from tagger.runtime.engines.protocol import Engine
from tagger.runtime.marginals import Marginals, Probs, softmax
from tagger.runtime.results import Document
from tagger.runtime.tag_table import TagTable

BATCH_TOKENS = 320
"""Tokens that go through the network together: enough to fill it, few enough for the caches."""
DECODED_SCORES = 2**22
"""Documents may be long: so many emissions, tokens times tags, are held at once."""
WINDOW = 1000
"""Texts or sentences that are looked at together: enough to sort by length, little to hold."""


class Tagger:
    """A trained model, ready to tag; `tagger.load` makes one.

    Args:
        engine: Runs the network.
        form_encoder: Turns forms into the ids that the network was trained on.
        heads: The model's heads.
        transitions: Scores between tags, by head; a head without them takes each token's best.
        splitter: Cuts raw text as the training corpora were cut.
        threads: So many batches are computed at once.

    Attributes:
        batch_tokens: Tokens in a batch at most, padding included; a longer sentence is one.
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
        self.batch_tokens = BATCH_TOKENS
        self.transitions = dict(transitions)
        self._forms = FormCache(form_encoder, engine.embed)
        self._decoders: dict[str, Callable[[Floats, Ids], Ids]] = {
            head.name: Viterbi(transitions[head.name]) if head.name in transitions else greedy
            for head in heads
        }
        self.tables = {head.name: TagTable(head) for head in heads}

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

    def batch(
        self,
        texts: Sequence[str],
        heads: Sequence[str] | None = None,
        *,
        confidence: bool = False,
    ) -> list[Document]:
        """Tag several texts.

        Args:
            texts: Raw texts of any length.
            heads: The heads to show; None for all.
            confidence: Whether entities say how probable they are, which takes some more time.

        Raises:
            UsageError: The model has no such head, or ``texts`` is one text.
        """
        if isinstance(texts, str):
            raise UsageError("batch takes several texts; call the tagger itself with one")
        chosen = self.choose(heads)
        documents: list[Document] = []
        for first in range(0, len(texts), WINDOW):
            cut = cut_texts(texts[first : first + WINDOW], self.splitter)
            tag_ids, probs = self._decode(cut.forms, cut.lengths, chosen, confidence=confidence)
            documents += build_documents(cut, tag_ids, chosen, self.tables, probs)
        return documents

    def stream(
        self,
        texts: Iterable[str],
        heads: Sequence[str] | None = None,
        *,
        confidence: bool = False,
    ) -> Iterator[Document]:
        """Tag any number of texts in order, with bounded memory; see `batch`."""
        if isinstance(texts, str):
            raise UsageError("stream takes several texts; call the tagger itself with one")
        for window in full_pieces(texts, WINDOW):
            yield from self.batch(window, heads, confidence=confidence)

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
        return [tags for tags, _ in self._tag(sentences, heads, confidence=False)]

    def tag_with_confidence(
        self, sentences: Sequence[Sequence[str]], heads: Sequence[str] | None = None
    ) -> list[tuple[dict[str, list[str]], dict[str, list[float]]]]:
        """Tag as `tag` does, and say how probable each tag is.

        Returns:
            For each sentence its tags by head, and as many probabilities: of the whole span for
            the tokens of a span, else of the token's tag.

        Raises:
            UsageError: As `tag`.
        """
        return self._tag(sentences, heads, confidence=True)

    def _tag(
        self,
        sentences: Sequence[Sequence[str]],
        heads: Sequence[str] | None,
        *,
        confidence: bool,
    ) -> list[tuple[dict[str, list[str]], dict[str, list[float]]]]:
        if any(isinstance(sentence, str) for sentence in sentences):
            raise UsageError("tag takes the tokens of each sentence; `batch` takes texts")
        chosen = self.choose(heads)
        results: list[tuple[dict[str, list[str]], dict[str, list[float]]]] = []
        for first in range(0, len(sentences), WINDOW):
            window = sentences[first : first + WINDOW]
            lengths = [len(sentence) for sentence in window]
            forms = [form for sentence in window for form in sentence]
            filled = np.array([n for n in lengths if n], dtype=np.int64)
            tag_ids, probs = self._decode(forms, filled, chosen, confidence=confidence)
            tags = {h.name: self.tables[h.name].strings(tag_ids[h.name]) for h in chosen}
            past = 0
            for n in lengths:
                start, past = past, past + n
                results.append(
                    (
                        {name: of_head[start:past] for name, of_head in tags.items()},
                        {name: of_head[start:past].tolist() for name, of_head in probs.items()},
                    )
                )
        return results

    def choose(self, names: Sequence[str] | None) -> list[HeadSpec]:
        """The heads of the given names.

        Raises:
            UsageError: The model has no such head, or none is named.
        """
        if names is None:
            return list(self.heads)
        by_name = {head.name: head for head in self.heads}
        if not names:
            raise UsageError(f"no head is named; the model has: {', '.join(by_name)}")
        for name in names:
            if name not in by_name:
                raise UsageError(unknown_name("head", name, by_name))
        return [head for head in self.heads if head.name in names]

    def look_up(self, forms: Sequence[str]) -> tuple[Floats, Ids]:
        """Find the vectors of forms; see `tagger.runtime.engines.form_cache.FormCache.lookup`."""
        return self._forms.lookup(forms)

    def _decode(
        self, forms: Sequence[str], lengths: Ids, heads: Sequence[HeadSpec], *, confidence: bool
    ) -> tuple[dict[str, Ids], dict[str, Probs]]:
        """Tag the sentences of a window.

        Args:
            forms: All tokens, sentence after sentence.
            lengths: Tokens of each sentence, each at least 1.
            heads: The heads.
            confidence: Whether to compute probabilities.

        Returns:
            A tag id for each of ``forms``, by head, and their probabilities, see
            `tag_with_confidence`; no head has any where they are not asked for.
        """
        parts: dict[str, list[Ids]] = {head.name: [np.zeros(0, dtype=np.int64)] for head in heads}
        probs: dict[str, list[Probs]] = {h.name: [np.zeros(0)] for h in heads if confidence}
        for emissions, of_some in self.scored(forms, lengths, heads):
            for head in heads:
                best = self.best(head, emissions[head.name], of_some)
                parts[head.name].append(best)
                if confidence:
                    found = self._confidence(head, emissions[head.name], of_some, best)
                    probs[head.name].append(found)
        return (
            {name: np.concatenate(of_head) for name, of_head in parts.items()},
            {name: np.concatenate(of_head) for name, of_head in probs.items()},
        )

    def _confidence(self, head: HeadSpec, emissions: Floats, lengths: Ids, tag_ids: Ids) -> Probs:
        """The probability (tokens,) of each token's span, or of its tag where it is in none."""
        tokens = np.arange(len(tag_ids))
        transitions = self.transitions.get(head.name)
        if transitions is None:
            return softmax(emissions, lengths)[tokens, tag_ids]
        marginals = Marginals(transitions)
        posterior = marginals.posterior(emissions, lengths)
        probs: Probs = posterior.marginals[tokens, tag_ids]
        if head.kind == "span":
            table = self.tables[head.name]
            first, last = table.bounds(tag_ids)
            of_spans = marginals.spans(posterior, lengths, tag_ids, first, last, table.goes_on)
            n_inside = last + 1 - first
            places = np.repeat(first - np.cumsum(n_inside) + n_inside, n_inside)
            probs[places + np.arange(len(places))] = np.repeat(of_spans, n_inside)
        return probs

    def scored(
        self, forms: Sequence[str], lengths: Ids, heads: Sequence[HeadSpec]
    ) -> Iterator[tuple[dict[str, Floats], Ids]]:
        """Run the network over sentences, some at a time, in order.

        Args:
            forms: All tokens, sentence after sentence.
            lengths: (sentences,), each at least 1.
            heads: The heads.

        Yields:
            Emissions (tokens, tags) by head, and the lengths of the sentences that they are of.
        """
        if not forms:
            return
        vectors, rows = self._forms.lookup(forms)
        past = 0
        budget = DECODED_SCORES // sum(len(head.tags) for head in heads)
        for some in _slices(lengths.tolist(), budget):
            first, past = past, past + int(lengths[some].sum())
            yield self.emissions(vectors, rows[first:past], lengths[some], heads), lengths[some]

    def emissions(
        self, vectors: Floats, rows: Ids, lengths: Ids, heads: Sequence[HeadSpec]
    ) -> dict[str, Floats]:
        """Run the network over sentences in batches of like length.

        Args:
            vectors: (forms, dim), as `tagger.runtime.engines.protocol.Engine.emissions` takes them.
            rows: (tokens,), each token's row in ``vectors``, sentence after sentence.
            lengths: (sentences,), each at least 1.
            heads: The heads.

        Returns:
            (tokens, tags) by head.
        """
        starts = np.cumsum(lengths) - lengths
        names = [head.name for head in heads]
        results = {h.name: np.empty((len(rows), len(h.tags)), dtype=np.float32) for h in heads}

        def run(batch: list[int]) -> None:
            of_batch = lengths[batch]
            positions = np.arange(of_batch.max())
            inside = positions < of_batch[:, None]  # (batch, tokens)
            places = np.where(inside, starts[batch][:, None] + positions, 0)
            index = np.where(inside, rows[places], 0)
            found = self.engine.emissions(vectors, index, of_batch, names)
            places = places[inside]
            for name in names:
                results[name][places] = found[name][inside]

        batches = batches_by_length(lengths, self.batch_tokens)
        if self.threads > 1 and len(batches) > 1:
            with ThreadPoolExecutor(self.threads) as pool:
                for _ in pool.map(run, batches):
                    pass
        else:
            for batch in batches:
                run(batch)
        return results

    def best(self, head: HeadSpec, emissions: Floats, lengths: Ids) -> Ids:
        """Decode: (tokens,) tag ids of emissions (tokens, tags) of sentences of these lengths."""
        return self._decoders[head.name](emissions, lengths)


def _slices(lengths: Sequence[int], budget: int) -> Iterator[slice]:
    """Cut sentences into runs of so many tokens at most; a longer sentence is one by itself."""
    first = total = 0
    for i, length in enumerate(lengths):
        if total and total + length > budget:
            yield slice(first, i)
            first, total = i, 0
        total += length
    yield slice(first, len(lengths))
