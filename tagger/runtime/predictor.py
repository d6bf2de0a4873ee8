"""Tokens of sentences to tag ids: an engine and the decoders of a model's heads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from tagger.errors import UsageError, unknown_name
from tagger.features.forms import Ids
from tagger.model.heads import HeadSpec
from tagger.runtime.batching import slices_by_tokens
from tagger.runtime.candidates import Spans, SpanTags, candidates, without_overlaps
from tagger.runtime.decoding import Floats, Transitions, Viterbi, greedy
from tagger.runtime.engines.protocol import Engine
from tagger.runtime.labelling import label_probs
from tagger.runtime.marginals import Marginals, Posterior, Probs, softmax
from tagger.runtime.outside import Outside
from tagger.runtime.tag_table import TagTable

DECODED_SCORES = 2**22
"""Maximum number of emissions, tokens times tags, that are held at once."""


class Prediction(NamedTuple):
    """Tags of sentences, sentence after sentence, and their labels."""

    tag_ids: dict[str, Ids]
    """By head (tokens,)."""
    probs: dict[str, Probs]
    """By head (tokens,): the probability of the token's span, or of its tag where it is in none;
    empty where it was not asked for."""
    labels: dict[str, Probs]
    """By head that labels texts (sentences, labels), the probabilities of labels."""


class Predictor:
    """Tags sentences of tokens with the heads of a model.

    Args:
        engine: Computes emissions.
        heads: The model's heads.
        transitions: Scores between tags, by head; a head without them takes each token's best tag.
        temperatures: By head, what scores are divided by for probabilities; 1 for a head without.

    Attributes:
        tables: By head, its tags as they are shown.
    """

    def __init__(
        self,
        engine: Engine,
        heads: Sequence[HeadSpec],
        transitions: Mapping[str, Transitions],
        temperatures: Mapping[str, float] | None = None,
    ) -> None:
        self.engine = engine
        self.heads = tuple(heads)
        self.transitions = dict(transitions)
        self.temperatures = {h.name: (temperatures or {}).get(h.name, 1.0) for h in heads}
        self.tables = {head.name: TagTable(head) for head in heads if head.kind != "text"}
        self._outside = {head.name: Outside(head) for head in heads if head.outside}
        self._decoders: dict[str, Callable[[Floats, Ids], Ids]] = {
            head.name: Viterbi(transitions[head.name]) if head.name in transitions else greedy
            for head in heads
            if head.kind != "text"
        }

    def choose(self, names: Sequence[str] | None) -> list[HeadSpec]:
        """Return the heads of the given names, all for None.

        Raises:
            UsageError: The model has no such head, no head is named, or ``names`` is a string.
        """
        if names is None:
            return list(self.heads)
        valid = [head.name for head in self.heads]
        if isinstance(names, str):
            raise UsageError(
                f"heads is the string {names!r}", expected=valid, hint=f"pass a list: [{names!r}]"
            )
        if not isinstance(names, Iterable):
            raise UsageError(f"heads is {names!r}; expected a list of names", expected=valid)
        chosen = list(names)
        if not chosen:
            raise UsageError(f"no head is named; the model has: {', '.join(valid)}", expected=valid)
        for name in chosen:
            if name not in valid:
                raise UsageError(unknown_name("head", str(name), valid), expected=valid)
        return [head for head in self.heads if head.name in chosen]

    def predict(
        self,
        forms: Sequence[str],
        lengths: Ids,
        heads: Sequence[HeadSpec],
        *,
        confidence: bool = False,
        thresholds: Mapping[str, Probs] | None = None,
    ) -> Prediction:
        """Tag sentences.

        Args:
            forms: All tokens, sentence after sentence.
            lengths: (sentences,), each at least 1.
            heads: The heads.
            confidence: Whether to compute probabilities.
            thresholds: By head (labels,) the least probability of spans, see `thresholds_of`;
                without them, tags are those of the best sequence.
        """
        least = thresholds or {}
        tagging = [head for head in heads if head.kind != "text"]
        texts = [head for head in heads if head.kind == "text"]
        parts: dict[str, list[Ids]] = {h.name: [np.zeros(0, dtype=np.int64)] for h in tagging}
        probs: dict[str, list[Probs]] = {h.name: [np.zeros(0)] for h in tagging if confidence}
        labels: dict[str, list[Probs]] = {h.name: [np.zeros((0, len(h.tags)))] for h in texts}
        for emissions, of_some in self.score(forms, lengths, heads):
            for head in texts:
                labels[head.name].append(self.label_probs(head, emissions[head.name]))
            for head in tagging:
                of_head = emissions[head.name]
                if head.name in least:
                    posterior = self.marginals(head).posterior(of_head, of_some)
                    chosen = least[head.name]
                    best, sure = self.with_confidence(head, of_head, of_some, posterior, chosen)
                else:
                    best = self.decode(head, of_head, of_some)
                    if confidence:
                        sure = self._confidence(head, of_head, of_some, best)
                parts[head.name].append(best)
                if confidence:
                    probs[head.name].append(sure)
        return Prediction(
            {name: np.concatenate(of_head) for name, of_head in parts.items()},
            {name: np.concatenate(of_head) for name, of_head in probs.items()},
            {name: np.concatenate(of_head) for name, of_head in labels.items()},
        )

    def label_probs(self, head: HeadSpec, scores: Floats) -> Probs:
        """Return the probabilities (sentences, labels) of a head that labels texts."""
        return label_probs(head, scores, self.temperatures[head.name])

    def score(
        self,
        forms: Sequence[str],
        lengths: Ids,
        heads: Sequence[HeadSpec],
        *,
        budget: int = DECODED_SCORES,
    ) -> Iterator[tuple[Mapping[str, Floats], Ids]]:
        """Compute emissions, in order, for as many sentences at a time as memory should hold.

        Args:
            forms: All tokens, sentence after sentence.
            lengths: (sentences,), each at least 1.
            heads: The heads.
            budget: The most emissions at a time.

        Yields:
            Emissions (tokens, tags) by head, (sentences, labels) of one that labels texts, and the
            lengths of the sentences that they are of.
        """
        names = [head.name for head in heads]
        n_tokens = budget // sum(len(head.tags) for head in heads)
        past = 0
        for some in slices_by_tokens(lengths.tolist(), n_tokens):
            first, past = past, past + int(lengths[some].sum())
            part = forms[first:past]
            emissions = self.engine.emissions(part, lengths[some], names)
            for name, outside in self._outside.items():
                if name in emissions:
                    outside.apply(part, emissions[name])
            yield emissions, lengths[some]

    def decode(self, head: HeadSpec, emissions: Floats, lengths: Ids) -> Ids:
        """Find the best tags (tokens,) of sentences, given their emissions (tokens, tags)."""
        return self._decoders[head.name](emissions, lengths)

    def marginals(self, head: HeadSpec, temperature: float | None = None) -> Marginals:
        """Return the probabilities of a head with transitions, at its own temperature for None."""
        chosen = self.temperatures[head.name] if temperature is None else temperature
        return Marginals(self.transitions[head.name], chosen)

    def with_confidence(
        self,
        head: HeadSpec,
        emissions: Floats,
        lengths: Ids,
        posterior: Posterior,
        least: Probs | None,
    ) -> tuple[Ids, Probs]:
        """Return the tags of spans that reach their thresholds, and the probability of each.

        Args:
            head: A head with spans.
            emissions: (tokens, tags).
            lengths: (sentences,).
            posterior: Of the sentences.
            least: (labels,), see `thresholds_of`; None for the tags of the best sequence.

        Returns:
            Tag ids (tokens,), and the probability of each token's span, or else of ``O``.
        """
        marginals, tags = self.marginals(head), SpanTags(head)
        chosen = np.full(len(head.labels), np.nan) if least is None else least
        parts = []
        if not head.labels or not np.isnan(chosen).all():
            parts.append(candidates(marginals, posterior, lengths, tags, chosen))
        if np.isnan(chosen).any():
            best = self.decode(head, emissions, lengths)
            of_best = self.best_spans(head, marginals, posterior, lengths, best)
            parts.append(of_best.where(np.isnan(chosen[of_best.label])))
        found = without_overlaps(Spans.joined(parts), len(emissions))
        tag_ids = np.full(len(emissions), tags.outside, dtype=np.int64)
        tags.write(found, tag_ids)
        probs: Probs = posterior.marginals[:, tags.outside].copy()
        found.spread(found.probs, probs)
        return tag_ids, probs

    def _confidence(self, head: HeadSpec, emissions: Floats, lengths: Ids, tag_ids: Ids) -> Probs:
        """Compute the probability (tokens,) of each token's span, or of its tag without a span."""
        tokens = np.arange(len(tag_ids))
        if head.name not in self.transitions:
            temperature = self.temperatures[head.name]
            return softmax(emissions, lengths, temperature)[tokens, tag_ids]
        marginals = self.marginals(head)
        posterior = marginals.posterior(emissions, lengths)
        probs: Probs = posterior.marginals[tokens, tag_ids]
        if head.kind == "span":
            spans = self.best_spans(head, marginals, posterior, lengths, tag_ids)
            spans.spread(spans.probs, probs)
        return probs

    def best_spans(
        self,
        head: HeadSpec,
        marginals: Marginals,
        posterior: Posterior,
        lengths: Ids,
        tag_ids: Ids,
    ) -> Spans:
        """Return the spans of tags, with their probabilities.

        Args:
            head: The head.
            marginals: Of the head.
            posterior: Of the sentences.
            lengths: (sentences,).
            tag_ids: (tokens,), allowed by the scheme.
        """
        table = self.tables[head.name]
        first, last = table.bounds(tag_ids)
        probs = marginals.spans(posterior, lengths, tag_ids, first, last, table.continues)
        return Spans(first, last, table.label_ids[tag_ids[first]], probs)
