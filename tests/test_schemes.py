from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger import schemes
from tagger.errors import UsageError
from tagger.schemes import Scheme, Span

LETTERS = {Scheme.BIO: "BI", Scheme.IOB1: "BI", Scheme.BIOES: "BIES", Scheme.BILOU: "BILU"}


def all_sequences(scheme: Scheme, longest: int):
    tags = ["O", *(f"{letter}-{label}" for letter in LETTERS[scheme] for label in "XY")]
    for n in range(longest + 1):
        yield from itertools.product(tags, repeat=n)


def all_spans(n_tokens: int):
    """Every way to lay spans of two labels over a sentence."""

    def from_(start: int):
        if start >= n_tokens:
            yield []
            return
        yield from from_(start + 1)
        for end in range(start + 1, n_tokens + 1):
            for label in "XY":
                for rest in from_(end):
                    yield [Span(start, end, label), *rest]

    return list(from_(0))


def conlleval(tags: tuple[str, ...]) -> list[Span]:
    """The spans of the official script: its startOfChunk and endOfChunk, with S, L and U added."""
    found, start = [], None
    previous, previous_label = "O", ""
    for i, tag in enumerate([*tags, "O"]):
        letter, _, label = tag.partition("-")
        letter = {"L": "E", "U": "S"}.get(letter, letter)
        ends = (
            previous + letter in {"BB", "BO", "IB", "IO", "EE", "EI", "EO", "BS", "IS", "ES", "EB"}
            or previous == "S"
            or (previous != "O" and previous_label != label)
        )
        begins = (
            letter in "BS"
            or previous + letter in {"EE", "EI", "OE", "OI", "SE", "SI"}
            or (letter != "O" and previous_label != label)
        )
        if ends and start is not None:
            found.append(Span(start, i, previous_label))
            start = None
        if begins:
            start = i
        previous, previous_label = letter, label
    return found


@pytest.mark.parametrize("scheme", Scheme)
def test_spans_survive_every_scheme(scheme):
    for n_tokens in range(6):
        for spans in all_spans(n_tokens):
            tags = schemes.tags_of(spans, n_tokens, scheme)
            assert schemes.spans(tags, scheme) == spans
            for other in Scheme:
                assert schemes.spans(schemes.convert(tags, scheme, other), other) == spans


@pytest.mark.parametrize("scheme", Scheme)
def test_reading_is_conllevals_over_all_short_sequences(scheme):
    for tags in all_sequences(scheme, 4):
        assert schemes.spans(tags, scheme) == conlleval(tags), tags


@pytest.mark.parametrize("scheme", Scheme)
def test_allowed_sequences_are_those_that_tags_writes(scheme):
    """Every sequence that decoding can return is read without loss."""
    for n in range(5):
        written = {tuple(schemes.tags_of(spans, n, scheme)) for spans in all_spans(n)}
        allowed = {
            tags
            for tags in all_sequences(scheme, n)
            if len(tags) == n
            and all(
                schemes.is_allowed(scheme, left, right)
                for left, right in zip((None, *tags), (*tags, None), strict=True)
            )
        }
        assert allowed == written


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(1, 4), st.sampled_from(["PER", "A-B", "Ü"])),
        max_size=8,
    ),
    st.sampled_from(Scheme),
    st.sampled_from(Scheme),
)
def test_round_trip_of_long_sentences(parts, source, target):
    spans, position = [], 0
    for gap, length, label in parts:
        spans.append(Span(position + gap, position + gap + length, label))
        position = spans[-1].end
    tags = schemes.tags_of(spans, position + 1, source)
    assert schemes.spans(schemes.convert(tags, source, target), target) == spans
    assert schemes.convert(schemes.convert(tags, source, target), target, source) == tags


def test_neighbours_stay_apart():
    assert schemes.spans(["I-PER", "I-LOC"], Scheme.IOB1) == [Span(0, 1, "PER"), Span(1, 2, "LOC")]
    assert schemes.convert(["I-PER", "B-PER"], Scheme.IOB1, Scheme.BIOES) == ["S-PER", "S-PER"]


def detect(sequences: list[list[str]]) -> Scheme:
    pairs = [zip((None, *tags), (*tags, None), strict=True) for tags in sequences]
    return schemes.detect(Counter(itertools.chain.from_iterable(pairs)))


@pytest.mark.parametrize("scheme", Scheme)
def test_detect(scheme):
    spans = [Span(0, 1, "A"), Span(1, 3, "A"), Span(5, 6, "B")]
    assert detect([["O"], schemes.tags_of(spans, 6, scheme)]) is scheme


def test_detect_defaults_to_bio_and_bears_a_few_errors():
    assert detect([["O", "O"]]) is Scheme.BIO
    assert detect([]) is Scheme.BIO
    assert detect([["O", "B-A"]] * 9 + [["O", "I-A"]]) is Scheme.BIO
    assert detect([["O", "I-A"]] * 9 + [["O", "B-A"]]) is Scheme.IOB1


def test_detect_refuses_a_mixture():
    with pytest.raises(ValueError, match="E, L"):
        detect([["B-A", "E-A"], ["B-A", "L-A"]])


@pytest.mark.parametrize("tag", ["", "o", "B", "B-", "B_PER", "X-PER", "PER", "b-PER"])
def test_split_tag_refuses(tag):
    with pytest.raises(ValueError, match="not a span tag"):
        schemes.split_tag(tag)


def test_split_tag_keeps_dashes_in_labels():
    assert schemes.split_tag("B-PER-NAME") == ("B", "PER-NAME")
    assert schemes.spans(["B-A-B", "I-A-B"], Scheme.BIO) == [Span(0, 2, "A-B")]


def test_spans_refuses_letters_of_another_scheme():
    with pytest.raises(ValueError, match="E-A"):
        schemes.spans(["B-A", "E-A"], Scheme.BIO)


@pytest.mark.parametrize(
    "spans", [[Span(0, 2, "A"), Span(1, 3, "A")], [Span(0, 4, "A")], [Span(1, 1, "A")]]
)
def test_tags_refuses_impossible_spans(spans):
    with pytest.raises(ValueError):
        schemes.tags_of(spans, 3, Scheme.BIO)


def test_inventory_is_stable():
    assert schemes.tag_inventory({"B", "A"}, Scheme.BIOES)[:5] == ["O", "B-A", "I-A", "E-A", "S-A"]


def test_names_of_schemes():
    assert Scheme("iob2") is Scheme.BIO
    assert Scheme("IOBES") is Scheme.BIOES
    assert Scheme("BILUO") is Scheme.BILOU
    with pytest.raises(UsageError, match="did you mean 'BIOES'"):
        Scheme("BIOESS")
