"""The tokens of a text, and the one to explain among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tagger.errors import UsageError
from tagger.runtime.tagger import Tagger


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
        raise UsageError("the text has no words")
    return located


def find_token(sentences: Sequence[Located], token: str | int) -> Place:
    """Find a token by its position, counted from 1, or by its form; digits are a form first.

    Raises:
        UsageError: It is not there, or several tokens have the form.
    """
    forms = [form for sentence in sentences for form in sentence.forms]
    positions = [i for i, form in enumerate(forms, start=1) if form == token]
    given = str(token)
    is_position = given.isdecimal() and len(given) < 10 and 1 <= int(given) <= len(forms)
    if len(positions) != 1 and is_position:
        positions = [int(given)]
    if not positions:
        shown = ", ".join(f"{i} {form}" for i, form in enumerate(forms[:20], start=1))
        more = f", … {len(forms):,}" if len(forms) > 20 else ""
        raise UsageError(f"no token {token!r} in the text (its tokens: {shown}{more})")
    if len(positions) > 1:
        where = f"{', '.join(map(str, positions[:-1]))} and {positions[-1]}"
        raise UsageError(
            f"{token!r} occurs {len(positions)} times (tokens {where})",
            expected=positions,
            hint=f"choose one by its position, as in {{token={positions[0]}}}",
        )
    for number, sentence in enumerate(sentences):
        index = positions[0] - sentence.first
        if index < len(sentence.forms):
            return Place(number, index)
    raise AssertionError("every position is in a sentence")
