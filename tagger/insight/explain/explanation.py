"""Why a token has its tag: what the left context says, and the right, and each word of both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from tagger.config import EncoderConfig
from tagger.errors import UsageError
from tagger.insight.explain.cells import Encoder
from tagger.model.directory import SavedModel
from tagger.model.heads import HeadSpec, head_key
from tagger.prediction.input import check_utf8
from tagger.runtime.decoding import Floats
from tagger.runtime.marginals import Marginals, Probs, softmax
from tagger.runtime.tag_table import TagTable
from tagger.runtime.tagger import Tagger

CONTEXT = 100
"""So many words on each side are looked at; a tag hardly ever depends on one farther away."""
N_SPLIT = 3
"""Of so many tags the emissions are split, the highest ones."""


class Sides(msgspec.Struct, frozen=True):
    """A tag's probability, between 0 and 1, by what of the sentence is read."""

    left: float
    """The token and what stands left of it; all to the right removed."""
    right: float
    """The token and what stands right of it."""
    both: float
    """The whole sentence."""


class WordEffect(msgspec.Struct, frozen=True):
    """What leaving a word out does."""

    text: str
    position: int
    change: float
    """How much more probable the word makes the token's tag: with it less without it."""
    speaks_for: str
    """The tag that the word makes more probable than any other."""
    gain: float
    """By how much."""


class EmissionParts(msgspec.Struct, frozen=True):
    """A tag's score before transitions, as the sum of what each direction gives."""

    forward: float
    backward: float
    bias: float

    @property
    def total(self) -> float:
        """The emission."""
        return self.forward + self.backward + self.bias


class TokenExplanation(msgspec.Struct, frozen=True):
    """A token, its tag and why."""

    text: str
    position: int
    """Counted from 1 over the whole text."""
    start: int
    """Offset into the text, in characters."""
    end: int
    tag: str
    """The tag that the model gives, spans in BIO."""
    tags: dict[str, Sides]
    """All tags, the most probable first. Those of a span head are summed over its scheme: ``B-PER``
    is the probability that a span of PER begins here, however long it is."""
    words: tuple[WordEffect, ...] = ()
    """The words of its sentence, the one with the largest effect first."""
    emission: dict[str, EmissionParts] = {}
    """The tags of the highest emissions, in the model's own scheme; empty where emissions cannot be
    split exactly."""


class Explanation(msgspec.Struct, frozen=True):
    """An explanation of one token of a text, or of all."""

    text: str
    head: str
    tokens: tuple[TokenExplanation, ...]
    context: tuple[str, ...]
    """The words of the sentence of a single token, the token among them; else empty."""
    first: int
    """The position of the first of them."""
    notes: tuple[str, ...]
    """What was left out, and why."""


def explain(
    tagger: Tagger,
    text: str,
    *,
    head: str | None = None,
    token: str | None = None,
    saved: SavedModel | None = None,
) -> Explanation:
    """Explain the tags of a text.

    Args:
        tagger: The model, in single precision: in 8 bits the company of a sentence shows.
        text: The text.
        head: The head; None for ``ner``, or else the model's first.
        token: A word, or the position of a token counted from 1, that is explained in full with
            the effect of each word; None for an overview of all tokens.
        saved: What the model directory holds, to split emissions.

    Raises:
        UsageError: No text, no such head, no such token, or the word stands there several times;
            or the model runs in 8 bits.
    """
    if tagger.engine.precision == "int8":
        raise UsageError('a model in 8 bits is not explained; load it with precision="fp32"')
    check_utf8(text)
    names = [spec.name for spec in tagger.heads]
    (spec,) = tagger.choose([head or ("ner" if "ner" in names else names[0])])
    located = locate(tagger, text)
    reader = _Reader(tagger, spec)
    if token is None:
        tokens = tuple(reader.overview(located))
        notes = _context_notes(located)
        return Explanation(text, spec.name, tokens, (), 1, notes)
    place = find_token(located, token)
    sentence = located[place.sentence]
    explained = reader.in_full(sentence, place.token)
    notes = _context_notes([sentence])
    why_not = "" if saved is None else split_hindrance(saved.config.encoder)
    if saved is not None and not why_not:
        emission = _split(tagger, saved, spec, sentence, place.token)
        explained = msgspec.structs.replace(explained, emission=emission)
    elif why_not:
        notes = (*notes, why_not)
    words, first = tuple(sentence.forms), sentence.first
    return Explanation(text, spec.name, (explained,), words, first, notes)


class Located(NamedTuple):
    """A sentence of a text."""

    forms: list[str]
    offsets: list[tuple[int, int]]
    first: int
    """The position of its first token in the text, counted from 1."""


class Place(NamedTuple):
    """A token of a text."""

    sentence: int
    token: int


def locate(tagger: Tagger, text: str) -> list[Located]:
    """Cut a text into sentences of tokens.

    Raises:
        UsageError: There is no token in it.
    """
    located, first = [], 1
    for offsets in tagger.splitter.sentences(text):
        located.append(Located([text[start:end] for start, end in offsets], offsets, first))
        first += len(offsets)
    if not located:
        raise UsageError("there is no word in the text; give one to explain")
    return located


def context_sides(explanation: Explanation) -> dict[str, tuple[str, ...]]:
    """The words ``left`` and ``right`` of the single token that is explained."""
    index = explanation.tokens[0].position - explanation.first
    return {"left": explanation.context[:index], "right": explanation.context[index + 1 :]}


