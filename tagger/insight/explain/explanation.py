"""Explanations of tags, by the left context, the right context and each word of both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import msgspec
import numpy as np

from tagger.arguments import check_texts
from tagger.errors import UsageError
from tagger.insight.explain.emissions import emission_parts, split_hindrance
from tagger.insight.explain.results import Explanation, Sides, TokenExplanation, WordEffect
from tagger.insight.explain.texts import explain_labels
from tagger.insight.explain.tokens import Located, find_token, locate
from tagger.model.directory import read_model
from tagger.model.heads import HeadSpec
from tagger.runtime.loading import from_saved
from tagger.runtime.marginals import Probs, softmax
from tagger.runtime.tag_table import TagTable
from tagger.runtime.tagger import Tagger
from tagger.sharing.finding import find_model

CONTEXT = 100
"""Words on each side that are read; a tag hardly ever depends on one farther away."""


def explain(
    model: str | Path | Tagger,
    text: str,
    *,
    token: str | int | None = None,
    head: str | None = None,
) -> Explanation:
    """Explain the tags of a text, or its labels.

    Args:
        model: A model directory or the name of a model; or a loaded model in single precision,
            whose emissions are not split by direction.
        text: The text.
        token: A word, or the position of a token counted from 1, to explain in full with the effect
            of each word; None for an overview of all tokens, and for a head that labels texts.
        head: The head; None for ``ner``, or the first of a model without it.

    Raises:
        UsageError: There is no text, no such head or token, or several tokens of that form; a
            token was named though the head labels texts; or the model was loaded in 8 bits.
        ModelError: The model is missing or damaged.

    >>> explained = explain("en", "John works at Apple in California", token="Apple")
    >>> explained.tokens[0]
    TokenExplanation(4 Apple: B-ORG, 87.4 %)
    >>> [word.text for word in explained.tokens[0].words]
    ['in', 'California', 'at', 'works', 'John']
    """
    saved = None
    if not isinstance(model, Tagger):
        directory = find_model(model)
        saved = read_model(directory)
        model = from_saved(saved, directory, precision="fp32", threads=1)
    elif model.engine.precision == "int8":
        # The activations of a batch share a scale, so results depend on the other sentences.
        raise UsageError(
            "a model in 8 bits cannot be explained", hint="load it with {precision=fp32}"
        )
    check_texts([text], None)
    names = [spec.name for spec in model.heads]
    (spec,) = model.predictor.choose([head or ("ner" if "ner" in names else names[0])])
    located = locate(model, text)
    if spec.kind == "text":
        if token is not None:
            raise UsageError(
                f"{spec.name} labels whole texts, not tokens", hint="leave out {token}"
            )
        return explain_labels(model.predictor, spec, text, located)
    reader = _Reader(model, spec)
    if token is None:
        tokens = tuple(reader.overview(located))
        return Explanation(text, spec.name, tokens, (), 1, _context_notes(located))
    place = find_token(located, token)
    sentence = located[place.sentence]
    explained = reader.in_full(sentence, place.token)
    notes = _context_notes([sentence])
    if saved is not None:
        hindrance = split_hindrance(saved.config.encoder)
        if hindrance:
            notes = (*notes, hindrance)
        else:
            emission = emission_parts(saved, spec, sentence, place.token)
            explained = msgspec.structs.replace(explained, emission=emission)
    words, first = tuple(sentence.forms), sentence.first
    return Explanation(text, spec.name, (explained,), words, first, notes)


class _Reader:
    """Reads sentences and parts of them with one head."""

    def __init__(self, tagger: Tagger, head: HeadSpec) -> None:
        self._tagger, self._head = tagger, head
        self._table = TagTable(head)
        predictor = tagger.predictor
        self._probs = (
            predictor.marginals(head)
            if head.name in predictor.transitions
            else partial(softmax, temperature=predictor.temperatures[head.name])
        )

    def overview(self, sentences: Sequence[Located]) -> Iterator[TokenExplanation]:
        """Explain all tokens from the left, from the right and from both."""
        for sentence in sentences:
            forms, n = sentence.forms, len(sentence.forms)
            tags = self._tagger.tag([forms], [self._head.name])[0][self._head.name]
            both = self._read([forms])[0]
            for first in range(0, n, CONTEXT):
                some = range(first, min(first + CONTEXT, n))
                lefts = [forms[max(t - CONTEXT, 0) : t + 1] for t in some]
                rights = [forms[t : t + 1 + CONTEXT] for t in some]
                read = self._read([*lefts, *rights])
                for t, left, right in zip(
                    some, read[: len(lefts)], read[len(lefts) :], strict=True
                ):
                    yield self._explained(sentence, t, tags[t], left[-1], right[0], both[t])

    def in_full(self, sentence: Located, t: int) -> TokenExplanation:
        """Explain a token with the effect of each word of its context."""
        forms = sentence.forms
        low, high = max(t - CONTEXT, 0), min(t + CONTEXT + 1, len(forms))
        others = [j for j in range(low, high) if j != t]
        without = [forms[:j] + forms[j + 1 :] for j in others]
        whole, left, right, *rest = self._read([forms, forms[low : t + 1], forms[t:high], *without])
        tag = self._tagger.tag([forms], [self._head.name])[0][self._head.name][t]
        columns = self._table.tags
        effects = []
        for j, probs in zip(others, rest, strict=True):
            gains = whole[t] - probs[t - (j < t)]
            most = int(gains.argmax())
            effects.append(
                WordEffect(
                    text=forms[j],
                    position=sentence.first + j,
                    change=float(gains[columns.index(tag)]),
                    speaks_for=columns[most],
                    gain=float(gains[most]),
                )
            )
        effects.sort(key=lambda effect: -max(abs(effect.change), effect.gain))
        explained = self._explained(sentence, t, tag, left[-1], right[0], whole[t])
        return msgspec.structs.replace(explained, words=tuple(effects))

    def _read(self, sentences: Sequence[list[str]]) -> list[Probs]:
        """Compute the probabilities (tokens, shown tags) of each sentence."""
        forms = [form for sentence in sentences for form in sentence]
        lengths = np.array([len(sentence) for sentence in sentences], dtype=np.int64)
        parts = [
            self._table.summed(self._probs(emissions[self._head.name], of_some))
            for emissions, of_some in self._tagger.predictor.score(forms, lengths, [self._head])
        ]
        return np.split(np.concatenate(parts), np.cumsum(lengths)[:-1])

    def _explained(
        self, sentence: Located, t: int, tag: str, left: Probs, right: Probs, both: Probs
    ) -> TokenExplanation:
        order = np.argsort(-both, kind="stable").tolist()
        columns = self._table.tags
        return TokenExplanation(
            text=sentence.forms[t],
            position=sentence.first + t,
            start=sentence.offsets[t][0],
            end=sentence.offsets[t][1],
            tag=tag,
            tags={
                columns[i]: Sides(float(left[i]), float(right[i]), float(both[i])) for i in order
            },
        )


def _context_notes(sentences: Sequence[Located]) -> tuple[str, ...]:
    longest = max(len(sentence.forms) for sentence in sentences)
    if longest <= CONTEXT + 1:
        return ()
    return (f"long sentence: {CONTEXT} words on each side are read, not {longest - 1:,}",)
