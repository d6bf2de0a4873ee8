"""The temperature of a head: fitted so that its probabilities are those with which it is right."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from tagger.evaluation.reliability import reliability
from tagger.formats.text_labels import listed
from tagger.model.heads import HeadSpec
from tagger.model.meta import Calibration
from tagger.runtime.candidates import Spans, SpanTags, candidates
from tagger.runtime.decoding import Floats, Ids
from tagger.runtime.labelling import LEAST_PROB, label_probs
from tagger.runtime.marginals import Probs, softmax
from tagger.runtime.predictor import Predictor
from tagger.schemes import Scheme, spans

if TYPE_CHECKING:
    import datasets

MOST_TOKENS = 50_000
"""Of a split that is larger, sentences at even distances are read: one number needs no more."""
LEAST_TEMPERATURE, MOST_TEMPERATURE = 0.2, 10.0
SPREAD = 0.5
"""The standard deviation of the logarithm of a temperature before anything is seen, so that few
sentences do not move it far from 1."""
TINY = 1e-12
CANDIDATE = 0.01
"""Less probable spans are only counted, by the sum of their probabilities."""


class Found(NamedTuple):
    """What a head finds, the spans or tags of its best sequence."""

    probs: Probs
    right: NDArray[np.bool_]


class Sample(Protocol):
    """Sentences with the emissions of a head and what is right."""

    def loss(self, temperature: float) -> float:
        """Return minus the log-likelihood of what is right."""
        ...

    def found(self, temperature: float) -> Found:
        """Return what the head finds, and how sure it is."""
        ...

    def half(self, which: int) -> Sample:
        """Return every second sentence, from the first (0) or second (1) on."""
        ...


class SpanSample:
    """Sentences with spans.

    The likelihood is that of each possible span being right or not (all those that a sentence has
    room for, with any label): few of these are probable, and ``-log(1 - p)`` of the others is
    nearly ``p``, whose sum is the expected number of spans less what the probable ones have.

    Args:
        predictor: Of the model.
        head: A head with spans.
        emissions: (tokens, tags).
        lengths: (sentences,).
        gold: The right spans, in order.
        left_out: Labels of which spans are neither right nor wrong.
    """

    def __init__(
        self,
        predictor: Predictor,
        head: HeadSpec,
        emissions: Floats,
        lengths: Ids,
        gold: Spans,
        left_out: Set[str] = frozenset(),
    ) -> None:
        self._predictor, self._head, self._left_out = predictor, head, left_out
        self._emissions, self._lengths, self._gold = emissions, lengths, gold
        self._tags = SpanTags(head)
        self._gold_tags = np.full(len(emissions), self._tags.outside, dtype=np.int64)
        self._tags.write(gold, self._gold_tags)
        self._best = predictor.decode(head, emissions, lengths)
        self._counts = np.array([label not in left_out for label in head.labels], dtype=np.bool_)

    def loss(self, temperature: float) -> float:
        """Return minus the log-likelihood of the spans."""
        marginals = self._predictor.marginals(self._head, temperature)
        posterior = marginals.posterior(self._emissions, self._lengths)
        parts = self._head, marginals, posterior, self._lengths
        of_gold = self._predictor.best_spans(*parts, self._gold_tags).probs
        least = np.where(self._counts, CANDIDATE, np.nan)
        others = candidates(marginals, posterior, self._lengths, self._tags, least)
        wrong = np.minimum(others.probs[~self._is_right(others)], 1 - TINY)
        begun = np.union1d(self._tags.begin[self._counts], self._tags.single[self._counts])
        n_expected = posterior.marginals[:, begun].sum()
        rest = max(float(n_expected - of_gold.sum() - wrong.sum()), 0.0)
        return float(-np.log(np.maximum(of_gold, TINY)).sum() - np.log1p(-wrong).sum()) + rest

    def found(self, temperature: float) -> Found:
        """Return the spans of the best sequence."""
        marginals = self._predictor.marginals(self._head, temperature)
        posterior = marginals.posterior(self._emissions, self._lengths)
        parts = self._head, marginals, posterior, self._lengths
        best = self._predictor.best_spans(*parts, self._best)
        best = best.where(self._counts[best.label])
        return Found(best.probs, self._is_right(best))

    def half(self, which: int) -> SpanSample:
        """Return every second sentence."""
        of_half = np.repeat(np.arange(len(self._lengths)) % 2 == which, self._lengths)
        places = np.cumsum(of_half) - 1
        gold = self._gold.where(of_half[self._gold.first])
        gold = gold._replace(first=places[gold.first], last=places[gold.last])
        return SpanSample(
            self._predictor,
            self._head,
            self._emissions[of_half],
            self._lengths[which::2],
            gold,
            self._left_out,
        )

    def _is_right(self, found: Spans) -> NDArray[np.bool_]:
        """Return (spans,) whether each is gold."""
        n_tokens, n_labels = self._emissions.shape[0] + 1, len(self._head.labels)

        def keys(some: Spans) -> Ids:
            found: Ids = (some.first * n_tokens + some.last) * n_labels + some.label
            return found

        return np.isin(keys(found), keys(self._gold))


class TokenSample:
    """Sentences with a tag for each token.

    Args:
        predictor: Of the model.
        head: A head without spans.
        emissions: (tokens, tags).
        lengths: (sentences,).
        gold: (tokens,), the right tag ids; -1 where there is none.
    """

    def __init__(
        self, predictor: Predictor, head: HeadSpec, emissions: Floats, lengths: Ids, gold: Ids
    ) -> None:
        self._predictor, self._head = predictor, head
        self._emissions, self._lengths, self._gold = emissions, lengths, gold
        self._best = predictor.decode(head, emissions, lengths)
        self._known = np.flatnonzero(gold >= 0)

    def loss(self, temperature: float) -> float:
        """Return minus the log-likelihood of the tags."""
        of_gold = self._probs(temperature)[self._known, self._gold[self._known]]
        return float(-np.log(np.maximum(of_gold, TINY)).sum())

    def found(self, temperature: float) -> Found:
        """Return the best tags."""
        best = self._best[self._known]
        probs = self._probs(temperature)[self._known, best]
        return Found(probs, best == self._gold[self._known])

    def half(self, which: int) -> TokenSample:
        """Return every second sentence."""
        of_half = np.repeat(np.arange(len(self._lengths)) % 2 == which, self._lengths)
        emissions, gold = self._emissions[of_half], self._gold[of_half]
        return TokenSample(self._predictor, self._head, emissions, self._lengths[which::2], gold)

    def _probs(self, temperature: float) -> Probs:
        if self._head.name in self._predictor.transitions:
            marginals = self._predictor.marginals(self._head, temperature)
            return marginals(self._emissions, self._lengths)
        return softmax(self._emissions, self._lengths, temperature)


class TextSample:
    """Texts with labels.

    Args:
        head: A head that labels texts.
        scores: (texts, labels).
        gold: The labels of each text; None where they are missing.
    """

    def __init__(
        self, head: HeadSpec, scores: Floats, gold: Sequence[Sequence[str] | None]
    ) -> None:
        self._head, self._scores, self._gold = head, scores, gold
        self._known = np.array([labels is not None for labels in gold], dtype=np.bool_)
        self._targets = np.array(
            [[label in (labels or ()) for label in head.labels] for labels in gold], dtype=np.bool_
        ).reshape(scores.shape)

    def loss(self, temperature: float) -> float:
        """Return minus the log-likelihood of the labels."""
        probs = label_probs(self._head, self._scores, temperature)[self._known]
        right = self._targets[self._known]
        loss = -np.log(np.maximum(probs[right], TINY)).sum()
        if self._head.decoder == "sigmoid":
            loss -= np.log(np.maximum(1 - probs[~right], TINY)).sum()
        return float(loss)

    def found(self, temperature: float) -> Found:
        """Return the labels that are found."""
        probs = label_probs(self._head, self._scores, temperature)
        shown = probs >= LEAST_PROB
        if self._head.decoder != "sigmoid":
            shown = np.arange(probs.shape[1]) == probs.argmax(axis=1)[:, None]
        shown &= self._known[:, None]
        return Found(probs[shown], self._targets[shown])

    def half(self, which: int) -> TextSample:
        """Return every second text."""
        return TextSample(self._head, self._scores[which::2], self._gold[which::2])


def samples_of(
    predictor: Predictor,
    split: datasets.Dataset,
    heads: Sequence[HeadSpec],
    left_out: Mapping[str, Set[str]],
) -> dict[str, Sample]:
    """Read the sentences of a split, with the emissions of each head.

    Args:
        predictor: Of the model.
        split: Sentences with a column for each of ``heads``; a sentence that lacks a gold tag is
            left out for a head with spans.
        heads: Heads that both have.
        left_out: By head labels that are not annotated.
    """
    names = [head.name for head in heads]
    rows = _some_rows(split.select_columns(["tokens", *names]))
    lengths = np.array([len(tokens) for tokens in rows["tokens"]], dtype=np.int64)
    forms = [form for tokens in rows["tokens"] for form in tokens]
    parts: dict[str, list[Floats]] = {head.name: [] for head in heads}
    for emissions, _ in predictor.score(forms, lengths, heads):
        for name, of_head in parts.items():
            of_head.append(emissions[name])
    found: dict[str, Sample] = {}
    for head in heads:
        if not parts[head.name]:
            continue
        emissions_of = np.concatenate(parts[head.name])
        if head.kind == "text":
            labels = list(map(listed, rows[head.name]))
            found[head.name] = TextSample(head, emissions_of, labels)
            continue
        if head.kind == "token":
            ids = {tag: i for i, tag in enumerate(head.tags)}
            gold = [ids.get(tag, -1) for tags in rows[head.name] for tag in tags]
            found[head.name] = TokenSample(
                predictor, head, emissions_of, lengths, np.array(gold, dtype=np.int64)
            )
            continue
        known = np.array([None not in tags for tags in rows[head.name]], dtype=np.bool_)
        if known.any():
            all_tags = [tags for tags in rows[head.name] if None not in tags]
            found[head.name] = SpanSample(
                predictor,
                head,
                emissions_of[np.repeat(known, lengths)],
                lengths[known],
                _gold_spans(head, all_tags),
                left_out.get(head.name, frozenset()),
            )
    return found


def _some_rows(split: datasets.Dataset) -> dict[str, list[Any]]:
    """Return the columns of sentences with tokens, of at most about `MOST_TOKENS`."""
    all_tokens = split["tokens"]
    filled = [i for i, tokens in enumerate(all_tokens) if tokens]
    n_tokens = sum(len(all_tokens[i]) for i in filled)
    n_kept = math.ceil(len(filled) * min(MOST_TOKENS / max(n_tokens, 1), 1))
    kept = [filled[i * len(filled) // n_kept] for i in range(n_kept)]
    rows: dict[str, list[Any]] = split.select(kept)[:]
    return rows


def _gold_spans(head: HeadSpec, sentences: Iterable[Sequence[str]]) -> Spans:
    """Return the spans of BIO tags whose labels the head has, counted over all tokens."""
    places = {label: i for i, label in enumerate(head.labels)}
    found, past = [], 0
    for tags in sentences:
        for start, end, label in spans(tags, Scheme.BIO):
            if label in places:
                found.append((past + start, past + end - 1, places[label]))
        past += len(tags)
    first, last, labels = np.array(found, dtype=np.int64).reshape(-1, 3).T
    return Spans(first, last, labels, np.ones(len(found)))


def calibrations_of(corpora: Iterable[tuple[str, Mapping[str, Sample]]]) -> dict[str, Calibration]:
    """Fit the temperature of each head on all corpora that have it.

    Args:
        corpora: The name of each, and its sentences by head; see `samples_of`.

    Returns:
        By head, without those that found nothing.
    """
    samples: dict[str, list[Sample]] = {}
    names: dict[str, list[str]] = {}
    for name, by_head in corpora:
        for head, sample in by_head.items():
            samples.setdefault(head, []).append(sample)
            names.setdefault(head, []).append(name)
    fitted = {head: calibration_of(some, names[head]) for head, some in samples.items()}
    return {head: one for head, one in fitted.items() if one is not None}


def calibration_of(samples: Sequence[Sample], corpora: Sequence[str]) -> Calibration | None:
    """Fit the temperature of a head; None where nothing is found.

    It is fitted on all sentences. How good it is is measured with one that was fitted on the other
    half of them.

    Args:
        samples: The sentences of each corpus.
        corpora: Their names.
    """

    def pooled(found: Sequence[Found]) -> Found:
        return Found(*(np.concatenate(parts) for parts in zip(*found, strict=True)))

    before = pooled([sample.found(1.0) for sample in samples])
    if not len(before.probs):
        return None
    halves = [[sample.half(which) for sample in samples] for which in (0, 1)]
    after = pooled(
        [
            sample.found(fitted)
            for here, there in (halves, halves[::-1])
            for fitted in (fit_temperature(there),)
            for sample in here
        ]
    )
    without, with_ = reliability(*before), reliability(*after)
    return Calibration(
        temperature=round(fit_temperature(samples), 4),
        corpora=tuple(corpora),
        n=without.n,
        ece_before=without.ece,
        ece_after=with_.ece,
        brier_before=without.brier,
        brier_after=with_.brier,
    )


def fit_temperature(samples: Sequence[Sample]) -> float:
    """Find the most likely temperature, given sentences and that most are near 1."""

    def loss(log_temperature: float) -> float:
        temperature = math.exp(log_temperature)
        likelihood = sum(sample.loss(temperature) for sample in samples)
        return likelihood + 0.5 * (log_temperature / SPREAD) ** 2

    return math.exp(golden_section(loss, math.log(LEAST_TEMPERATURE), math.log(MOST_TEMPERATURE)))


def golden_section(
    function: Callable[[float], float], low: float, high: float, tolerance: float = 0.005
) -> float:
    """Find the minimum of a function that has only one (Kiefer 1953).

    >>> round(golden_section(lambda x: (x - 2) ** 2, -10, 10), 1)
    2.0
    """
    share = (math.sqrt(5) - 1) / 2
    left, right = high - share * (high - low), low + share * (high - low)
    at_left, at_right = function(left), function(right)
    while high - low > tolerance:
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - share * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + share * (high - low)
            at_right = function(right)
    return (low + high) / 2