def side_effects(explained: TokenExplanation) -> dict[str, tuple[str, float]]:
    """What each side adds to the other: the tag that gains most by it, and how much.

    Returns:
        For ``left`` what reading it adds to the token and its right context, and the reverse.
    """
    found = {}
    for side, other in (("left", "right"), ("right", "left")):
        gains = {tag: p.both - getattr(p, other) for tag, p in explained.tags.items()}
        best = max(gains, key=lambda tag: gains[tag])
        found[side] = (best, gains[best])
    return found


def best_alone(explained: TokenExplanation) -> list[tuple[str, float]]:
    """The most probable tag from the left alone and from the right alone, each with its share."""
    found = []
    for side in ("left", "right"):
        shares = {tag: getattr(p, side) for tag, p in explained.tags.items()}
        best = max(shares, key=lambda tag: shares[tag])
        found.append((best, shares[best]))
    return found


def find_token(sentences: Sequence[Located], token: str) -> Place:
    """Find a token by its form, or else by its position, counted from 1.

    Raises:
        UsageError: It is not there, or several times.
    """
    forms = [form for sentence in sentences for form in sentence.forms]
    positions = [i for i, form in enumerate(forms, start=1) if form == token]
    is_position = token.isdecimal() and len(token) < 10 and 1 <= int(token) <= len(forms)
    if len(positions) != 1 and is_position:
        positions = [int(token)]
    if not positions:
        shown = ", ".join(f"{i} {form}" for i, form in enumerate(forms[:20], start=1))
        more = f", … {len(forms):,}" if len(forms) > 20 else ""
        raise UsageError(f"no token {token!r} in the text (its tokens: {shown}{more})")
    if len(positions) > 1:
        where = f"{', '.join(map(str, positions[:-1]))} and {positions[-1]}"
        raise UsageError(
            f"{token!r} is there {len(positions)} times; name one by its position ({where}), as "
            f"in --token {positions[0]}"
        )
    for number, sentence in enumerate(sentences):
        index = positions[0] - sentence.first
        if index < len(sentence.forms):
            return Place(number, index)
    raise AssertionError("every position is in a sentence")


class _Reader:
    """Reads sentences and parts of them with one head."""

    def __init__(self, tagger: Tagger, head: HeadSpec) -> None:
        self._tagger, self._head = tagger, head
        self._table = TagTable(head)
        transitions = tagger.transitions.get(head.name)
        self._probs = Marginals(transitions) if transitions else softmax

    def overview(self, sentences: Sequence[Located]) -> Iterator[TokenExplanation]:
        """All tokens, from the left, from the right and from both."""
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
        """A token with the effect of each word of its context."""
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
        """The probabilities (tokens, shown tags) of each sentence."""
        forms = [form for sentence in sentences for form in sentence]
        lengths = np.array([len(sentence) for sentence in sentences], dtype=np.int64)
        parts = [
            self._table.summed(self._probs(emissions[self._head.name], of_some))
            for emissions, of_some in self._tagger.scored(forms, lengths, [self._head])
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
    return (f"of long sentences {CONTEXT} words on each side are looked at, not {longest - 1:,}",)


def split_hindrance(encoder: EncoderConfig) -> str:
    """Why emissions cannot be split by direction; empty where they can."""
    if encoder.n_layers > 1:
        return (
            f"emissions are not split: from the second of its {encoder.n_layers} layers on each "
            "direction has read the other's states"
        )
    if encoder.direction == "bi" and encoder.merge not in ("concat", "sum"):
        return f"emissions are not split: the merge {encoder.merge!r} is not a sum of directions"
    return ""


def split_emissions(
    saved: SavedModel, head: HeadSpec, inputs: Floats
) -> tuple[dict[str, Floats], Floats]:
    """Split emissions into what each direction gives; they and the bias add up to the emissions.

    The head is linear, so of one layer whose directions stand side by side (``concat``) or are
    added (``sum``) each direction's part is its states times its columns of the head's matrix.

    Args:
        saved: A model that `split_hindrance` has nothing against.
        head: One of its heads.
        inputs: (tokens, dim), the embedder's vectors of a sentence.

    Returns:
        By direction (``ahead``, ``back``) its part (tokens, tags), and the bias (tags,).
    """
    encoder = saved.config.encoder
    (states,) = Encoder(encoder, saved.weights)(inputs)
    weight = saved.weights[f"{head_key(head.name)}.linear.weight"]  # (tags, output_dim)
    columns = [weight] * len(states)
    if len(states) > 1 and encoder.merge == "concat":
        columns = np.split(weight, 2, axis=1)
    parts = {
        way: of_way @ some.T for (way, of_way), some in zip(states.items(), columns, strict=True)
    }
    return parts, saved.weights[f"{head_key(head.name)}.linear.bias"]


def _split(
    tagger: Tagger, saved: SavedModel, head: HeadSpec, sentence: Located, t: int
) -> dict[str, EmissionParts]:
    """The parts of a token's highest emissions."""
    inputs = vectors_of(tagger, sentence.forms)
    parts, bias = split_emissions(saved, head, inputs)
    nothing = np.zeros((len(inputs), len(bias)), dtype=np.float32)
    ahead, back = parts.get("ahead", nothing)[t], parts.get("back", nothing)[t]
    order = np.argsort(-(ahead + back + bias), kind="stable")[:N_SPLIT].tolist()
    return {
        head.tags[i]: EmissionParts(float(ahead[i]), float(back[i]), float(bias[i])) for i in order
    }


def vectors_of(tagger: Tagger, forms: Sequence[str]) -> Floats:
    """What the encoder reads: the embedder's vectors (tokens, dim) of forms."""
    vectors, rows = tagger.look_up(forms)
    found: Floats = vectors[rows]
    return found
